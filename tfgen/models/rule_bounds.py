"""What missing numbers of rows may be by rules, where others are there."""

from collections.abc import Sequence

import numpy as np

from tfgen.data.columns import Column
from tfgen.data.reading import Reading
from tfgen.data.row_numbers import placed
from tfgen.data.rules import Rule
from tfgen.data.table_parts import TableParts
from tfgen.probability.table_row import Within


def within_rules(
    within: Within, reading: Reading, stored: np.ndarray, missing: np.ndarray
) -> Within:
    """Narrows numbers that a rule `"at_most"` or `"below"` bounds.

    Where one of the two is there, the other is drawn beyond it, so that
    hardly a draw breaks the rule.

    Args:
        within: what numbers may be without rules.
        reading: of the rows, with their rules.
        stored: rows in the columns' units, `(rows, width)`.
        missing: which of their numbers are to be drawn.
    """
    bounds = _Bounds(within, reading, stored, missing)
    for rule in reading.rules:
        if rule.kind in ("at_most", "below"):
            bounds.narrow(rule)
    return bounds.within()


class _Bounds:
    def __init__(self, within, reading, stored, missing):
        self._low, self._high = within.low.copy(), within.high.copy()
        self._allowed = within.allowed.copy()
        self._reading, self._stored, self._missing = reading, stored, missing
        levels = TableParts(reading.parts).levels
        self._code_ends = np.cumsum([0, *levels])
        self._placed = {c.name: (at, c) for at, c in placed(reading.columns)}

    def narrow(self, rule: Rule) -> None:
        """Narrows what is open where the other number is there."""
        (left, a), (right, b) = (self._placed[name] for name in rule.columns)
        is_strict = rule.kind == "below"
        up = self._missing[:, right] & ~self._missing[:, left]
        values = self._stored[:, left] + is_strict * (b.resolution or 0.0)
        self._beyond(up, right, b, values, is_low=True)
        down = self._missing[:, left] & ~self._missing[:, right]
        values = self._stored[:, right] - is_strict * (a.resolution or 0.0)
        self._beyond(down, left, a, values, is_low=False)

    def within(self) -> Within:
        """What numbers may be; the check that follows finds the others."""
        high = np.maximum(self._low, self._high)
        return Within(self._low, high, self._allowed)

    def _beyond(
        self,
        rows: np.ndarray,
        place: int,
        column: Column,
        values: np.ndarray,
        is_low: bool,
    ) -> None:
        x = self._stored.copy()
        x[:, place] = values
        end = self._reading.from_data_units(x)[:, place]
        if is_low:
            self._low[rows, place] = np.maximum(
                self._low[rows, place], end[rows]
            )
        else:
            self._high[rows, place] = np.minimum(
                self._high[rows, place], end[rows]
            )
        for code, value in enumerate(_frequent(column), start=1):
            is_out = rows & ((value < values) if is_low else (value > values))
            self._allowed[is_out, self._code_ends[place + 1] + code] = 0.0


def _frequent(column: Column) -> Sequence[float]:
    return column.frequent or ()
