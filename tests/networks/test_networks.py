"""Networks for data of any size."""

import numpy as np
import pytest

import tfgen
from tfgen import networks

SIZES = [
    (1, 1, 1),
    (5, 5, 1),
    (8, 8, 1),
    (28, 28, 1),
    (31, 17, 3),
    (64, 64, 3),
    (1, 40, 2),
]
SMALL = {
    "mlp": {"units": (8,)},
    "conv": {"units": 8},
    "resnet": {},
}


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("name", networks.named.NETWORKS)
def test_shapes(name, shape, num_classes):
    options = SMALL[name]
    encoder = networks.build_encoder(name, shape, 6, num_classes, **options)
    decoder = networks.build_decoder(name, shape, 3, num_classes, **options)
    assert encoder.output_shape == (None, 6)
    assert decoder.output_shape == (None, *shape)
    assert len(encoder.inputs) == len(decoder.inputs) == 1 + bool(num_classes)


@pytest.mark.parametrize("name", networks.named.NETWORKS)
def test_labels_matter(name):
    decoder = networks.build_decoder(name, (8, 8, 1), 3, 2, **SMALL[name])
    encoder = networks.build_encoder(name, (8, 8, 1), 6, 2, **SMALL[name])
    hot = np.eye(2, dtype="float32")
    for network, shape in ((decoder, (2, 3)), (encoder, (2, 8, 8, 1))):
        first, second = np.asarray(network([np.ones(shape, "float32"), hot]))
        assert np.abs(first - second).max() > 1e-6


@pytest.mark.parametrize("name", networks.named.NETWORKS)
def test_options_change_the_network(name):
    options = {"units": (4, 4)} if name == "mlp" else {"filters": (4,)}
    one = networks.build_encoder(name, (8, 8, 1), 2)
    other = networks.build_encoder(name, (8, 8, 1), 2, **options)
    assert other.count_params() < one.count_params()


def test_table():
    assert networks.recommended_network((5,)) == "mlp"
    assert networks.recommended_network((8, 8, 1)) == "conv"
    encoder = networks.build_encoder("mlp", (5,), 4)
    assert encoder.output_shape == (None, 4)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"network": "vgg"}, "expected one of mlp, conv, resnet"),
        (
            {"network": "conv", "network_options": {"kernel": 5}},
            "no option 'kernel', expected one of filters, units, activation",
        ),
        ({"network": "conv", "input_shape": (5,)}, "use network='mlp'"),
        ({"input_shape": (5, 5)}, r"expected \(height, width, channels\)"),
        ({"input_shape": 5}, "input_shape is"),
        ({"input_shape": None}, "for example source.shape"),
        ({"input_shape": (0, 5, 1)}, "input_shape is"),
    ],
)
def test_what_is_refused(arguments, message):
    arguments = {"input_shape": (8, 8, 1), **arguments}
    with pytest.raises(ValueError, match=message):
        tfgen.build("vae", **arguments)


def test_networks_are_plain_keras_models():
    encoder = networks.build_encoder("resnet", (8, 8, 1), 4)
    again = type(encoder).from_config(encoder.get_config())
    assert again.count_params() == encoder.count_params()
