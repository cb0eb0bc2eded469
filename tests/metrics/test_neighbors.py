"""Against brute force, closed forms and examples small enough for the hand."""

import keras
import numpy as np
import pytest

from tfgen.data.synthetic import ring_centers
from tfgen.metrics import Coverage, Density
from tfgen.metrics.neighbors import expected_coverage


def value(metric, real, generated):
    metric.update_state(real=real, generated=generated)
    return metric.result()


def balls_by_brute_force(real, generated, k):
    """Whether generated j lies in the ball of real i, `(n, m)`."""
    among = np.sqrt(((real[:, None] - real[None]) ** 2).sum(-1))
    radii = np.sort(among, axis=1)[:, k]  # place 0 is the example itself
    across = np.sqrt(((real[:, None] - generated[None]) ** 2).sum(-1))
    return across <= radii[:, None]


@pytest.mark.parametrize("features", [1, 3, 40])
@pytest.mark.parametrize("k", [1, 5])
def test_as_brute_force(features, k):
    rng = np.random.default_rng(features)
    real = rng.normal(size=(150, features))
    generated = rng.normal(0.3, 0.8, size=(70, features))
    balls = balls_by_brute_force(real, generated, k)
    assert value(Coverage(k), real, generated) == balls.any(axis=1).mean()
    np.testing.assert_allclose(
        value(Density(k), real, generated), balls.sum() / (k * 70), rtol=1e-12
    )


def test_by_hand():
    real = np.array([[0.0], [1.0], [2.0], [3.0]])  # balls of radius 1
    generated = np.array([[0.5], [0.5], [9.0]])  # in two balls, two, none
    assert value(Coverage(k=1), real, generated) == 0.5
    assert value(Density(k=1), real, generated) == pytest.approx(4 / 3)


def test_expected_coverage_by_hand():
    # The nearest of two others and two draws is another: 1/2.
    assert expected_coverage(3, 2, k=1) == pytest.approx(1 / 2)
    # The two nearest of two others and a draw are others: 1/3.
    assert expected_coverage(3, 1, k=2) == pytest.approx(2 / 3)
    assert expected_coverage(10**6, 10**6, k=5) == pytest.approx(1 - 2**-5)
    assert expected_coverage(100, 0) == 0.0


def test_draws_of_the_same_distribution():
    found = []
    for seed in range(40):
        x = np.random.default_rng(seed).normal(size=(400, 2))
        found.append(value(Coverage(), x[:200], x[200:]))
    expected = expected_coverage(200, 200)
    assert expected == pytest.approx(0.9699, abs=1e-4)
    assert np.mean(found) == pytest.approx(expected, abs=0.006)


def test_half_of_the_modes():
    rng = np.random.default_rng(0)

    def draw(modes):
        centers = ring_centers()[rng.choice(modes, 2000)]
        return centers + rng.normal(0, 0.01, (2000, 2))

    found = value(Coverage(), draw(range(8)), draw([0, 2, 4, 6]))
    # Twice as many draws a mode: 1 - 3^-5 of the four modes.
    assert found == pytest.approx((1 - 3**-5) / 2, abs=0.02)


def test_batches_of_any_size():
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 90, 2, 3, 1))
    whole, parts = Coverage(), Coverage()
    expected = value(whole, real, generated)
    for start, stop in ((0, 1), (1, 50), (50, 50), (50, 90)):
        parts.update_state(generated=generated[start:stop])
    parts.update_state(real=real[:60])
    parts.update_state(real=real[60:])
    assert parts.result() == expected > 0.5
    parts.reset_state()
    assert value(parts, generated, generated) == 1.0


def test_extractor():
    extractor = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    # The third column is not looked at.
    extractor.set_weights([np.array([[1.0], [2.0], [0.0]]), np.zeros(1)])
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 80, 3))
    generated[:, 2] += 100.0
    seen = [x[:, :1] + 2 * x[:, 1:2] for x in (real, generated)]
    assert value(Coverage(), real, generated) == 0.0
    metric = Coverage(k=3, extractor=extractor, batch_size=7, name="mine")
    found = value(metric, real, generated)
    assert found == value(Coverage(k=3), *seen)
    copy = Coverage.from_config(metric.get_config())
    batch_size = copy.extractor.batch_size
    assert (copy.k, batch_size, copy.name) == (3, 7, "mine")


class TestRefused:
    def test_a_side_without_examples(self):
        metric = Coverage()
        metric.update_state(real=np.zeros((9, 2)))
        with pytest.raises(ValueError, match="no generated examples yet"):
            metric.result()

    def test_too_few(self):
        with pytest.raises(ValueError, match="pass at least 6"):
            value(Coverage(), np.zeros((5, 2)), np.zeros((5, 2)))

    def test_not_finite(self):
        x = np.full((9, 2), np.inf)
        with pytest.raises(ValueError, match="generated .* not finite"):
            Coverage().update_state(generated=x)

    def test_another_shape(self):
        metric = Density()
        metric.update_state(real=np.zeros((9, 2)))
        with pytest.raises(ValueError, match="3 features, expected 2"):
            metric.update_state(generated=np.zeros((9, 3)))
