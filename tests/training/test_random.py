"""Noise that belongs to rows."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfgen.training import GlobalBatch, random


def normal(first, rows, shape, seed=3, purpose="a", step=0):
    stream = random.stream(seed, purpose, step)
    return random.normal_rows(stream, first, rows, shape).numpy()


@pytest.mark.parametrize("width", [4, 16])
def test_rows_are_tensorflows_own(width):
    """A width that fills Philox' blocks of four numbers is one plain draw."""
    stream = random.stream(3, "a", 2)
    wanted = tf.random.stateless_normal((50, width), stream, alg="philox")
    came = random.normal_rows(stream, 0, 50, (width,))
    np.testing.assert_array_equal(came, wanted)
    wanted = tf.random.stateless_uniform((50, width), stream, alg="philox")
    came = random.uniform_rows(stream, 0, 50, (width,))
    np.testing.assert_array_equal(came, wanted)


@pytest.mark.parametrize("shape", [(1,), (3,), (4,), (5,), (3, 2), (9, 7, 3)])
@pytest.mark.parametrize("first, rows", [(0, 1), (1, 4), (7, 13), (19, 1)])
def test_slices(shape, first, rows):
    whole = normal(0, 20, shape)
    assert whole.shape == (20, *shape)
    part = normal(first, rows, shape)
    np.testing.assert_array_equal(part, whole[first : first + rows])


def test_no_rows():
    assert normal(5, 0, (3,)).shape == (0, 3)


def test_distributions():
    came = normal(0, 20_000, (3,))
    assert scipy.stats.kstest(came.ravel(), "norm").pvalue > 1e-3
    stream = random.stream(1, "a")
    came = random.uniform_rows(stream, 0, 20_000, (3,)).numpy()
    assert scipy.stats.kstest(came.ravel(), "uniform").pvalue > 1e-3
    assert came.min() >= 0
    assert came.max() < 1


def test_other_streams_are_independent():
    """Correlations of 30,000 pairs have a standard error of 0.006."""
    draws = [
        normal(0, 10_000, (3,)),
        normal(0, 10_000, (3,), step=1),
        normal(0, 10_000, (3,), step=2**40),
        normal(0, 10_000, (3,), purpose="b"),
        normal(0, 10_000, (3,), seed=4),
        normal(1, 10_000, (3,)),
        normal(10_000, 10_000, (3,)),
    ]
    correlation = np.corrcoef([draw.ravel() for draw in draws])
    np.testing.assert_array_less(np.abs(correlation - np.eye(7)), 0.03)


def test_columns_of_a_row_are_independent():
    correlation = np.corrcoef(normal(0, 30_000, (6,)).T)
    np.testing.assert_array_less(np.abs(correlation - np.eye(6)), 0.03)


def test_every_seed_is_a_stream():
    streams = {
        tuple(random.user_stream(seed, "a").numpy())
        for seed in (-(2**63), -1, 0, 1, 2**63 - 1)
    }
    assert len(streams) == 5


@pytest.mark.parametrize("rows", [(2, 3), (3, 0), (1, 4)])
def test_replicas_share_one_draw(rows, two_replicas):
    """Each replica takes its own rows of what one would draw."""

    def draw(x):
        batch = GlobalBatch(x, None, 5, 7)
        return (
            batch.size,
            batch.mean(x[:, 0]),
            batch.normal((3,), "posterior"),
            batch.x,
        )

    values = np.float32(np.arange(10).reshape(5, 2))
    whole = draw(tf.constant(values))
    parts = np.split(values, [rows[0]])[: len(rows)]
    parts[1] = parts[1][: rows[1]]

    def value(context):
        return tf.constant(parts[context.replica_id_in_sync_group])

    x = two_replicas.experimental_distribute_values_from_function(value)
    came = tf.function(lambda x: two_replicas.run(draw, (x,)))(x)
    size, mean, noise, _ = (
        two_replicas.experimental_local_results(r) for r in came
    )
    total = sum(rows)
    assert [float(s) for s in size] == [total, total]
    assert float(sum(mean)) == pytest.approx(values[:total, 0].mean())
    joined = np.concatenate(
        [part[:count] for part, count in zip(noise, rows, strict=True)]
    )
    np.testing.assert_array_equal(joined, whole[2][:total])
    if rows[1]:
        assert np.abs(noise[0][0] - noise[1][0]).max() > 1e-3
