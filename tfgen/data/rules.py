"""Rules between the columns of a table: what they ask of its rows."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from tfgen.data.columns import Column
from tfgen.data.row_numbers import placed

RULES = ("at_most", "below", "together", "sum", "unique")
_ORDERS = {"at_most": "at most", "below": "below"}
_EXACT, _ROUNDED = 1e-12, 1e-9


@dataclasses.dataclass(frozen=True)
class Rule:
    """What holds between columns of a table, in every row.

    It holds in a row that has a gap in one of its columns.

    Attributes:
        kind: `"at_most"`, the first column is at most the second; `"below"`,
            it is less; `"together"`, the values are a combination that the
            training rows have; `"sum"`, the last column is the sum of the
            others, rounded to its own digits; `"unique"`, no two rows have the
            same values.
        columns: names of the columns.
        combinations: of a rule `"together"` the combinations, in the numbers
            that stand for values in a row; None as long as no rows were seen.

    Example:
    >>> tfgen.data.Rule("sum", ("net", "tax", "price")).text
    "'net' + 'tax' = 'price'"
    """

    kind: str
    columns: tuple[str, ...]
    combinations: tuple[tuple[float, ...], ...] | None = None

    @property
    def text(self) -> str:
        """The rule in words."""
        names = [*map(repr, self.columns)]
        if self.kind in _ORDERS:
            return f"{names[0]} {_ORDERS[self.kind]} {names[1]}"
        if self.kind == "sum":
            return f"{' + '.join(names[:-1])} = {names[-1]}"
        return f"{self.kind}: {', '.join(names)}"

    def to_json(self) -> dict:
        """Return the rule as a schema's file has it."""
        said, names = {"rule": self.kind}, [*self.columns]
        if self.kind in _ORDERS:
            return {**said, "left": names[0], "right": names[1]}
        if self.kind == "sum":
            return {**said, "columns": names[:-1], "total": names[-1]}
        return {**said, "columns": names}

    @classmethod
    def from_json(cls, said: Mapping) -> "Rule":
        """Return the rule that `to_json` told, combinations too if any."""
        columns = [*said.get("columns", ())]
        columns += [said[k] for k in ("left", "right", "total") if k in said]
        combinations = said.get("combinations")
        if combinations is not None:
            combinations = tuple(map(tuple, combinations))
        return cls(said["rule"], tuple(columns), combinations)

    def holds(
        self, columns: Mapping[str, Column], values: "Values"
    ) -> np.ndarray:
        """Return whether it holds, for each row; of `"unique"`, True.

        Args:
            columns: by name.
            values: of rows, see `values_of`.

        Returns:
            bool, shape `(n,)`.
        """
        numbers, gaps = self.numbers(values)
        if self.kind == "unique":
            return np.ones(len(numbers), bool)
        return gaps | _HOLDS[self.kind](self, columns, numbers)

    def numbers(self, values: "Values") -> tuple[np.ndarray, np.ndarray]:
        """Return its columns' numbers `(n, columns)`, and rows with gaps."""
        own = [values[name] for name in self.columns]
        numbers = np.stack([one for one, _ in own], axis=1)
        return numbers, np.any([gaps for _, gaps in own], axis=0)

    def seen(self, values: "Values") -> "Rule":
        """Return the rule with the combinations that rows have."""
        if self.kind != "together":
            return self
        numbers, gaps = self.numbers(values)
        found = np.unique(numbers[~gaps], axis=0)
        return dataclasses.replace(
            self, combinations=tuple(map(tuple, found.tolist()))
        )


Values = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Of columns by name the number or code of each row, and which are gaps."""


def values_of(
    columns: Sequence[Column], x: np.ndarray, names: Iterable[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return what rows have in some columns.

    Args:
        columns: of the table.
        x: rows in the columns' own units, `(n, numbers)`.
        names: of columns that a model sees.
    """
    names = set(names)
    return {
        column.name: _values(column, x[:, place : place + column.width])
        for place, column in placed(columns)
        if column.name in names and column.width
    }


def names_in(rules: Iterable[Rule]) -> set[str]:
    """Return the names of all columns of rules."""
    return {name for rule in rules for name in rule.columns}


def seen_in(
    rules: Sequence[Rule], columns: Sequence[Column], x: np.ndarray
) -> tuple[Rule, ...]:
    """Return rules with the combinations of rows in the columns' units."""
    together = [rule for rule in rules if rule.kind == "together"]
    values = values_of(columns, x, names_in(together))
    return tuple(rule.seen(values) for rule in rules)


def tolerance(total: Column, numbers: np.ndarray) -> np.ndarray:
    """Return how far a total may be from the sum of its parts.

    Half a unit of its last digit, and what 64-bit floats round.

    Args:
        total: the column of the total.
        numbers: parts and total, `(n, columns)`.
    """
    size = np.abs(numbers).sum(axis=1)
    if total.resolution is None:
        return _ROUNDED * size
    return 0.5 * total.resolution + _EXACT * size


def _values(column, numbers):
    values = np.asarray(numbers[:, 0], np.float64)
    if column.missing is None:
        return values, np.zeros(len(values), bool)
    if column.levels:
        return values, values == column.levels - 1
    return values, numbers[:, 1] == column.specials


def _is_sum(rule, columns, numbers):
    off = numbers[:, :-1].sum(axis=1) - numbers[:, -1]
    return np.abs(off) <= tolerance(columns[rule.columns[-1]], numbers)


def _is_combination(rule, columns, numbers):
    known = set(rule.combinations or ())
    found = (row in known for row in map(tuple, numbers.tolist()))
    return np.fromiter(found, bool, len(numbers))


_HOLDS: dict[str, Callable] = {
    "at_most": lambda rule, columns, n: n[:, 0] <= n[:, 1],
    "below": lambda rule, columns, n: n[:, 0] < n[:, 1],
    "sum": _is_sum,
    "together": _is_combination,
}
