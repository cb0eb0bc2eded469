"""Means of rows against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.training.row_means import add_rows

RANDOM = np.random.default_rng(0)
# Sums of float32 would keep seven of these digits.
BATCHES = [np.float32(1e4 + RANDOM.normal(size=(2, n))) for n in (7, 5)]
WEIGHTS = np.float32([1, 1, 1, 0, 1, 0, 1]), np.float32([1, 1, 0, 1, 1])


def means():
    return [keras.metrics.Mean(dtype="float64") for _ in range(2)]


def results(metrics):
    return [float(metric.result()) for metric in metrics]


def test_means_of_all_rows():
    added = means()
    for batch in BATCHES:
        add_rows(added, list(tf.constant(batch)))
    wanted = np.concatenate(BATCHES, axis=1).mean(axis=1, dtype=np.float64)
    np.testing.assert_allclose(results(added), wanted, rtol=1e-15)


def test_weights_of_rows():
    added = means()
    for batch, weights in zip(BATCHES, WEIGHTS, strict=True):
        add_rows(added, list(tf.constant(batch)), tf.constant(weights))
    wanted = np.average(
        np.float64(np.concatenate(BATCHES, axis=1)),
        axis=1,
        weights=np.concatenate(WEIGHTS),
    )
    np.testing.assert_allclose(results(added), wanted, rtol=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
def test_replicas_add_up(weighted, two_replicas):
    """One has 7 rows, the other 5."""
    with two_replicas.scope():
        added = means()

    def step(rows, weights):
        add_rows(added, tf.unstack(rows, 2), weights if weighted else None)

    shared = (
        two_replicas.experimental_distribute_values_from_function(
            lambda context, parts=parts: tf.constant(
                parts[context.replica_id_in_sync_group]
            )
        )
        for parts in (BATCHES, WEIGHTS)
    )
    two_replicas.run(step, tuple(shared))
    rows, weights = (np.concatenate(p, axis=-1) for p in (BATCHES, WEIGHTS))
    wanted = np.average(
        np.float64(rows), axis=1, weights=weights if weighted else None
    )
    np.testing.assert_allclose(results(added), wanted, rtol=1e-15)
