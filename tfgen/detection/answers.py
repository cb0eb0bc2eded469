"""What a calibrated detector says of rows."""

import dataclasses

import numpy as np
import numpy.typing as npt

from tfgen.data import Source
from tfgen.data.row_numbers import placed
from tfgen.detection.detection import Detection
from tfgen.detection.explanation import Explanation
from tfgen.detection.judge import Judge
from tfgen.detection.row_values import Rows


class Answers:
    """Scores, p-values, flags and reasons, for a `Detector` that has them.

    A subclass has `_judge`, `alpha`, and `_read`, which rows go through.
    """

    alpha: float
    _judge: Judge

    @property
    def offset_(self) -> float:
        """What `score_samples` has at the limit; -inf if none is flagged."""
        return -self._judge.limit(self.alpha)

    def rate_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Between what the rate of false alarms lies, by these held-out rows.

        Over all draws of n held-out rows it is alpha or less on average. Of
        those at hand, the share of normal rows beyond the r-th largest score
        of n, where `r = floor(alpha (n + 1))`, follows a beta distribution,
        `Beta(r, n + 1 - r)`.

        Args:
            confidence: of the interval.

        Returns:
            Its ends. Of m measures r is that of alpha / m, and the upper end
            that of all their alarms together.

        Reference:
            Vovk (2012), "Conditional validity of inductive conformal
            predictors".
        """
        return self._judge.calibrations[0].rates(self.alpha, confidence)

    @property
    def promise(self) -> str:
        """The `rate_interval` in words."""
        low, high = self.rate_interval()
        if not high:
            return "no row can be flagged: see the note"
        return (
            f"{low:.2%} to {high:.2%} of normal rows at alpha {self.alpha:g}, "
            f"95% interval by {self.num_held_out:,} held-out rows"
        )

    def detect(self, x: Rows, labels: npt.ArrayLike | None = None) -> Detection:
        """Scores, p-values and flags in one pass.

        A row with a text or a gap that the training data had not is as odd as
        can be: its score is infinite, and the share of that value
        (`tfgen.data.load(..., like=model, on_unknown="flag")`, which is what
        becomes of a path or, for a detector that was trained by a name, of a
        frame).

        Args:
            x: rows, as `held_out`.
            labels: their classes, for conditional models and arrays.
        """
        return self.judge(self._scores(x, labels))

    def judge(self, by_measure: np.ndarray) -> Detection:
        """What scores by each measure say, `(n, measures)`."""
        p_value = self._judge.p_values(by_measure)
        score = self._judge.score(by_measure)
        return Detection(score, p_value, p_value <= self.alpha)

    def p_values(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """How likely a normal row is to be as odd: float64 `(n,)`."""
        return self._judge.p_values(self._scores(x, labels))

    def score_samples(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """How normal rows are, float64 `(n,)`: the negative of the score."""
        return -self._judge.score(self._scores(x, labels))

    def decision_function(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """`score_samples` less `offset_`: below 0 for what is flagged."""
        return self.score_samples(x, labels) - self.offset_

    def predict(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """-1 for rows that are flagged, 1 for others: int64 `(n,)`."""
        return np.where(self.p_values(x, labels) <= self.alpha, -1, 1)

    @property
    def explains(self) -> bool:
        """Whether `explain` has shares of values for such a detector."""
        return self._judge.explains

    def explain(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> Explanation:
        """Shares of each value (column, pixel) in the scores of rows.

        By one of the measures `"elbo"`, `"bound"` and `"reconstruction"`; of
        an ensemble the means of the models' shares, in its units. Columns
        that depend on each other (`FullGaussian`, `LowRankGaussian`) are
        judged given all others; the channels of a pixel that do
        (`LogisticMixture`) share evenly. Of many large rows every second
        held-out one, every third, ... gives the medians.

        Args:
            x: rows, as `held_out`.
            labels: their classes, for conditional models and arrays.

        Raises:
            ValueError: for other measures or several, and for likelihoods that
                have no numbers for single values.
        """
        rows = self._read(x)
        return _explained(self._judge.explainer.explain(rows, labels), rows)

    def _scores(self, x, labels):
        rows = self._read(x)
        scores = self._judge.scorer.score(rows, labels)
        unknown = _unknown(rows)
        if unknown:
            scores[np.any([*unknown.values()], axis=0)] = np.inf
        return scores


def _unknown(rows):
    return rows.unknown if isinstance(rows, Source) else {}


def _explained(why, rows):
    """With the shares of values that the training data had not: infinite."""
    unknown = _unknown(rows)
    if not unknown:
        return why
    score, rest, shares = (
        np.array(a) for a in (why.score, why.rest, why.shares)
    )
    is_odd = np.any([*unknown.values()], axis=0)
    score[is_odd], rest[is_odd], shares[is_odd] = np.inf, 0.0, 0.0
    for place, column in placed(rows.columns):
        if column.name in unknown:
            shares[unknown[column.name], place] = np.inf
    return dataclasses.replace(why, score=score, rest=rest, shares=shares)
