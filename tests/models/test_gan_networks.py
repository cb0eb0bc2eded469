"""Generator and discriminator by name, and how they have to fit."""

import keras
import pytest

import tfgen
from tfgen.models.network_checks import check_gan_parts, why_not_row_wise
from tfgen.models.parts import make_gan_parts


def parts(network="conv", shape=(8, 8, 1), num_classes=None, **options):
    return make_gan_parts(
        shape, latent_dim=4, network=network, num_classes=num_classes, **options
    )


def types(network):
    return {type(layer).__name__ for layer in network.layers}


@pytest.mark.parametrize("network", tfgen.networks.NETWORKS)
def test_projection(network):
    generator, discriminator = parts(
        network, num_classes=3, conditioning="projection"
    )
    assert check_gan_parts(generator, discriminator, 3) == ((8, 8, 1), 4)
    assert "Dot" in types(discriminator)
    conditional = any("Conditional" in kind for kind in types(generator))
    assert conditional == (network in ("dcgan", "resnet"))


@pytest.mark.parametrize("shape", [(8, 8, 3), (5,)])
def test_packing(shape):
    network = "mlp" if len(shape) == 1 else "conv"
    generator, discriminator = parts(network, shape, num_classes=3, packing=2)
    assert discriminator.inputs[0].shape == (None, *shape[:-1], 2 * shape[-1])
    assert discriminator.inputs[1].shape == (None, 6)
    assert check_gan_parts(generator, discriminator, 3, 2) == (shape, 4)
    with pytest.raises(ValueError, match="check num_classes|one-hot"):
        check_gan_parts(generator, discriminator, 3)


def test_packing_that_does_not_fit():
    generator, discriminator = parts()
    with pytest.raises(
        ValueError, match=r"takes \(8, 8, 1\), expected 2 of them side by side"
    ):
        check_gan_parts(generator, discriminator, None, 2)
    with pytest.raises(ValueError, match="packing is 0, expected 1, 2"):
        check_gan_parts(generator, discriminator, None, 0)


def test_each_network_takes_the_options_it_knows():
    options = {"filters": (4,), "spectral_norm": True, "dropout": 0.1}
    generator, discriminator = parts("dcgan", network_options=options)
    assert {"SpectralConv2D", "SpectralDense", "Dropout"} <= types(
        discriminator
    )
    assert "Dropout" not in types(generator)
    assert generator.get_layer(index=1).units == 4 * 4 * 4


def test_options_for_one_network():
    generator, discriminator = parts(
        "mlp",
        (5,),
        network_options={"units": (7,)},
        generator_options={"units": (9, 9)},
        discriminator_options={"minibatch_stddev": True},
    )
    widths = [
        [layer.units for layer in network.layers if hasattr(layer, "units")]
        for network in (generator, discriminator)
    ]
    assert widths == [[9, 9, 5], [7, 1]]
    assert "MinibatchStddev" in types(discriminator)


def test_discriminators_do_not_normalise():
    generator, discriminator = parts("resnet")
    assert "GroupNormalization" in types(generator)
    assert "GroupNormalization" not in types(discriminator)


def nested(layer):
    inner = keras.Sequential([keras.Input((5,)), layer])
    return keras.Sequential([keras.Input((5,)), inner, keras.layers.Dense(1)])


def test_why_not_row_wise():
    for network in tfgen.networks.NETWORKS:
        for options in ({}, {"spectral_norm": True}):
            _, discriminator = parts(network, network_options=options)
            assert why_not_row_wise(discriminator) is None
    for layer, reason in (
        (tfgen.layers.MinibatchStddev(name="a"), "'a' (MinibatchStddev) lets"),
        (tfgen.layers.BatchNormalization(name="a"), "'a' (BatchNorm"),
        (keras.layers.BatchNormalization(name="a"), "one moving average"),
    ):
        why = why_not_row_wise(nested(layer))
        assert reason in why
        assert "\n" not in why


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"network_options": {"kernel": 3}},
            "the 'conv' network has no option 'kernel', expected one of",
        ),
        (
            {"generator_options": {"spectral_norm": True}},
            "the 'conv' decoder has no option 'spectral_norm'",
        ),
        ({"conditioning": "projection"}, "there are no classes"),
        ({"conditioning": "acgan"}, "'concatenation' or 'projection'"),
        (
            {"conditioning": "projection", "num_classes": 2, "packing": 2},
            "or packing=1",
        ),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        parts(**options)
