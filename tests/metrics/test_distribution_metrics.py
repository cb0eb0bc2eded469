"""What every metric of two sets of examples promises."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.metrics import (
    Coverage,
    Density,
    DistributionMetric,
    FeatureExtractor,
    FrechetDistance,
    InceptionScore,
    KernelDistance,
    Precision,
    Recall,
)
from tfgen.metrics.reservoir_sample import ReservoirSample

METRICS = {
    "frechet_distance": lambda: FrechetDistance(batch_size=7),
    "kernel_distance": lambda: KernelDistance(
        subsets=3, subset_size=20, max_rows=50, seed=1
    ),
    "inception_score": InceptionScore,
    "precision": lambda: Precision(k=2, max_rows=60),
    "recall": lambda: Recall(k=2),
    "coverage": lambda: Coverage(k=3, max_rows=60),
    "density": lambda: Density(k=4),
}


@pytest.fixture(params=METRICS)
def make(request):
    return METRICS[request.param]


def draw():
    rng = np.random.default_rng(0)
    real = np.float32(rng.normal(size=(90, 4)))
    return real, np.float32(rng.normal(0.3, 0.9, size=(80, 4)))


def value(metric, real, generated):
    metric.update_state(real=real, generated=generated)
    return metric.result()


def test_every_metric_is_here():
    classes = {type(make()) for make in METRICS.values()}
    found = DistributionMetric.__subclasses__()
    for one in found:
        found += one.__subclasses__()
    public = {
        one
        for one in found
        if one.__module__.startswith("tfgen.metrics")
        if one.__name__ != "NeighborMetric"
    }
    assert classes == public


def test_batches_of_any_size(make):
    real, generated = draw()
    expected = value(make(), real, generated)
    for size in (1, 7, 64):
        metric = make()
        for start in range(0, 90, size):
            metric.update_state(generated=generated[start : start + size])
        for start in range(0, 90, size):
            metric.update_state(real=tf.constant(real[start : start + size]))
        assert metric.result() == pytest.approx(expected, rel=1e-6)


def test_features_in_place_of_examples(make):
    """What the extractor gives, computed once, is all that a metric needs."""
    real, generated = draw()
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    features = keras.layers.Dense(3)(inputs)
    outputs = {"features": features, "logits": keras.layers.Dense(2)(features)}
    extractor = keras.Model(inputs, outputs)
    whole = type(make()).from_config(
        {**make().get_config(), "extractor": extractor}
    )
    metric = make()
    stage = FeatureExtractor(extractor, None, metric.extractor.batch_size)
    rows = [stage.outputs(x)[metric.looks_at] for x in (real, generated)]
    metric.update_features(*rows)
    assert metric.result() == value(whole, real, generated)
    with pytest.raises(ValueError, match=r"shape \(2, 4, 3\), expected \(n, f"):
        metric.update_features(real=np.zeros((2, 4, 3)))


def test_updates_with_no_examples(make):
    real, generated = draw()
    metric = make()
    metric.update_state(real=real[:0], generated=generated[:0])
    metric.update_state(real=real)
    metric.update_state(real=real[:0])
    metric.update_state(generated=generated)
    assert metric.result() == value(make(), real, generated)


def test_reset(make):
    real, generated = draw()
    metric = make()
    expected = value(metric, real, generated)
    assert metric.result() == expected
    metric.reset_generated()
    with pytest.raises(ValueError, match="no generated examples yet"):
        metric.result()
    metric.update_state(generated=generated)
    assert metric.result() == pytest.approx(expected, rel=1e-12)
    metric.reset_state()
    # The examples may now have another number of features.
    assert np.isfinite(value(metric, real[:, :3], generated[:, :3]))


@pytest.mark.parametrize("how", [copy.deepcopy, None])
def test_config(make, how):
    real, generated = draw()
    metric = make()
    expected = value(metric, real, generated)
    again = (
        how(metric) if how else type(metric).from_config(metric.get_config())
    )
    assert again.get_config() == metric.get_config()
    assert value(again, real, generated) == expected
    assert metric.result() == expected


def test_measurement(make):
    metric = make()
    expected = value(metric, *draw())
    found = metric.measurement(reference="test split")
    assert (found.name, found.value) == (metric.name, expected)
    assert found.better in ("lower", "higher")
    assert found.details["num_generated"] == 80
    assert found.details["reference"] == "test split"
    for key, setting in metric.settings().items():
        assert found.details[key] == setting


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(make, bad):
    metric = make()
    logits_may = isinstance(metric, InceptionScore) and bad == -np.inf
    x = draw()[0]
    x[5, 1] = bad
    if logits_may:  # of a class that is out of the question
        metric.update_state(generated=x)
        assert 1 < metric.result() < 4
        return
    with pytest.raises(ValueError, match="generated examples .* not finite"):
        metric.update_state(generated=x)


def test_another_number_of_features(make):
    real, generated = draw()
    metric = make()
    metric.update_state(real=real)
    with pytest.raises(ValueError, match="3 features, expected 4"):
        metric.update_state(generated=generated[:, :3])


def test_an_empty_side(make):
    metric = make()
    with pytest.raises(ValueError, match="no .* examples yet"):
        metric.result()
    metric.update_state(real=draw()[0])
    with pytest.raises(ValueError, match="no generated examples yet"):
        metric.result()


def test_within_replicas(make, two_replicas):
    """The Frechet distance works there; the others say that they do not."""
    real = tf.constant(draw()[0])
    with two_replicas.scope():
        metric = make()
    if isinstance(metric, FrechetDistance):
        with two_replicas.scope():
            metric.build(4)
        tf.function(
            lambda: two_replicas.run(metric.update_state, args=(real, real))
        )()
        assert metric.result() == pytest.approx(0.0, abs=1e-6)
        return
    with pytest.raises(ValueError, match="outside of tf.function and strategy"):
        tf.function(
            lambda: two_replicas.run(metric.update_state, args=(real, real))
        )()


def test_a_reservoir_sample_is_fair():
    """Each of 40 rows is kept by 10 of 40, whatever the batches."""
    rows = np.arange(40, dtype=np.float32)[:, None]
    kept = np.zeros(40)
    for seed in range(2000):
        some = ReservoirSample(10, seed)
        for start in range(0, 40, 1 + seed % 13):
            some.add(rows[start : start + 1 + seed % 13])
        assert some.count == 40 and some.rows.shape == (10, 1)
        kept[some.rows[:, 0].astype(int)] += 1
        assert kept.sum() == 10 * (seed + 1)
    # 2,000 draws with probability 1/4: 500, deviation 19.4.
    assert abs(kept - 500).max() < 4 * 19.4


def test_a_reservoir_sample_does_not_depend_on_batches():

    rows = np.random.default_rng(0).normal(size=(300, 2))
    found = []
    for size in (1, 17, 300):
        some = ReservoirSample(40)
        for start in range(0, 300, size):
            some.add(np.float32(rows[start : start + size]))
        found.append(some.rows)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_numbers_that_are_no_probabilities():
    with pytest.raises(ValueError, match="pass from_logits=True"):
        InceptionScore(from_logits=False).update_state(generated=draw()[0])
