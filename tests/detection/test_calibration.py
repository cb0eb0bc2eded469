"""P-values by hand, and thresholds that agree with them."""

import numpy as np
import pytest

from tfgen.detection.calibration import Calibration

HELD_OUT = [2.0, 4.0, 1.0, 2.0]


def test_p_values_by_hand():
    """Of 4 held-out scores and itself; ties count as at least as odd."""
    found = Calibration(HELD_OUT).p_values([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 9.0])
    wanted = [5 / 5, 5 / 5, 4 / 5, 4 / 5, 2 / 5, 2 / 5, 1 / 5]
    np.testing.assert_allclose(found, wanted)


def test_bonferroni_by_hand():
    found = Calibration(HELD_OUT, tests=2).p_values([9.0, 3.0, 1.0])
    np.testing.assert_allclose(found, [2 / 5, 4 / 5, 10 / 5])


@pytest.mark.parametrize(
    ("alpha", "wanted"),
    [(0.19, np.inf), (0.2, 4.0), (0.39, 4.0), (0.4, 2.0), (0.7, 2.0)],
)
def test_threshold_by_hand(alpha, wanted):
    assert Calibration(HELD_OUT).threshold(alpha) == wanted


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.07, 0.1, 0.29, 0.5, 0.57])
@pytest.mark.parametrize("tests", [1, 3])
@pytest.mark.parametrize("decimals", [0, 8])
def test_thresholds_agree_with_p_values(alpha, tests, decimals):
    """Also of scores with many ties, at levels that floats cannot hold."""
    random = np.random.default_rng(0)
    calibration = Calibration(random.normal(size=99).round(decimals), tests)
    scores = np.concatenate(
        [random.normal(0, 2, 300).round(decimals), random.normal(0, 2, 300)]
    )
    flagged = calibration.p_values(scores) <= alpha
    above = scores > calibration.threshold(alpha)
    np.testing.assert_array_equal(flagged, above)
    limit = calibration.surprise_threshold(alpha)
    surprised = calibration.surprise(scores) > limit
    np.testing.assert_array_equal(flagged, surprised)
    assert flagged.any() or calibration.smallest > alpha


@pytest.mark.parametrize("decimals", [0, 8])
def test_surprise_is_log_p_and_keeps_the_order(decimals):
    random = np.random.default_rng(1)
    calibration = Calibration(random.normal(size=50).round(decimals))
    scores = np.unique(random.normal(0, 2, 500))
    surprise = calibration.surprise(scores)
    assert (np.diff(surprise) > 0).all()
    within = scores < calibration.threshold(1 / 51)  # the largest
    within &= scores > scores[0]
    part = surprise + np.log(calibration.p_values(scores))
    inside = within & (calibration.p_values(scores) < 1)
    assert (part[inside] >= 0).all()
    assert (np.exp(part[inside]) < 2**0.5).all()  # half of log 2 at most
