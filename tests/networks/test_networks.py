"""Networks for data of any size."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

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
    "dcgan": {},
}
NORMALIZING = ("dcgan", "resnet")
NAMES = tuple(networks.NETWORKS)
HOT = np.eye(2, dtype="float32")


def types(network):
    return {
        type(layer).__name__
        for layer in network._flatten_layers(include_self=False)
    }


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_shapes(name, shape, num_classes):
    options = SMALL[name]
    encoder = networks.build_encoder(name, shape, 6, num_classes, **options)
    decoder = networks.build_decoder(name, shape, 3, num_classes, **options)
    assert encoder.output_shape == (None, 6)
    assert decoder.output_shape == (None, *shape)
    assert len(encoder.inputs) == len(decoder.inputs) == 1 + bool(num_classes)


@pytest.mark.parametrize("conditioning", ["own", "concatenation"])
@pytest.mark.parametrize("name", NAMES)
def test_labels_matter(name, conditioning):
    keras.utils.set_random_seed(0)  # eight units may all be dead otherwise
    ways = ("concatenation", "concatenation")
    if conditioning == "own":
        normalizing = name in NORMALIZING
        ways = ("projection", "normalization" if normalizing else ways[1])
    encoder = networks.build_encoder(
        name, (8, 8, 1), 1, 2, conditioning=ways[0], **SMALL[name]
    )
    decoder = networks.build_decoder(
        name, (8, 8, 1), 3, 2, conditioning=ways[1], **SMALL[name]
    )
    for layer in decoder._flatten_layers(include_self=False):
        if "Conditional" in type(layer).__name__:
            random = np.random.default_rng(0)
            layer.beta.assign(random.normal(size=layer.beta.shape))
    for network, shape in ((decoder, (2, 3)), (encoder, (2, 8, 8, 1))):
        first, second = np.asarray(network([np.ones(shape, "float32"), HOT]))
        assert np.abs(first - second).max() > 1e-6


def test_projection():
    """`w phi + b + <V y, phi>`, from the network's own weights."""
    encoder = networks.build_encoder(
        "mlp", (3,), 1, 2, conditioning="projection", units=(4,)
    )
    x = np.float32([[1.0, -2.0, 0.5], [0.3, 0.2, 0.1]])
    w1, b1, w2, b2, rows = (
        next(w.numpy() for w in encoder.weights if tuple(w.shape) == shape)
        for shape in ((3, 4), (4,), (4, 1), (1,), (2, 4))
    )
    phi = np.maximum(x @ w1 + b1, 0.0)
    wanted = phi @ w2 + b2 + np.sum(rows * phi, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder([x, HOT]), wanted, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_options_change_the_network(name):
    options = {"units": (4, 4)} if name == "mlp" else {"filters": (4,)}
    one = networks.build_encoder(name, (8, 8, 1), 2)
    other = networks.build_encoder(name, (8, 8, 1), 2, **options)
    assert other.count_params() < one.count_params()


@pytest.mark.parametrize("conditioning", ["concatenation", "projection"])
@pytest.mark.parametrize("name", NAMES)
def test_spectral_norm_is_in_every_kernel(name, conditioning):
    encoder = networks.build_encoder(
        name, (8, 8, 1), 1, 2, conditioning=conditioning, spectral_norm=True
    )
    assert not types(encoder) & {"Dense", "Conv2D"}
    assert "SpectralDense" in types(encoder)


@pytest.mark.parametrize("name", NAMES)
def test_minibatch_stddev_shows_the_batch(name):
    def answers(**options):
        encoder = networks.build_encoder(
            name, (8, 8, 1), 1, **SMALL[name], **options
        )
        x = np.random.default_rng(0).normal(size=(4, 8, 8, 1))
        other = np.concatenate([x[:1], 3.0 * x[1:]])
        return [np.asarray(encoder(np.float32(d)))[0, 0] for d in (x, other)]

    alone, beside_others = answers()
    assert alone == pytest.approx(beside_others, rel=1e-4)
    alone, beside_others = answers(minibatch_stddev=True)
    assert abs(alone - beside_others) > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_minibatch_stddev_comes_before_the_last_hidden_layer(name):
    """Else the logit would be linear in it."""
    options = {"units": (8, 8)} if name == "mlp" else {}
    encoder = networks.build_encoder(
        name, (8, 8, 1), 1, minibatch_stddev=True, **options
    )
    kinds = [type(layer).__name__ for layer in encoder.layers]
    after = kinds[kinds.index("MinibatchStddev") + 1 :]
    assert sum(kind in ("Dense", "Conv2D") for kind in after) >= 2


def test_dcgan_layers():
    decoder = networks.build_decoder("dcgan", (28, 28, 1), 100)
    up = [
        (layer.filters, layer.output.shape[1:3])
        for layer in decoder.layers
        if isinstance(layer, keras.layers.Conv2DTranspose)
    ]
    assert up == [(64, (14, 14)), (1, (28, 28))]
    encoder = networks.build_encoder(
        "dcgan",
        (28, 28, 1),
        1,
        batch_norm=True,
        dropout=0.3,
        filters=(8, 16),
        kernel_size=5,
    )
    kinds = [type(layer).__name__ for layer in encoder.layers]
    assert kinds == [
        "InputLayer",
        "Conv2D",
        "Activation",
        "Dropout",
        "Conv2D",
        "BatchNormalization",
        "Activation",
        "Dropout",
        "Flatten",
        "Dense",
        "Activation",
    ]
    slope = encoder.layers[2](tf.constant([-1.0]))
    np.testing.assert_allclose(slope, [-0.2], rtol=1e-6)
    assert encoder.layers[1].kernel_size == (5, 5)
    names = [layer.name for layer in encoder.layers if "drop" in layer.name]
    assert names == ["dropout_1", "dropout_2"]


@pytest.mark.parametrize("name", NORMALIZING)
def test_conditional_normalisation_is_everywhere(name):
    decoder = networks.build_decoder(
        name, (8, 8, 1), 3, 2, conditioning="normalization"
    )
    plain = networks.build_decoder(name, (8, 8, 1), 3, 2)
    kind = {"dcgan": "Batch", "resnet": "Group"}[name] + "Normalization"

    def count(network, wanted):
        kinds = [type(layer).__name__ for layer in network.layers]
        return kinds.count(wanted)

    assert count(plain, kind) > 0
    assert count(decoder, "Conditional" + kind) == count(plain, kind)
    assert count(decoder, kind) == 0


def test_resnet_without_normalisation():
    encoder = networks.build_encoder(
        "resnet", (8, 8, 1), 1, normalization=None, activation="leaky_relu"
    )
    assert "GroupNormalization" not in types(encoder)
    assert "GroupNormalization" in types(
        networks.build_encoder("resnet", (8, 8, 1), 1)
    )


@pytest.mark.parametrize("name", ["mlp", "conv", "resnet", "dcgan"])
@pytest.mark.parametrize("pixels", [8, 64, 256])
def test_a_gan_starts_with_images_and_slopes(name, pixels):
    """Neither constant nor saturated images, neither flat nor steep logits."""
    if name == "mlp" and pixels > 64:
        pytest.skip("an mlp of 256 pixels has 100 million weights")
    gan = tfgen.build(
        "gan", input_shape=(pixels, pixels, 3), network=name, seed=0
    )
    z = np.random.default_rng(0).normal(size=(8, 64)).astype("float32")
    x = gan.generator(z, training=True)
    assert 0.1 < np.std(x) < 0.8
    assert np.mean(np.abs(x) > 0.99) < 0.2
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = gan.discriminator(x)
    slope = tape.gradient(logits, x).numpy().reshape(8, -1)
    assert 0.1 < np.linalg.norm(slope, axis=1).mean() < 5.0


def test_table():
    assert networks.recommended_network((5,)) == "mlp"
    assert networks.recommended_network((8, 8, 1)) == "conv"
    encoder = networks.build_encoder("mlp", (5,), 4)
    assert encoder.output_shape == (None, 4)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"network": "vgg"}, "expected one of mlp, conv, resnet, dcgan"),
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


