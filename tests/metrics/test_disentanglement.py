"""Against hand calculations, brute force and codes that are known."""

import numpy as np
import pytest

from tfgen.metrics import (
    DCI,
    dci,
    mutual_information_gap,
    separated_attribute_predictability,
)

FACTORS = np.indices((2, 3, 4)).reshape(3, -1).T.repeat(25, axis=0)  # 600


def standardized(factors):
    return (factors - factors.mean(axis=0)) / factors.std(axis=0)


def noise(columns, seed=0):
    return np.random.default_rng(seed).normal(size=(len(FACTORS), columns))


def rotated(factors):
    """All pairs of neighbours turned by 45 degrees: sums and differences."""
    a, b = standardized(factors).T
    return np.stack([a + b, a - b], axis=1) / np.sqrt(2)


class TestMutualInformationGap:
    def test_by_hand(self):
        # The latents agree with the factor in 3 of 4 and in 2 of 4 cases.
        factor = [[0], [0], [0], [0], [1], [1], [1], [1]] * 5
        latents = [[0, 0], [0, 0], [0, 1], [1, 1]] * 5
        latents += [[1, 1], [1, 1], [1, 0], [0, 0]] * 5
        latents = np.array(latents).reshape(2, 5, 4, 2)
        latents = latents.transpose(1, 0, 2, 3).reshape(-1, 2)
        found = mutual_information_gap(latents, np.array(factor))
        entropy_of_a_quarter = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
        expected = np.log(2) - entropy_of_a_quarter
        np.testing.assert_allclose(
            found.mutual_information[:, 0], [expected, 0.0], atol=1e-12
        )
        np.testing.assert_allclose(found.entropy, [np.log(2)])
        assert found.value == pytest.approx(expected / np.log(2))

    def test_as_brute_force(self):
        latents = standardized(FACTORS) @ noise(5)[:3] + 0.3 * noise(5, 1)
        found = mutual_information_gap(latents, FACTORS)
        information = np.zeros((5, 3))
        for j in range(5):
            low, high = latents[:, j].min(), latents[:, j].max()
            place = np.floor((latents[:, j] - low) / (high - low) * 20)
            place = np.minimum(place, 19)
            for k in range(3):
                for b in range(20):
                    for v in range(4):
                        is_b, is_v = place == b, FACTORS[:, k] == v
                        both = (is_b & is_v).mean()
                        if both:
                            information[j, k] += both * np.log(
                                both / (is_b.mean() * is_v.mean())
                            )
        np.testing.assert_allclose(
            found.mutual_information, information, atol=1e-12
        )
        ordered = np.sort(information, axis=0)
        gaps = (ordered[-1] - ordered[-2]) / np.log([2, 3, 4])
        np.testing.assert_allclose(found.gaps, gaps, atol=1e-12)
        assert found.value == pytest.approx(gaps.mean())

    def test_known_codes(self):
        assert mutual_information_gap(FACTORS, FACTORS).value == (
            pytest.approx(1.0)
        )
        wide = np.concatenate([noise(4), -3 * FACTORS + 5], axis=1)
        # Noise in 20 bins tells (20 - 1)(v - 1) / (2 n) nats by chance.
        assert mutual_information_gap(wide, FACTORS).value > 0.94
        pair = FACTORS[:, 1:]
        assert mutual_information_gap(rotated(pair), pair).value < 0.02
        assert mutual_information_gap(noise(6), FACTORS).value < 0.02
        twice = np.concatenate([FACTORS, FACTORS], axis=1)
        assert mutual_information_gap(twice, FACTORS).value == 0.0


