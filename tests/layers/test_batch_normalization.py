"""Batch normalisation over replicas, against Keras on one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import BatchNormalization
from tfgen.training import GlobalBatch

SHAPE = (3, 3, 2)


def data(rows, seed=0):
    random = np.random.default_rng(seed)
    return np.float32(5.0 + 2.0 * random.normal(size=(rows, *SHAPE)))


def values(layer, x, target, batch, over_replicas):
    """Output, gradient of a loss, and of a penalty on that gradient."""
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x, training=True)
            loss = batch.mean(tf.reduce_sum((y - target) ** 3, [1, 2, 3]))
        slope = inner.gradient(loss, x)
        penalty = batch.mean(tf.reduce_sum(slope**2, [1, 2, 3]) * batch.size)
    gradients = outer.gradient(penalty, [layer.gamma.value, layer.beta.value])
    return y, slope, [over_replicas(g) for g in gradients]


@pytest.mark.parametrize("split", [4, 3, 6, 7], ids="{} of 7".format)
def test_two_replicas_as_keras_on_one(split, two_replicas):
    x, target = data(7), data(7, seed=1)
    one = keras.layers.BatchNormalization()
    one.build((None, *SHAPE))
    with two_replicas.scope():
        two = BatchNormalization()
        two.build((None, *SHAPE))
    wanted = values(
        one,
        tf.constant(x),
        target,
        GlobalBatch(tf.constant(x), None, 0, 0),
        lambda gradient: gradient,
    )

    def part(array):
        return two_replicas.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                (array[:split], array[split:])[context.replica_id_in_sync_group]
            )
        )

    def step(x, target):
        context = tf.distribute.get_replica_context()
        batch = GlobalBatch(x, None, 0, 0)
        rows = tf.pad(
            target, [[0, tf.shape(batch.x)[0] - tf.shape(x)[0]]] + [[0, 0]] * 3
        )
        with batch:
            return values(
                two,
                batch.x,
                rows,
                batch,
                lambda gradient: context.all_reduce("SUM", gradient),
            )

    came = tf.function(
        lambda x, t: two_replicas.run(step, (x, t)), autograph=False
    )(part(x), part(target))
    local = two_replicas.experimental_local_results
    for index in (0, 1):
        rows = np.concatenate([r.numpy() for r in local(came[index])])[:7]
        np.testing.assert_allclose(rows, wanted[index], rtol=1e-4, atol=1e-4)
    for total, right in zip(came[2], wanted[2], strict=True):
        np.testing.assert_allclose(local(total)[0], right, rtol=2e-4)
    for name in ("moving_mean", "moving_variance"):
        right = getattr(one, name).numpy()
        for each in local(getattr(two, name).value):
            np.testing.assert_allclose(each.numpy(), right, rtol=1e-6)


def test_moments_of_large_numbers():
    """One pass of sums and squares would lose all digits here."""
    x = np.float32(1e4) + np.float32([[0.0], [1.0], [2.0], [3.0]])
    y = BatchNormalization(epsilon=0.0)(x, training=True)
    wanted = (np.arange(4.0)[:, None] - 1.5) / np.sqrt(1.25)
    np.testing.assert_allclose(y, wanted, rtol=1e-3)


def test_inference_as_keras(tmp_path):
    ours = keras.Sequential([keras.Input(SHAPE), BatchNormalization()])
    theirs = keras.layers.BatchNormalization()
    x = data(9)
    for _ in range(3):
        ours(x, training=True)
        theirs(x, training=True)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-6)
    ours.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(again.layers[0], BatchNormalization)
    np.testing.assert_array_equal(again(x), ours(x))


def test_what_is_refused():
    with pytest.raises(ValueError, match="use keras.layers"):
        BatchNormalization(synchronized=False)
