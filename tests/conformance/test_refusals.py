"""What could not be exact or safe is refused, with the way out named."""

import re

import keras
import pytest
import tensorflow as tf

import tfgen

layers = keras.layers


def vae(*extra, dtype=None):
    encoder = keras.Sequential(
        [keras.Input((4,)), *extra, layers.Dense(4, dtype=dtype)]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    return tfgen.VAE(encoder, decoder, likelihood="gaussian")


@keras.saving.register_keras_serializable(package="tests")
class Hidden(layers.Layer):
    """A layer that holds dropout where `.layers` does not show it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = layers.Dropout(0.5)
        self.built = True

    def call(self, x, training=False):
        return self.dropout(x, training=training)


def adam(**options):
    return keras.optimizers.Adam(**options)


@pytest.mark.parametrize(
    "make, message",
    [
        (layers.BatchNormalization, "use tfgen.layers.BatchNormalization"),
        (
            lambda: layers.Dropout(0.5),
            "use tfgen.layers.Dropout, or train",
        ),
        (lambda: layers.GaussianNoise(0.5), "draws the same numbers"),
        (Hidden, "draws the same numbers"),
    ],
    ids=["batch normalisation", "dropout", "noise", "hidden dropout"],
)
def test_layers_on_two_replicas(make, message, two_replicas):
    with two_replicas.scope():
        model = vae(make())
        with pytest.raises(ValueError, match=message):
            model.compile()
    one = vae(make())
    one.compile()


def test_nested_layers_are_seen(two_replicas):
    with two_replicas.scope():
        inner = keras.Sequential(
            [keras.Input((4,)), layers.BatchNormalization()]
        )
        with pytest.raises(ValueError, match="tfgen.layers.BatchNorm"):
            vae(inner).compile()


def test_layers_that_overwrite_their_kernel():
    model = vae(layers.SpectralNormalization(layers.Dense(3)))
    with pytest.raises(ValueError, match="use tfgen.layers.SpectralDense"):
        model.compile()
    vae(tfgen.layers.SpectralDense(3)).compile()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"jit_compile": True}, "compile with jit_compile=False"),
        (
            {"optimizer": adam(gradient_accumulation_steps=2)},
            "pass a larger batch_size",
        ),
        (
            {"optimizer": adam(use_ema=True, ema_overwrite_frequency=3)},
            "put in at the end of fit",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_on_two_replicas(first, arguments, message, two_replicas):
    with two_replicas.scope():
        with pytest.raises(ValueError, match=message):
            first.build().compile(**arguments)
    first.build().compile(**arguments)


@pytest.mark.parametrize(
    "argument", ["loss", "metrics", "loss_weights", "weighted_metrics"]
)
def test_losses_and_metrics_are_the_models_own(few, argument):
    with pytest.raises(ValueError, match="leave the argument out"):
        few.build().compile(**{argument: ["mse"]})


def test_unknown_arguments(few):
    with pytest.raises(ValueError, match="unknown argument 'losses'"):
        few.build().compile(losses="mse")


def test_keys_of_optimizers(few):
    model = few.build()
    expected = re.escape(", ".join(model.optimizer_names))
    with pytest.raises(ValueError, match=f"key.*nobody.*expected {expected}"):
        model.compile({"nobody": "adam"})


def test_loss_scale(few):
    scaled = keras.optimizers.LossScaleOptimizer(adam())
    with pytest.raises(ValueError, match="mixed_bfloat16"):
        few.build().compile(scaled)


def test_mixed_float16():
    with pytest.raises(ValueError, match="build it under mixed_bfloat16"):
        vae(dtype="mixed_float16").compile()


def test_synchronized_batch_normalisation_is_exact(two_replicas):
    import numpy as np

    x = np.random.default_rng(0).normal(size=(70, 4)).astype("float32")

    def weights(strategy):
        keras.utils.set_random_seed(1)
        with strategy.scope():
            model = vae(layers.BatchNormalization(synchronized=True))
            model.compile("sgd")
        model.fit(x, batch_size=32, epochs=2, shuffle=False, verbose=0)
        return model.get_weights()

    one = weights(tf.distribute.get_strategy())
    for a, b in zip(one, weights(two_replicas), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
