"""Rows that hold rules: sums are computed, other rows are drawn again."""

import dataclasses
import typing
from collections.abc import Callable, Collection, Sequence

import numpy as np

from tfgen.data.columns import Column, snapped
from tfgen.data.row_draws import DistinctDraws, Draws
from tfgen.data.row_numbers import placed
from tfgen.data.rule_checks import told_values
from tfgen.data.rules import Rule, names_in, values_of

MOST_DRAWS = 100
"""How often a row is drawn at most until it holds the rules."""
_SLACK = 1e-9  # of floats of full precision


class Held(typing.NamedTuple):
    """Rows that hold rules.

    Attributes:
        x: in the columns' units, `(n, numbers)`.
        rows_again: how many of them were drawn again.
        draws_again: draws that this took.
    """

    x: np.ndarray
    rows_again: int
    draws_again: int

    @property
    def note(self) -> str | None:
        """What was drawn again, in one line, or None."""
        if not self.rows_again:
            return None
        plural = "s were" if self.rows_again > 1 else " was"
        return (
            f"{self.rows_again:,} of {len(self.x):,} row{plural} drawn again "
            f"to hold the rules ({self.draws_again:,} draws)."
        )


class Keeper:
    """Makes rows hold rules.

    The total of a sum is computed from its parts, or a part from the total,
    and rounded as its column is. Rows that break a rule all the same are
    drawn again, `MOST_DRAWS` times at most. Which draw a row gets depends on
    its own draws alone; under a rule `"unique"` on rows before it too, of
    which none changes by rows that come after.

    Args:
        rules: of the table, with their combinations.
        columns: of the table; values that are computed lie within their
            bounds.
        given: True for numbers that stay as they are, `(n, numbers)`; None for
            none. A rule of which all numbers are given is left alone, and a
            number that is computed from given ones alone may lie anywhere.
        asked: names of columns that are not computed where another one of a
            sum can be.
        advice: what a message says can be done.

    Example:
    >>> import numpy as np
    >>> from tfgen.data.held_rules import Keeper
    >>> columns = [tfgen.data.Column(name, "whole") for name in ("a", "b", "c")]
    >>> keeper = Keeper([tfgen.data.Rule("sum", ("a", "b", "c"))], columns)
    >>> keeper.hold(np.array([[1.0, 2.0, 9.0]]), None).x
    array([[1., 2., 3.]])
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        columns: Sequence[Column],
        given: np.ndarray | None = None,
        asked: Collection[str] = (),
        advice: str = "train for longer, or leave the rule out",
    ):
        self._rules = rules
        self._columns = columns
        self._known = {column.name: column for column in columns}
        self._places = {column.name: at for at, column in placed(columns)}
        self._given = given
        self._asked = asked
        self._advice = advice
        self._sums = _in_order([rule for rule in rules if rule.kind == "sum"])
        # Ids count on, so that no two are equal.
        self._unique = [
            rule
            for rule in rules
            if rule.kind == "unique"
            and all(self._known[name].width for name in rule.columns)
        ]

    def hold(
        self,
        x: np.ndarray,
        redraw: Callable[[np.ndarray, int], np.ndarray],
        place: Callable[[int], str] = "row {}, ".format,
    ) -> Held:
        """Return rows that hold the rules.

        Args:
            x: the first draw of each, in the columns' units and as their
                values come, `(n, numbers)`.
            redraw: `(rows, draw) -> (len(rows), numbers)`, draw 1, 2, ... of
                some rows.
            place: what a message calls a row.

        Raises:
            ValueError: for rows that break a rule in all of their draws.
        """
        waiting, again = np.arange(len(x)), 0
        draws = Draws(x)
        if self._unique:
            draws = DistinctDraws(x, self._given_keys(x))
        for draw in range(MOST_DRAWS):
            new = redraw(waiting, draw) if draw else x
            again += len(waiting) if draw else 0
            new, good = self._settled(new, waiting)
            draws.add(waiting, new, good, self._keys(new, waiting))
            waiting = draws.choose()
            if not len(waiting):
                return Held(draws.x, int((draws.chosen > 0).sum()), again)
        # The last draw of the first of them.
        new = self._settled(redraw(waiting[:1], draw), waiting[:1])[0]
        raise ValueError(self._why_not(new, waiting, place))

    def broken(self, x: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
        """Return for each rule by its number which rows break it."""
        values = values_of(self._columns, x, names_in(self._rules))
        found = {}
        for number, rule in enumerate(self._rules, start=1):
            if rule.kind != "unique":
                found[number] = ~rule.holds(self._known, values)
                found[number] &= ~self._all_given(rule, rows)
        return found

    def _settled(self, x, rows):
        """Rows with sums computed, and whether all holds in them."""
        x = x.copy()
        inside = np.ones(len(x), bool)
        for rule in self._sums:
            inside &= self._add_up(rule, x, rows)
        for broken in self.broken(x, rows).values():
            inside &= ~broken
        return x, inside

    def _add_up(self, rule, x, rows):
        """Computes a number of each row; False where it is out of bounds."""
        values = values_of(self._columns, x, rule.columns)
        numbers, gaps = rule.numbers(values)
        target, is_sole = self._targets(rule, rows)
        inside = np.ones(len(x), bool)
        sign = np.ones(len(rule.columns))
        sign[-1] = -1  # parts less their total are 0
        for i, name in enumerate(rule.columns):
            some = np.flatnonzero(~gaps & (target == i))
            others = np.delete(numbers[some] * sign, i, axis=1).sum(axis=1)
            number = _rounded(self._known[name], -others * sign[i])
            self._put(name, number, x, some)
            beyond = _is_beyond(self._known[name], number)
            inside[some] = ~beyond | is_sole[some]
        return inside

    def _put(self, name, numbers, x, rows):
        """Sets numbers of a column, and the codes beside them."""
        column, place = self._known[name], self._places[name]
        x[rows, place] = numbers
        if column.width == 2:
            x[rows, place + 1] = _codes(column, numbers)

    def _targets(self, rule, rows):
        """Which column of a sum is computed, -1 for none; is it alone open?"""
        count = len(rule.columns)
        given = self._given_of(rule, rows)
        asked = np.array([name in self._asked for name in rule.columns])
        # Of several the total comes first, else the last part.
        order = [count - 1, *range(count - 2, -1, -1)]
        target = np.full(len(rows), -1)
        for is_taken in (given | asked, given):
            for i in order:
                target = np.where((target < 0) & ~is_taken[:, i], i, target)
        has_given = given.any(axis=1)
        return target, has_given & (given.sum(axis=1) == count - 1)

    def _given_of(self, rule, rows):
        if self._given is None:
            return np.zeros((len(rows), len(rule.columns)), bool)
        places = [self._places[name] for name in rule.columns]
        return self._given[np.ix_(rows, places)]

    def _all_given(self, rule, rows):
        return self._given_of(rule, rows).all(axis=1)

    def _keys(self, x, rows):
        """What a row must have alone, by rule; None where it need not."""
        values = values_of(self._columns, x, names_in(self._unique))
        found = []
        for rule in self._unique:
            numbers, gaps = rule.numbers(values)
            free = gaps | self._all_given(rule, rows)
            keys = map(tuple, numbers.tolist())
            found.append(
                [None if f else k for f, k in zip(free, keys, strict=True)]
            )
        return [*zip(*found, strict=True)]

    def _given_keys(self, x):
        """Of each unique rule what rows have that stay as they are."""
        values = values_of(self._columns, x, names_in(self._unique))
        found = []
        for rule in self._unique:
            numbers, gaps = rule.numbers(values)
            rows = self._all_given(rule, np.arange(len(x))) & ~gaps
            found.append(set(map(tuple, numbers[rows].tolist())))
        return found

    def _why_not(self, x, waiting, place):
        """Of the first row that waits, by its last draw `(1, numbers)`."""
        values = values_of(self._columns, x, names_in(self._rules))
        broken = self.broken(x, waiting[:1])
        why = {number: "" for number, is_it in broken.items() if is_it[0]}
        for number, rule in enumerate(self._rules, start=1):
            if rule.kind == "sum" and self._is_out(rule, values):
                why[number] = ", beyond the training rows"
            if rule in self._unique and not why:
                why[number] = ", as before"
        reasons = []
        for number, end in why.items():
            rule = self._rules[number - 1]
            told = told_values(rule, self._known, values, 0)
            reasons.append(f"rule {number} ({rule.text}): {told}{end}")
        more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
        return (
            f"{place(int(waiting[0]))}none of {MOST_DRAWS} draws holds the "
            f"rules{more}; of the last one {'; '.join(reasons)}: "
            f"{self._advice}."
        )

    def _is_out(self, rule, values):
        return any(
            _is_beyond(self._known[name], values[name][0])[0]
            for name in rule.columns
        )


def _in_order(sums: Sequence[Rule]) -> list[Rule]:
    """Sums of which the total is a part of another before that one."""
    found, ahead = [], list(sums)
    while ahead:
        totals = {rule.columns[-1] for rule in ahead}
        ready = [r for r in ahead if totals.isdisjoint(r.columns[:-1])]
        found += ready
        ahead = [rule for rule in ahead if rule not in ready]
    return found


def _rounded(column: Column, numbers: np.ndarray) -> np.ndarray:
    """Numbers as a column has them, wherever they lie."""
    free = {"dtype": "float64", "low": -np.inf, "high": np.inf}
    return snapped(dataclasses.replace(column, **free), numbers)


def _is_beyond(column: Column, numbers: np.ndarray) -> np.ndarray:
    """Whether numbers lie outside of what a column may have."""
    slack = _SLACK * np.abs(numbers)
    return (numbers < column.low - slack) | (numbers > column.high + slack)


def _codes(column: Column, numbers: np.ndarray) -> np.ndarray:
    """Codes beside numbers that count, those of frequent values among them."""
    codes = np.zeros(len(numbers))
    for code, value in enumerate(column.frequent or (), start=1):
        codes[numbers == value] = code
    return codes