@pytest.mark.parametrize(
    "build, message",
    [
        (
            lambda: networks.build_encoder(
                "mlp", (5,), 4, 2, conditioning="projection"
            ),
            "'projection' with 4 outputs, expected 1",
        ),
        (
            lambda: networks.build_encoder(
                "mlp", (5,), 1, conditioning="projection"
            ),
            "there are no classes: pass num_classes",
        ),
        (
            lambda: networks.build_encoder(
                "mlp", (5,), 1, 2, conditioning="normalization"
            ),
            "expected 'concatenation' or 'projection'",
        ),
        (
            lambda: networks.build_decoder(
                "conv", (8, 8, 1), 4, 2, conditioning="normalization"
            ),
            "use network='dcgan', network='resnet' with",
        ),
        (
            lambda: networks.build_decoder(
                "resnet", (8, 8, 1), 4, normalization="batch"
            ),
            "expected 'group' or None",
        ),
    ],
    ids=lambda value: "" if callable(value) else value,
)
def test_conditioning_that_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("name", NAMES)
def test_networks_are_plain_keras_models(name):
    encoder = networks.build_encoder(
        name, (8, 8, 1), 1, spectral_norm=True, minibatch_stddev=True
    )
    again = type(encoder).from_config(encoder.get_config())
    again.set_weights(encoder.get_weights())
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(again(x), encoder(x))


def test_uniform_latents():
    """The first layer sees 2 Phi(z) - 1."""
    network = networks.build_decoder("mlp", (3,), 2, uniform_latents=True)
    latents = np.random.default_rng(0).normal(size=(2000, 2))
    seen = keras.Model(network.input, network.layers[1].output)(latents)
    np.testing.assert_allclose(
        seen, 2 * scipy.stats.norm.cdf(latents) - 1, atol=1e-6
    )
