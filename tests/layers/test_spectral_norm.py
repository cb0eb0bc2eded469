"""Spectral normalisation against NumPy's singular values."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import SpectralConv2D, SpectralConv2DTranspose, SpectralDense

layers = keras.layers


def matrix(layer, kernel):
    """All but the output axis by the output axis, as in the paper."""
    kernel = np.asarray(kernel)
    if isinstance(layer, layers.Conv2DTranspose):
        kernel = kernel.transpose(0, 1, 3, 2)
    return kernel.reshape(-1, kernel.shape[-1])


def norm(layer):
    return np.linalg.norm(matrix(layer, layer.normalized_kernel()), 2)


def network():
    """Each of the three layers, with kernels far from norm 1."""
    wide = keras.initializers.RandomNormal(stddev=2.0, seed=3)
    return keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            SpectralConv2D(6, 3, padding="same", kernel_initializer=wide),
            layers.LeakyReLU(),
            SpectralConv2DTranspose(
                5, 3, strides=2, padding="same", kernel_initializer=wide
            ),
            layers.LeakyReLU(),
            layers.Flatten(),
            SpectralDense(3, activation="tanh", kernel_initializer=wide),
            SpectralDense(1, kernel_initializer=wide),
        ]
    )


def spectral(model):
    return [layer for layer in model.layers if hasattr(layer, "u")]


def data(rows=32):
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, 4, 4, 2)).astype("float32")
    return x, x.sum(axis=(1, 2, 3))


@functools.cache
def trained(strategy=None, rate=2e-3):
    """To be read only."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = network()
        model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(*data(), batch_size=8, epochs=10, verbose=0)
    return model


def test_norm_is_one_from_the_start():
    for layer in spectral(network()):
        assert np.linalg.norm(matrix(layer, layer.kernel), 2) > 2
        assert norm(layer) == pytest.approx(1.0, abs=1e-5)


def test_norm_stays_one(tmp_path):
    start, model = network().get_weights(), trained()
    moved = [
        np.abs(a - b).max()
        for a, b in zip(start, model.get_weights(), strict=True)
    ]
    assert max(moved) > 0.02
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for layer, again in zip(spectral(model), spectral(loaded), strict=True):
        assert norm(layer) == pytest.approx(1.0, abs=1e-2)
        assert norm(again) == pytest.approx(1.0, abs=1e-2)
        np.testing.assert_array_equal(layer.u, again.u)
        np.testing.assert_array_equal(layer.kernel, again.kernel)
    x, _ = data(5)
    np.testing.assert_array_equal(
        model.predict(x, verbose=0), loaded.predict(x, verbose=0)
    )


def test_u_follows_the_kernel_in_training():
    """What training itself uses, without the iterations of inference."""
    for layer in spectral(trained()):
        sigma = np.linalg.norm(matrix(layer, layer.kernel) @ layer.u.numpy())
        exact = np.linalg.norm(matrix(layer, layer.kernel), 2)
        assert sigma == pytest.approx(exact, rel=1e-2)


def test_one_power_iteration_a_training_call():
    layer = SpectralDense(6)
    layer.build((None, 8))
    kernel = np.random.default_rng(1).normal(size=(8, 6))
    layer.kernel.assign(kernel)
    before, x = layer.u.numpy(), np.ones((1, 8))
    layer(x)
    np.testing.assert_array_equal(layer.u, before)
    layer(x, training=True)
    wanted = kernel.T @ kernel @ before
    wanted /= np.linalg.norm(wanted)
    np.testing.assert_allclose(layer.u, wanted, atol=1e-5)


def test_two_replicas_keep_the_same_u(two_replicas):
    for layer in spectral(trained(two_replicas)):
        one, two = two_replicas.experimental_local_results(layer.u.value)
        np.testing.assert_array_equal(one.numpy(), two.numpy())
        assert norm(layer) == pytest.approx(1.0, abs=1e-2)


def test_the_kernel_is_not_overwritten():
    model = trained(rate=0.0)
    for layer, new in zip(spectral(model), spectral(network()), strict=True):
        np.testing.assert_array_equal(layer.kernel, new.kernel)


def test_a_kernel_that_u_does_not_belong_to():
    """As in a moving average, whose u is that of the last step."""
    layer = SpectralDense(6)
    layer.build((None, 8))
    random = np.random.default_rng(1)
    layer.kernel.assign(layer.kernel + 0.1 * random.normal(size=(8, 6)))
    assert norm(layer) == pytest.approx(1.0, abs=1e-2)


def layer_by_hand():
    """A dense layer, its kernel and its first singular triple."""
    layer = SpectralDense(3, use_bias=False)
    layer.build((None, 4))
    v, sigma, u = np.linalg.svd(layer.kernel.numpy().astype("float64"))
    return layer, layer.kernel.numpy(), sigma[0], v[:, 0], u[0]


def gradient_through_sigma(upstream, kernel, sigma, v, u):
    """Equation 12 of the paper: `(G - <G, W / sigma> v u^T) / sigma`."""
    along = np.sum(upstream * kernel) / sigma
    return (upstream - along * np.outer(v, u)) / sigma


@pytest.mark.parametrize("training", [True, False])
def test_gradient(training):
    layer, *parts = layer_by_hand()
    random = np.random.default_rng(2)
    x, weights = random.normal(size=(5, 4)), random.normal(size=(5, 3))
    with tf.GradientTape() as tape:
        y = layer(np.float32(x), training=training)
        loss = tf.reduce_sum(y * np.float32(weights))
    came = tape.gradient(loss, layer.kernel.value)
    wanted = gradient_through_sigma(x.T @ weights, *parts)
    np.testing.assert_allclose(came, wanted, atol=1e-5)


def test_gradient_of_a_gradient():
    """R1: with y the sum of outputs, dy/dx = W 1 / sigma for every x."""
    layer, *parts = layer_by_hand()
    x = tf.constant(np.ones((1, 4), "float32"))
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(layer(x, training=True))
        loss = tf.reduce_sum(inner.gradient(y, x) ** 2)
    came = outer.gradient(loss, layer.kernel.value)
    kernel, sigma, *_ = parts
    upstream = 2.0 * np.outer(kernel.sum(axis=1) / sigma, np.ones(3))
    wanted = gradient_through_sigma(upstream, *parts)
    np.testing.assert_allclose(came, wanted, atol=1e-5)


def test_sigma_is_float32_in_mixed_precision():
    layer = SpectralConv2D(16, 3, dtype="mixed_bfloat16")
    assert layer(np.ones((1, 5, 5, 8))).dtype == "bfloat16"
    assert layer(np.ones((1, 5, 5, 8)), training=True).dtype == "bfloat16"
    assert layer.normalized_kernel().dtype == tf.float32
    assert norm(layer) == pytest.approx(1.0, abs=1e-5)


def test_zeros_are_refused():
    with pytest.raises(ValueError, match="another kernel_initializer"):
        SpectralDense(3, kernel_initializer="zeros").build((None, 4))
