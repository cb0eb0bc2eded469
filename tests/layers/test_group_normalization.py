"""Group normalisation as Keras has it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import GroupNormalization

SHAPES = [(3, 5, 4, 6), (3, 6), (2, 7, 6), (2, 3, 2, 2, 6)]


def pair(shape, dtype="float32", **options):
    """Keras' layer and ours, of the same weights."""
    random = np.random.default_rng(0)
    options |= {"groups": 3, "epsilon": 1e-2, "dtype": dtype}
    made = [
        kind(**options)
        for kind in (keras.layers.GroupNormalization, GroupNormalization)
    ]
    for layer in made:
        layer.build(shape)
    weights = [random.normal(size=w.shape) for w in made[0].weights]
    for layer in made:
        layer.set_weights(weights)
    x = random.normal(2.0, 3.0, size=shape).astype("float32")
    return made, tf.constant(x), random.normal(size=shape).astype("float32")


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients_are_keras(shape, affine, graph):
    made, x, direction = pair(shape, center=affine, scale=affine)

    def found(layer):
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = layer(x)
                loss = tf.reduce_sum(tf.tanh(y) * direction)
            sources = [x, *layer.trainable_variables]
            gradients = first.gradient(loss, sources)
            # As a gradient penalty takes it.
            penalty = tf.reduce_sum(tf.square(gradients[0]))
        return y, *gradients, second.gradient(penalty, x)

    wanted, came = (
        (tf.function(found) if graph else found)(layer) for layer in made
    )
    assert len(wanted) == (5 if affine else 3)
    for value, other in zip(came, wanted, strict=True):
        assert value.shape == other.shape
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-5)


def test_bfloat16():
    """Statistics in float32, the outputs rounded."""
    made, x, _ = pair((3, 5, 4, 6), "mixed_bfloat16")
    wanted, came = (layer(x) for layer in made)
    assert came.dtype == tf.bfloat16
    wanted, came = (np.float32(tf.cast(y, tf.float32)) for y in (wanted, came))
    np.testing.assert_allclose(came, wanted, rtol=1e-2, atol=1e-2)


def test_other_axes_are_refused():
    with pytest.raises(ValueError, match="axis is 1, expected -1"):
        GroupNormalization(groups=1, axis=1).build((2, 3, 4))


def test_unknown_sizes_of_images():
    layer = GroupNormalization(groups=2)
    network = keras.Sequential([keras.Input((None, None, 4)), layer])
    for size in (3, 5):
        x = np.random.default_rng(0).normal(size=(2, size, size, 4))
        y = network(np.float32(x)).numpy().reshape(2, -1, 2, 2)
        np.testing.assert_allclose(y.mean(axis=(1, 3)), 0.0, atol=1e-5)
        np.testing.assert_allclose(y.std(axis=(1, 3)), 1.0, atol=1e-2)
