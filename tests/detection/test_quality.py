"""Against scikit-learn, SciPy and a hand calculation."""

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from tfgen.detection import Detection, detection_quality


def test_by_hand_and_by_other_programs():
    score = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    odd = np.array([1, 0, 1, 0, 0, 0])
    found = detection_quality(Detection(score, score, score > 1.5), odd)
    # Of the 8 pairs of an odd and a normal row 7 are in order.
    assert found.auroc == 7 / 8 == sklearn.metrics.roc_auc_score(odd, score)
    assert found.average_precision == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert found.f1 == pytest.approx(2 * 2 / (4 + 2))  # 4 flags, 2 right
    assert (found.false_alarms.count, found.false_alarms.rows) == (2, 4)
    assert (found.found.count, found.found.rows) == (2, 2)
    # No fewer than 2 of 2: the lower end solves p^2 = 0.025.
    assert found.found.low == pytest.approx(0.025**0.5)
    assert found.found.high == 1
    beta = scipy.stats.beta(3, 2)  # Clopper and Pearson's upper end
    assert found.false_alarms.high == pytest.approx(beta.ppf(0.975))
    assert str(found.found) == "2 of 2 (100.0%, 95% interval 15.8% to 100.0%)"


def test_normal_rows_alone_have_a_rate_of_alarms():
    score = np.arange(10.0)
    found = detection_quality(
        Detection(score, score, score > 8.5), [False] * 10
    )
    assert np.isnan([found.auroc, found.average_precision, found.f1]).all()
    assert found.false_alarms.count == 1 and found.found is None


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"is_odd has shape \(2,\), expected \(3,\)"),
        ([[0], [1], [1]], r"has shape \(3, 1\), expected \(3,\)"),
        ([0, 1, 2], "is_odd holds 2, expected 0"),
        (["no", "no", "yes"], "is_odd holds no, yes, expected 0"),
        ([0.0, 1.0, np.nan], "is_odd holds nan, expected 0"),
        ([True, None, False], "is_odd holds None, expected 0"),
    ],
)
def test_refused(labels, message):
    score = np.arange(3.0)
    with pytest.raises(ValueError, match=message):
        detection_quality(Detection(score, score, score > 1), labels)
