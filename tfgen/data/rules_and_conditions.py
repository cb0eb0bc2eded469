"""Conditions on columns that no row can keep and hold the rules as well."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfgen.data.columns import Column
from tfgen.data.conditions import Condition, shown
from tfgen.data.rules import Rule, tolerance


def contradictions(
    rules: Sequence[Rule],
    columns: Sequence[Column],
    conditions: Sequence[Condition],
    count: int,
) -> list[str]:
    """Return why rows that keep conditions cannot hold rules.

    Rules are looked at one by one; a column that may be a gap contradicts
    none.

    Args:
        rules: of the table, with their combinations.
        columns: of the table.
        conditions: on some of them.
        count: how many rows there are to be.

    Returns:
        A reason for each rule that cannot hold.
    """
    known = {column.name: column for column in columns}
    asked = {condition.column.name: condition for condition in conditions}
    reasons = []
    for number, rule in enumerate(rules, start=1):
        own = [_Range(known[name], asked.get(name)) for name in rule.columns]
        if any(one.may_be_gap for one in own):
            continue
        if rule.kind != "unique" and asked.keys().isdisjoint(rule.columns):
            continue
        why = _WHY[rule.kind](rule, own, count)
        if why:
            reasons.append(f"rule {number} ({rule.text}): {why}")
    return reasons


class _Range:
    """What a column may be under a condition or without one."""

    def __init__(self, column: Column, condition: Condition | None):
        self.column, self.condition = column, condition
        self.low, self.high = column.low, column.high
        self.codes = range(len(column.categories or ()))
        self.may_be_gap = column.missing is not None
        if condition is not None:
            self.low, self.high = condition.low, condition.high
            if column.levels:
                self.codes = condition.codes
            gap = column.levels - 1 if column.levels else column.specials
            self.may_be_gap &= condition.codes == (gap,)

    @property
    def size(self) -> float:
        """How many values there are."""
        column = self.column
        if not column.width:
            return math.inf  # ids count on
        if column.kind == "boolean" and not column.levels:
            return 2
        if column.levels:
            return len(self.codes)
        if self.low == self.high:
            return 1
        if column.resolution is None:
            return math.inf
        return math.floor((self.high - self.low) / column.resolution + 1.5)

    def has(self, value: float) -> bool:
        """Whether a number or a code may be."""
        if self.column.levels:
            return value in self.codes
        return self.low <= value <= self.high


def _why_no_order(rule, own, count):
    left, right = own
    if (
        left.low < right.high
        or rule.kind == "at_most"
        and (left.low == right.high)
    ):
        return None
    return (
        f"{left.column.name} is {shown(left.column, left.low)} at least, "
        f"{right.column.name} {shown(right.column, right.high)} at most"
    )


def _why_no_sum(rule, own, count):
    *parts, total = own
    lowest = math.fsum(part.low for part in parts)
    highest = math.fsum(part.high for part in parts)
    ends = np.array([[lowest, highest, total.low, total.high]])
    slack = float(tolerance(total.column, ends)[0])
    if lowest <= total.high + slack and total.low <= highest + slack:
        return None
    return (
        f"the parts give {lowest:g} to {highest:g}, {total.column.name} is "
        f"{total.low:g} to {total.high:g}"
    )


def _why_not_together(rule, own, count):
    for row in rule.combinations or ():
        if all(one.has(value) for one, value in zip(own, row, strict=True)):
            return None
    return "no training row has such a combination"


def _why_not_unique(rule, own, count):
    most = math.prod(one.size for one in own)
    if count <= most:
        return None
    return f"of {count:,} rows at most {most:,} can differ"


_WHY: Mapping = {
    "at_most": _why_no_order,
    "below": _why_no_order,
    "sum": _why_no_sum,
    "together": _why_not_together,
    "unique": _why_not_unique,
}
