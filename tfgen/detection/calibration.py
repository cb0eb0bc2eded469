"""Scores of held-out rows as p-values of others."""

import math
from typing import NamedTuple

import numpy as np


class Calibration:
    """Scores of held-out normal rows; the larger, the odder.

    Formula: `p(s) = (1 + #{held-out scores >= s}) / (n + 1)`

    A normal row, drawn as the held-out ones were, has p <= alpha with a
    probability of at most alpha, whatever the distribution of the scores: its
    rank among all n + 1 is uniform, and ties only make p larger.

    Args:
        scores: `(n,)`, finite.
        tests: how many such p-values are combined by Bonferroni's rule, by
            which each of them is multiplied.

    Attributes:
        scores: sorted.
        table: p-values and surprises by where a score lies among them.

    Reference:
        Vovk et al. (2005), "Algorithmic learning in a random world"; Bates et
        al. (2023), "Testing for outliers with conformal p-values", equation 4.
    """

    def __init__(self, scores: np.ndarray, tests: int = 1):
        self.scores = np.sort(np.asarray(scores, np.float64))
        self._tests = tests
        n = len(self.scores)
        # By the number of rows at or above, itself counted: 1 to n + 1.
        self._levels = tests * (np.arange(1, n + 2) / (n + 1))
        self.table = _table(self.scores, self._levels)

    @property
    def smallest(self) -> float:
        """The smallest p-value that there can be."""
        return float(self._levels[0])

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Of each score, `(n,)`; above 1 where tests are combined."""
        return self.table.p_value[self._places(scores)]

    def rank(self, alpha: float) -> int:
        """How many p-values are alpha or less; 0: none can be."""
        return int(np.sum(self._levels[:-1] <= alpha))

    def threshold(self, alpha: float) -> float:
        """The score above which, and only there, p is alpha or less."""
        rank = self.rank(alpha)
        return float(self.scores[-rank]) if rank else np.inf

    def rates(self, alpha: float, confidence: float) -> tuple[float, float]:
        """Ends of an interval of the rate of alarms among normal rows.

        With `tests`, that of all their alarms together.
        """
        import scipy.stats

        rank = self.rank(alpha)
        if not rank:
            return 0.0, 0.0
        beta = scipy.stats.beta(rank, len(self.scores) + 1 - rank)
        tail = (1.0 - confidence) / 2.0
        high = self._tests * beta.isf(tail / self._tests)
        return float(beta.ppf(tail)), float(min(high, 1.0))

    def surprise(self, scores: np.ndarray) -> np.ndarray:
        """`-log(p)`, with what tells scores of equal p apart.

        Between two held-out scores, where p is constant, it rises by half of
        the step to the next p-value; beyond the largest, without end.
        """
        scores = np.asarray(scores, np.float64)
        place, table = self._places(scores), self.table
        share = (scores - table.start[place]) / table.width[place]
        return np.nan_to_num(table.base[place] + table.rise[place] * share)

    def surprise_threshold(self, alpha: float) -> float:
        """The `surprise` above which, and only there, p is alpha or less."""
        rank = self.rank(alpha)
        if not rank:
            return np.inf
        # A quarter of a step below the level: values end at half of one.
        step = np.log1p(1.0 / rank)
        return float(-np.log(self._levels[rank - 1]) - 0.25 * step)

    def _places(self, scores):
        return np.searchsorted(self.table.knots, scores, side="left")


def fewest_rows(alpha: float, tests: int = 1) -> int:
    """How many held-out rows it takes that some row can be flagged."""
    return math.ceil(round(tests / alpha - 1, 6))


class Table(NamedTuple):
    """What follows from where a score lies among the held-out ones.

    Place i is above i of the `knots`; of a knot, that below it.

    Attributes:
        knots: the scores, each once, sorted.
        p_value: by place, as all that follow.
        base: `-log(p)`.
        rise: by how much `surprise` rises within the place.
        start: score at which it begins to rise.
        width: over which it rises so much.
    """

    knots: np.ndarray
    p_value: np.ndarray
    base: np.ndarray
    rise: np.ndarray
    start: np.ndarray
    width: np.ndarray


def _table(scores, levels):
    knots = np.unique(scores)
    # One more than the number of scores at or above each place.
    below = np.append(np.searchsorted(scores, knots), len(scores))
    above = len(scores) - below
    base = -np.log(levels[above])
    # Within the first and last place it rises by 1 in a standard deviation.
    inside = slice(1, -1)
    rise, width = np.ones(len(base)), np.full(len(base), np.std(scores) or 1.0)
    rise[inside] = 0.5 * -np.log1p(-1.0 / (above[inside] + 1.0))
    width[inside] = np.diff(knots)
    start = np.append(knots[0], knots)
    return Table(knots, levels[above], base, rise, start, width)
