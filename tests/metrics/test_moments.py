"""The streamed moments against NumPy's float64, and the distance of them."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.metrics import FrechetDistance
from tfgen.metrics.frechet_distance import gaussian_distance


def relu(x):
    return np.maximum(x, 0)


def draw(kind, scale, features=64, count=9000):
    """Features as float32; scale is about that of their deviations."""
    rng = np.random.default_rng(int(100 * scale))
    mixing = np.random.default_rng(1).normal(size=(features, features))
    x = rng.normal(size=(count, features))
    if kind == "large mean":
        x = scale * x + 100.0
    elif kind == "decaying spectrum":
        x = relu(scale * x @ (mixing / np.arange(1, features + 1)[:, None]))
    elif kind == "low rank":
        x = scale * x[:, :5] @ mixing[:5]
    elif kind == "sorted":
        x = scale * x + np.linspace(-30, 30, count)[:, None]
    elif kind == "constant columns":
        x = scale * x * (np.arange(features) % 2) + 7.0
    elif kind == "few rows":
        x = scale * x[:40]
    elif kind == "plain":
        x = scale * x
    return np.float32(x)


def exact(x):
    x = np.float64(x)
    return x.mean(axis=0), np.cov(x, rowvar=False)


def stream(metric, side, x, batch_size):
    for start in range(0, len(x), batch_size):
        metric.update_state(**{side: x[start : start + batch_size]})


KINDS = [
    "plain",
    "large mean",
    "decaying spectrum",
    "sorted",
    "constant columns",
    "few rows",
]


@pytest.mark.parametrize("batch_size", [97, 10**6])
@pytest.mark.parametrize("kind", [*KINDS, "low rank"])
def test_as_float64(kind, batch_size):
    real, generated = draw(kind, 1.0), draw(kind, 1.1)
    metric = FrechetDistance()
    stream(metric, "real", real, batch_size)
    stream(metric, "generated", generated, batch_size)
    expected = gaussian_distance(*exact(real), *exact(generated))
    # Rounding is relative to the variance, which in these is far more than
    # the distance.
    uneven = kind in ("low rank", "sorted")
    rest = 1e-7 * float(real.var(axis=0).sum()) if uneven else 0.0
    assert metric.result() == pytest.approx(expected, rel=1e-6, abs=rest)
    mean, covariance = metric._sides["real"].mean_and_covariance()
    deviations = real.std(axis=0, dtype=np.float64) + 1e-12
    error = abs(mean - exact(real)[0]) / (deviations + abs(mean))
    assert error.max() < 2e-7
    error = (covariance - exact(real)[1]) / np.outer(deviations, deviations)
    assert abs(error).max() < 3e-6  # of products summed in float32


def test_compiled_and_not_together():
    x = draw("large mean", 1.0, features=5, count=1000)
    metric = FrechetDistance()
    metric.build(5)
    update = tf.function(lambda y: metric.update_state(real=y))
    update(x[:300])
    metric.update_state(real=x[300:650])
    update(x[650:])
    mean, covariance = metric._sides["real"].mean_and_covariance()
    np.testing.assert_allclose(mean, exact(x)[0], rtol=1e-9)
    np.testing.assert_allclose(covariance, exact(x)[1], rtol=1e-5, atol=1e-6)
    assert metric._sides["real"].count == 1000
    metric.reset_state()
    assert metric._sides["real"].count == 0


@pytest.mark.parametrize("kind", ["plain", "large mean"])
def test_two_replicas_with_uneven_rows(two_replicas, kind):
    real = draw(kind, 1.0, features=7, count=50)
    generated = draw(kind, 2.0, features=7, count=50)
    eager = FrechetDistance()
    eager.update_state(real=real, generated=generated)
    with two_replicas.scope():
        metric = FrechetDistance()
        metric.build(7)

    @tf.function
    def update(rows):
        two_replicas.run(metric.update_state, args=rows)

    def spread(x, where):
        parts = np.split(x, [where])
        return two_replicas.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group])
        )

    for x, y in ((real[:20], generated[:31]), (real[20:], generated[31:])):
        update((spread(x, 13), spread(y, 3)))
    assert metric.result() == pytest.approx(eager.result(), rel=1e-6)
    metric.reset_state()
    with pytest.raises(ValueError, match="no real examples"):
        metric.result()


def test_not_finite_within_a_compiled_function():
    metric = FrechetDistance()
    metric.build(2)
    tf.function(lambda y: metric.update_state(real=y))(
        np.float32([[0, 1], [np.nan, 2]])
    )
    metric.update_state(generated=np.eye(2))
    with pytest.raises(ValueError, match="got real examples .* not finite"):
        metric.result()


def test_compiled_without_variables():
    metric = FrechetDistance()
    with pytest.raises(ValueError, match=r"call its build\(num_features\)"):
        tf.function(lambda y: metric.update_state(real=y))(np.eye(3))


def test_one_example_has_no_covariance():
    metric = FrechetDistance()
    metric.update_state(real=np.eye(3), generated=np.eye(3)[:1])
    with pytest.raises(ValueError, match="1 generated example, expected 2"):
        metric.result()
