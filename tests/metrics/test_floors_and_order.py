"""Equal distributions score the floor; the worse, the worse the score."""

import numpy as np
import pytest

import tfgen
from tfgen.metrics import (
    Coverage,
    Density,
    FrechetDistance,
    KernelDistance,
    Precision,
    Recall,
    fit_extractor,
)


def value(metric, real, generated):
    metric.update_state(real=real, generated=generated)
    return metric.result()


def of_equal_distributions(make, count, features, repeats):
    """Mean and standard error over pairs of sets of one distribution."""
    found = []
    for seed in range(repeats):
        x = np.random.default_rng(seed).normal(size=(2, count, features))
        found.append(value(make(), *x))
    return np.mean(found), np.std(found, ddof=1) / np.sqrt(repeats)


class TestFloor:
    @pytest.mark.parametrize("features", [1, 5])
    def test_frechet_distance(self, features):
        """Known to second order of the error D of the covariances.

        The means' part is 2 d / n, the covariances' |D|^2 / 4, where of two
        unit Gaussians E |D|^2 = 2 (d^2 + d) / (n - 1).
        """
        count = 1000
        mean, error = of_equal_distributions(
            FrechetDistance, count, features, 300
        )
        expected = 2 * features / count
        expected += (features**2 + features) / (2 * (count - 1))
        assert mean == pytest.approx(expected, abs=4 * error)
        assert error < 0.1 * expected

    def test_kernel_distance_is_unbiased(self):
        mean, error = of_equal_distributions(KernelDistance, 200, 5, 60)
        assert abs(mean) < 3 * error < 0.1

    def test_density_is_one(self):
        """A draw is among the k nearest of n with probability k / n."""
        mean, error = of_equal_distributions(Density, 100, 3, 60)
        assert mean == pytest.approx(1.0, abs=3 * error)
        assert error < 0.03

    @pytest.mark.parametrize("metric", [Precision, Recall])
    def test_near_one_in_few_dimensions(self, metric):
        mean, _ = of_equal_distributions(metric, 500, 2, 5)
        assert 0.9 < mean < 1.0


@pytest.fixture(scope="module")
def digits():
    """An extractor, and two sets of images that are new to it."""
    parts = ("train", "test", "validation")
    train, test, held_out = (
        tfgen.data.load("digits", split=split) for split in parts
    )
    extractor = fit_extractor(train, epochs=30, num_features=16)
    return extractor, test.arrays()[0], *held_out.arrays()


def blurred(x, times):
    for _ in range(times):
        neighbours = [np.roll(x, by, axis) for axis in (1, 2) for by in (1, -1)]
        x = (x + sum(neighbours)) / 5
    return x


def noisy(x, stddev):
    noise = np.random.default_rng(0).normal(size=x.shape)
    return np.clip(x + stddev * noise, 0, 1)


def scores(digits, metric, sets):
    extractor, real, *_ = digits
    return [value(metric(extractor=extractor), real, x) for x in sets]


def assert_rising(values):
    assert (np.diff(values) > 0).all(), values


class TestOrder:
    @pytest.mark.parametrize("metric", [FrechetDistance, KernelDistance])
    def test_distances_rise(self, digits, metric):
        *_, x, labels = digits
        assert_rising(scores(digits, metric, [blurred(x, i) for i in range(4)]))
        sets = [noisy(x, stddev) for stddev in (0, 0.2, 0.4, 0.8)]
        assert_rising(scores(digits, metric, sets))
        sets = [x[np.isin(labels, range(n))] for n in (10, 7, 4, 1)]
        assert_rising(scores(digits, metric, sets))

    @pytest.mark.parametrize("metric", [Recall, Coverage])
    def test_dropped_classes_are_missed(self, digits, metric):
        *_, x, labels = digits
        sets = [x[np.isin(labels, range(n))] for n in (1, 4, 7, 10)]
        found = scores(digits, metric, sets)
        assert_rising(found)
        assert found[0] < 0.2 and found[-1] > 0.9

    @pytest.mark.parametrize("metric", [Precision, Density])
    def test_noise_is_seen(self, digits, metric):
        *_, x, _ = digits
        sets = [noisy(x, stddev) for stddev in (0.8, 0.4, 0.2, 0)]
        found = scores(digits, metric, sets)
        assert_rising(found)
        assert found[0] < 0.4 and found[-1] > 0.8

    def test_a_dropped_mode_does_not_lower_precision(self, digits):
        *_, x, labels = digits
        all_of_them, half = scores(
            digits, Precision, [x, x[np.isin(labels, range(5))]]
        )
        assert half == pytest.approx(all_of_them, abs=0.1)
