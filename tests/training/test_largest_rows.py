"""Which rows are the largest, against NumPy's order."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.training import GlobalBatch
from tfgen.training.largest_rows import are_largest


def largest(values, count, weights=None):
    if weights is not None:
        weights = tf.constant(weights, tf.float32)
    return are_largest(tf.constant(values), tf.constant(count), weights).numpy()


def numbers(rows, seed=0):
    """Of both signs, over the whole range of float32."""
    random = np.random.default_rng(seed)
    exponents = random.uniform(-37, 38, rows)
    return np.float32(random.choice([-1.0, 1.0], rows) * 10.0**exponents)


@pytest.mark.parametrize("rows", [1, 2, 7, 500])
def test_as_numpy_sorts(rows):
    values = numbers(rows)
    for count in {0, rows // 20, rows // 2, rows - 1}:
        wanted = np.zeros(rows, bool)
        wanted[np.argsort(-values.astype("float64"))[:count]] = True
        np.testing.assert_array_equal(largest(values, count), wanted)


def test_neighbouring_numbers_are_told_apart():
    values = np.float32(1.0) + np.arange(5, dtype="float32") * 2.0**-23
    assert largest(values, 2).tolist() == [False, False, False, True, True]
    assert largest(-values, 2).tolist() == [True, True, False, False, False]


def test_equal_values_stay_where_one_would_be_too_many():
    values = np.float32([3.0, 1.0, 2.0, 2.0, 0.0])
    assert largest(values, 1).tolist() == [True, *[False] * 4]
    assert largest(values, 2).tolist() == [True, *[False] * 4]
    assert largest(values, 3).tolist() == [True, False, True, True, False]
    assert not largest(np.ones(4, "float32"), 2).any()


def test_infinite_and_nan_are_the_largest():
    values = np.float32([1.0, np.inf, 3.0, np.nan])
    assert largest(values, 2).tolist() == [False, True, False, True]


def test_rows_of_weight_0_do_not_count():
    values, weights = np.float32([1.0, 2.0, 3.0, 9.0]), [1.0, 1.0, 1.0, 0.0]
    assert largest(values, 1, weights)[:3].tolist() == [False, False, True]


@pytest.mark.parametrize("rows", [(9, 4), (12, 1), (13, 0)])
def test_over_replicas(rows, two_replicas):
    """Those of one replica with all rows, however they are spread."""
    values = numbers(sum(rows), seed=3)
    wanted = np.zeros(len(values), bool)
    wanted[np.argsort(-values.astype("float64"))[:4]] = True
    parts = np.split(values, rows[:1])
    x = two_replicas.experimental_distribute_values_from_function(
        lambda context: tf.constant(
            parts[context.replica_id_in_sync_group][:, None]
        )
    )

    @tf.function
    def found(x):
        batch = GlobalBatch(x, None, 0, 0)
        return batch.largest(batch.x[:, 0], tf.constant(4.0))

    replicas = two_replicas.experimental_local_results(
        two_replicas.run(found, (x,))
    )
    # A replica without rows has one of weight 0.
    came = [part.numpy()[:n] for part, n in zip(replicas, rows, strict=True)]
    np.testing.assert_array_equal(np.concatenate(came), wanted)
