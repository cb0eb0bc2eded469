"""How well a detector does where it is known what is odd."""

import dataclasses

import numpy as np
import numpy.typing as npt

from tfgen.detection.detection import Detection


@dataclasses.dataclass(frozen=True)
class Rate:
    """A share of rows, with what chance may have done to it.

    Attributes:
        count: rows that were flagged.
        rows: of so many.
        low: lower end of the 95% interval of the share (Clopper and Pearson,
            1934).
        high: upper end.
    """

    count: int
    rows: int
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.count:,} of {self.rows:,} ({self.count / self.rows:.1%}, "
            f"95% interval {self.low:.1%} to {self.high:.1%})"
        )


@dataclasses.dataclass(frozen=True)
class DetectionQuality:
    """What `detection_quality` found.

    Attributes:
        auroc: area under the curve of true by false alarms, as the score's
            limit moves; NaN where all rows are normal, or all odd.
        average_precision: of the same; NaN likewise.
        f1: of the flags, at the detector's alpha; NaN where no row is odd.
        false_alarms: how many of the normal rows are flagged, or None.
        found: how many of the odd rows are flagged, or None.

    Example:
    >>> score = np.array([0.1, 0.2, 0.8])
    >>> found = tfgen.detection.Detection(score, 1 - score, score > 0.5)
    >>> tfgen.detection.detection_quality(found, [0, 0, 1]).false_alarms.count
    0
    """

    auroc: float
    average_precision: float
    f1: float
    false_alarms: Rate | None
    found: Rate | None


def detection_quality(
    detection: Detection, is_odd: npt.ArrayLike
) -> DetectionQuality:
    """How well a detector tells odd rows, where it is known which they are.

    Args:
        detection: what `Detector.detect` said of the rows.
        is_odd: which of them are odd: `(n,)`, booleans, or 1 and 0.

    Raises:
        ValueError: for labels of another length, or other than 0 and 1.

    Example:
    >>> score = np.array([0.1, 0.4, 0.35, 0.8])
    >>> found = tfgen.detection.Detection(score, score, score > 0.5)
    >>> quality = tfgen.detection.detection_quality(found, [0, 0, 1, 1])
    >>> quality.auroc, round(quality.f1, 3)
    (0.75, 0.667)
    >>> print(quality.found)
    1 of 2 (50.0%, 95% interval 1.3% to 98.7%)
    """
    from sklearn import metrics

    odd = np.asarray(is_odd)
    rows = len(detection.score)
    if odd.shape != (rows,):
        raise ValueError(
            f"is_odd has shape {odd.shape}, expected ({rows},): one for each "
            "row of the detection."
        )
    others = {value for value in odd.tolist() if value not in (0, 1)}
    if others:
        others = sorted(others, key=str)
        more = ", ..." if len(others) > 5 else ""
        raise ValueError(
            f"is_odd holds {', '.join(map(str, others[:5]))}{more}, expected "
            "0 (or False) and 1 (or True), such as labels != 'normal'."
        )
    odd = odd.astype(bool)
    # By their order alone, as some may be infinite.
    _, score = np.unique(detection.score, return_inverse=True)
    auroc = average_precision = f1 = np.nan
    if odd.any():
        f1 = metrics.f1_score(odd, detection.is_odd)
        if not odd.all():
            auroc = metrics.roc_auc_score(odd, score)
            average_precision = metrics.average_precision_score(odd, score)
    return DetectionQuality(
        float(auroc),
        float(average_precision),
        float(f1),
        false_alarms=_rate(detection.is_odd[~odd]),
        found=_rate(detection.is_odd[odd]),
    )


def _rate(flags):
    import scipy.stats

    if not len(flags):
        return None
    count, rows = int(np.sum(flags)), len(flags)
    interval = scipy.stats.binomtest(count, rows).proportion_ci(0.95)
    return Rate(count, rows, float(interval.low), float(interval.high))
