"""Which numbers of a column come so often that each has a code of its own."""

import numpy as np

LEAST_SHARE = 0.05
FEWEST_ROWS = 10
PEAK_SHARE = 0.001
FEWEST_ROWS_OF_PEAK = 20
TIMES_ITS_NEIGHBOURS = 5.0
MOST = 100
_NEIGHBOURS = 2


def frequent_values(
    values: np.ndarray, counts: np.ndarray, step: float | None
) -> np.ndarray:
    """Return the numbers that a smooth density would miss, in their order.

    - A value that makes up 5% of the column, in 10 rows at least.
    - A peak: a value that makes up 0.1%, in 20 rows at least, and comes 5
      times as often as the two values seen on either side of it let expect,
      their rows spread evenly over the numbers between them. Such are 99999
      for "more than that", 40 working hours, or a price that many paid.

    At most the 100 most frequent ones.

    Args:
        values: distinct numbers, shape `(n,)`, in any order.
        counts: in how many rows each is, shape `(n,)`.
        step: what the numbers are multiples of, such as 1 or .01; None for
            full precision, where one and the same value is not expected twice.
    """
    values, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place, counts, len(values))
    rows = counts.sum()
    often = counts >= max(LEAST_SHARE * rows, FEWEST_ROWS)
    is_peak = counts >= max(PEAK_SHARE * rows, FEWEST_ROWS_OF_PEAK)
    is_peak &= counts >= TIMES_ITS_NEIGHBOURS * _expected(values, counts, step)
    found = np.flatnonzero(often | is_peak)
    most = np.argsort(-counts[found], kind="stable")[:MOST]
    return np.sort(values[found[most]])


def _expected(values, counts, step):
    """Rows of each value, if its neighbours' were spread evenly."""
    if not step:
        return np.zeros(len(values))
    last = len(values) - 1
    place = np.arange(len(values))
    first = np.maximum(place - _NEIGHBOURS, 0)
    end = np.minimum(place + _NEIGHBOURS, last)
    ends = np.concatenate([[0], np.cumsum(counts)])
    others = ends[end + 1] - ends[first] - counts
    # As many numbers may stand between the outer ones, without its own.
    between = np.maximum((values[end] - values[first]) / step, end - first)
    return others / np.maximum(between, 1)
