"""Minibatch standard deviation against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import MinibatchStddev
from tfgen.training import GlobalBatch


def data(rows, shape=(2, 3, 4)):
    random = np.random.default_rng(rows)
    return random.normal(size=(rows, *shape)).astype("float32")


def by_hand(x, group_size):
    groups = [x[i : i + group_size] for i in range(0, len(x), group_size)]
    each = [np.sqrt(g.var(axis=0) + 1e-8).mean() for g in groups]
    return np.repeat(each, group_size)[: len(x)]


@pytest.mark.parametrize("rows", [1, 3, 4, 5, 8])
@pytest.mark.parametrize("group_size", [2, 4])
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)], ids=["table", "image"])
def test_values(rows, group_size, shape):
    x = data(rows, shape)
    y = MinibatchStddev(group_size)(x).numpy()
    assert y.shape == (*x.shape[:-1], x.shape[-1] + 1)
    np.testing.assert_array_equal(y[..., :-1], x)
    wanted = by_hand(x, group_size).reshape(-1, *[1] * len(shape))
    np.testing.assert_allclose(
        y[..., -1:], wanted * np.ones_like(y[..., -1:]), rtol=1e-5
    )


def test_rows_of_weight_0_form_no_part():
    x = data(6)
    batch = GlobalBatch(tf.constant(x), None, 0, 0)
    batch.weights = tf.constant([1.0] * 4 + [1.0, 0.0])
    with batch:
        y = MinibatchStddev(4)(x).numpy()[:, 0, 0, -1]
    np.testing.assert_allclose(y[:4], by_hand(x[:4], 4), rtol=1e-5)
    np.testing.assert_allclose(y[4:], [1e-4, 1e-4], rtol=1e-5)


def test_gradients_are_finite_where_all_rows_are_equal():
    x = tf.ones((4, 3))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(MinibatchStddev()(x)[:, -1])
        first = inner.gradient(y, x)
        penalty = tf.reduce_sum(first**2)
    assert np.isfinite(first).all()
    assert np.isfinite(outer.gradient(penalty, x)).all()


def test_config():
    layer = MinibatchStddev(3)
    assert MinibatchStddev.from_config(layer.get_config()).group_size == 3
    assert layer.mixes_rows
    with pytest.raises(ValueError, match="expected 2 or more"):
        MinibatchStddev(1)


@pytest.mark.parametrize("split", [4, 8])
def test_two_replicas_of_whole_groups_as_one(split, two_replicas):
    x = tf.constant(data(8, (5,)))
    parts = two_replicas.experimental_distribute_values_from_function(
        lambda context: (x[:split], x[split:])[context.replica_id_in_sync_group]
    )

    def step(x):
        batch = GlobalBatch(x, None, 0, 0)
        with batch:
            return MinibatchStddev(4)(batch.x)

    came = two_replicas.run(tf.function(step), (parts,))
    rows = [r.numpy() for r in two_replicas.experimental_local_results(came)]
    np.testing.assert_allclose(
        np.concatenate(rows)[:8], MinibatchStddev(4)(x), rtol=1e-6
    )