class TestSeparatedAttributePredictability:
    def test_squared_correlations(self):
        latents = np.concatenate([FACTORS, noise(2)], axis=1)
        latents[:, 4] = FACTORS[:, 2] + latents[:, 4]
        found = separated_attribute_predictability(latents, FACTORS, True)
        both = np.corrcoef(latents.T, FACTORS.T)[:5, 5:] ** 2
        np.testing.assert_allclose(found.scores, both, atol=1e-12)
        ordered = np.sort(both, axis=0)
        assert found.value == pytest.approx((ordered[-1] - ordered[-2]).mean())

    def test_accuracies(self):
        # One line tells two values; noise tells one of two by chance.
        factors = FACTORS[:, :1]
        latents = np.concatenate([3.0 * factors, noise(1)], axis=1)
        found = separated_attribute_predictability(latents, factors)
        assert found.scores[0, 0] == 1.0
        assert found.scores[1, 0] == pytest.approx(0.5, abs=0.1)
        again = separated_attribute_predictability(latents, factors)
        np.testing.assert_array_equal(found.scores, again.scores)

    def test_one_value_to_train_on(self):
        factors = np.zeros((30, 2), int)
        factors[[5, 6], [0, 1]] = 1
        found = separated_attribute_predictability(noise(3)[:30], factors)
        # All latents say the value that is left.
        assert found.value == pytest.approx(0.0, abs=0.11)

    @pytest.mark.parametrize("ordered", [True, [False, True, True]])
    def test_known_codes(self, ordered):
        def value(latents):
            return separated_attribute_predictability(
                latents, FACTORS, ordered
            ).value

        perfect = value(FACTORS)
        assert perfect > (0.99 if ordered is True else 0.8)
        assert value(noise(6)) < 0.05
        assert value(np.concatenate([FACTORS, FACTORS], axis=1)) == 0.0
        dead = np.concatenate([FACTORS, np.full((600, 1), 0.1)], axis=1)
        # Guessing scores a little above nothing where accuracies count.
        assert value(dead) == pytest.approx(perfect, abs=0.02)
        pair = FACTORS[:, 1:]
        assert separated_attribute_predictability(
            rotated(pair), pair, True
        ).value == pytest.approx(0.0, abs=1e-12)


class TestDCI:
    def test_by_hand(self):
        importance = np.array([[1.0, 0.0], [0.0, 0.5], [0.0, 0.5]])
        found = DCI(importance, np.array([1.0, 0.5]))
        assert found.disentanglement == pytest.approx(1.0)
        # The second factor is spread over two of three latents.
        second = 1 - np.log(2) / np.log(3)
        assert found.completeness == pytest.approx((1 + second) / 2)
        assert found.informativeness == 0.75

    def test_weights_by_hand(self):
        importance = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5], [0, 0]])
        found = DCI(importance, np.ones(2))
        # The first latent, half of all importance, is of both alike.
        assert found.disentanglement == pytest.approx(0.5)
        assert found.completeness == pytest.approx(0.5)  # 2 of 4 latents

    def test_known_codes(self):
        perfect = dci(np.concatenate([FACTORS, noise(2)], axis=1), FACTORS)
        assert perfect.disentanglement > 0.99
        assert perfect.completeness > 0.99
        assert perfect.informativeness == 1.0
        # A permutation of columns and their scale are no matter.
        np.testing.assert_allclose(perfect.importance[:3], np.eye(3), atol=0.02)
        pair = FACTORS[:, 1:]
        turned = dci(rotated(pair), pair)
        assert turned.disentanglement < 0.2
        assert turned.informativeness == 1.0

    def test_nothing_told(self):
        found = dci(noise(6), FACTORS)
        assert found.disentanglement < 0.1
        assert found.completeness < 0.1
        # Guessing is right for one of 2, 3 and 4.
        assert found.informativeness == pytest.approx(13 / 36, abs=0.06)
        collapsed = dci(np.zeros((600, 3)), FACTORS)
        assert collapsed.disentanglement == collapsed.completeness == 0.0

    def test_a_seed_gives_the_same_numbers(self):
        latents = FACTORS + noise(3)
        first, again = dci(latents, FACTORS), dci(latents, FACTORS)
        np.testing.assert_array_equal(first.importance, again.importance)
        other = dci(latents, FACTORS, seed=1)
        assert not np.array_equal(first.importance, other.importance)


@pytest.mark.parametrize(
    "metric", [mutual_information_gap, separated_attribute_predictability, dci]
)
@pytest.mark.parametrize(
    ("latents", "factors", "message"),
    [
        (FACTORS[:, :1], FACTORS, "and 2 latents"),
        (FACTORS[:9], FACTORS[:9], "at least 10 examples"),
        (FACTORS, FACTORS[:50], r"expected \(600, num_factors\)"),
        (FACTORS, FACTORS[:, 0], r"factors has shape \(600,\)"),
        (FACTORS, FACTORS / 2, "dtype float64; expected whole numbers"),
        (FACTORS * np.nan, FACTORS, "not finite"),
        (FACTORS, FACTORS * [1, 0, 1], r"columns \[1\] are constant"),
    ],
)
def test_refused(metric, latents, factors, message):
    with pytest.raises(ValueError, match=message):
        metric(latents, factors)


def test_refused_by_one_metric():
    with pytest.raises(ValueError, match="is of at least 2"):
        dci(FACTORS, FACTORS[:, :1])
    with pytest.raises(ValueError, match="for each of the 3 factors"):
        separated_attribute_predictability(FACTORS, FACTORS, [True, False])
    with pytest.raises(ValueError, match="expected True, False"):
        separated_attribute_predictability(FACTORS, FACTORS, 1)
