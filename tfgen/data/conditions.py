"""Conditions on the columns of a mixed table: read, checked, as numbers."""

import dataclasses
import difflib
import math
import re
import typing
from collections.abc import Mapping, Sequence

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.column_values import category_numbers, key_of, numbers_of
from tfgen.data.columns import Column, snapped
from tfgen.data.raw_table import few

if typing.TYPE_CHECKING:
    from tfgen.data.reading import Reading

Value = typing.Any
"""A text, a number, a date, a pair of them for a range, or None for a gap."""

_NAME = r'"(?:[^"]|"")*"|[^=,"]*'
_TEXT = r'"(?:[^"]|"")*"|[^,"]*'
_PAIR = re.compile(rf"\s*({_NAME})\s*=\s*({_TEXT})\s*(?:,|$)")
_FORM = "'country=FR,age=30..40' (quoted where a comma is part of it)"


@dataclasses.dataclass(frozen=True)
class Condition:
    """What the values of one column may be.

    Attributes:
        column: that of the model's table.
        codes: of a column with codes, which of them may be: a category, a
            gap, those of a range by their numbers, or 0 for a number that
            counts, frequent values and a gap.
        low: the smallest number, of the form that the column has.
        high: the largest one.
    """

    column: Column
    codes: tuple[int, ...] = ()
    low: float = -math.inf
    high: float = math.inf

    @property
    def text(self) -> str:
        """As the endpoint `generate_where` takes it."""
        column = self.column
        is_gap = self.codes == (_gap_code(column),)
        if column.missing is not None and is_gap:
            return "="
        if column.levels:
            ends = dict.fromkeys((self.codes[0], self.codes[-1]))
            return f"={'..'.join(column.categories[code] for code in ends)}"
        return f"={self.low!r}..{self.high!r}"


def split_where(text: str) -> dict[str, str]:
    """Return texts of values by names of columns.

    Args:
        text: pairs `column=value`, between commas.

    Raises:
        ValueError: for another text, or a column that stands twice.

    Example:
    >>> tfgen.data.conditions.split_where('country=FR,name="Smith, J",age=')
    {'country': 'FR', 'name': 'Smith, J', 'age': ''}
    """
    found, place = {}, 0
    while place < len(text) or not found:
        pair = _PAIR.match(text, place)
        if pair is None:
            raise ValueError(
                f"{text[place:]!r} is no condition, expected {_FORM}."
            )
        name, value = (_unquoted(part) for part in pair.groups())
        if name in found:
            raise ValueError(f"column {name!r} stands twice in {text!r}.")
        found[name], place = value, pair.end()
    return found


def find_conditions(
    where: str | Mapping[str, Value], columns: Sequence[Column]
) -> list[Condition]:
    """Return conditions on columns of a table.

    Args:
        where: a text as `split_where` takes it, or values by columns.
        columns: of the table.

    Raises:
        ValueError: for unknown columns, values and empty ranges, with all
            reasons.
    """
    if isinstance(where, str):
        where = split_where(where)
    known = {c.name: c for c in columns if c.width}
    found, reasons = [], []
    for name, value in where.items():
        if name not in known:
            reasons.append(_unknown(name, columns))
            continue
        try:
            found.append(_condition(known[name], value))
        except ValueError as error:
            reasons.append(f"column {name!r}: {error}")
    if reasons:
        raise ValueError(f"conditions that cannot be: {few(reasons, '; ')}.")
    return found


def narrowed(
    columns: Sequence[Column], conditions: Sequence[Condition]
) -> tuple[Column, ...]:
    """Return columns whose values, once restored, keep conditions."""
    ends = {c.column.name: (c.low, c.high) for c in conditions}
    return tuple(
        dataclasses.replace(
            column,
            low=max(column.low, ends[column.name][0]),
            high=min(column.high, ends[column.name][1]),
        )
        if column.name in ends and not column.levels
        else column
        for column in columns
    )


def condition_texts(
    conditions: Sequence[Condition], reading: "Reading"
) -> list[str]:
    """Return the condition on each column of a reading, empty for none."""
    texts = {c.column.name: c.text for c in conditions}
    return [texts.get(name, "") for name in reading.column_names]


def step_of(column: Column) -> float:
    """Return what values of a column are multiples of, or 0."""
    if column.kind == "whole":
        return 1.0
    if column.step is not None:
        return column.step
    return 0.0 if column.decimals is None else 10.0**-column.decimals


def shown(column: Column, number: float) -> str:
    """Return a number or a date of a column in words."""
    if column.kind == "datetime":
        return str(np.datetime64(int(number), "s")).removesuffix("T00:00:00")
    plain = dataclasses.replace(column, dtype="float64")
    return f"{float(snapped(plain, np.float64(number))):.15g}"


def _condition(column, value):
    low, high = _ends(value)
    if low is None and high is None or _is_missing(low) and low is high:
        return _missing(column)
    if column.levels:
        return Condition(column, _codes(column, low, high))
    low, high = _number(column, low, -math.inf), _number(column, high, math.inf)
    if low > high:
        raise ValueError(f"{_said(value)} is an empty range")
    step, wanted = step_of(column), (low, high)
    if step:  # a value of the column's form, with room for rounding
        low = math.ceil(low / step - 1e-6) * step if low > -math.inf else low
        high = (
            math.floor(high / step + 1e-6) * step if high < math.inf else high
        )
        low, high = (round(end, 12) for end in (low, high))
    low, high = max(low, column.low), min(high, column.high)
    if low > high:
        between = max(wanted[0], column.low) <= min(wanted[1], column.high)
        raise ValueError(
            f"{_said(value)} has no value that the column may have "
            f"({_of_form(column)})"
            if between
            else f"{_said(value)} lies outside of the data, which go from "
            f"{shown(column, column.low)} to {shown(column, column.high)}"
        )
    frequent = column.frequent or ()
    codes = [i for i, v in enumerate(frequent, start=1) if low <= v <= high]
    if low < high or not codes:
        codes = [0, *codes]
    return Condition(column, tuple(codes), low, high)


def _ends(value):
    """The ends of a range, equal ones for one value."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(f"{value!r} is no pair, expected (low, high)")
        return tuple(value)
    if isinstance(value, str) and ".." in value:
        low, high = (end.strip() for end in value.split("..", 1))
        if not low and not high:
            raise ValueError(f"{value!r} has no end, expected one or both")
        return low, high
    return value, value


def _is_missing(value):
    if value is None or isinstance(value, str):
        return value is None or not value
    return value != value  # NaN, NaT


def _missing(column):
    if column.missing is None:
        raise ValueError("it has no gaps in the training data")
    return Condition(column, (_gap_code(column),))


def _gap_code(column):
    return (column.levels - 1) if column.levels else column.specials


def _codes(column, low, high):
    text = str(low) if low is high else f"{low}..{high}"
    known = {key_of(column, t): i for i, t in enumerate(column.categories)}
    code = known.get(key_of(column, text))
    if code is not None:
        return (code,)
    numbers = category_numbers(column)
    if low is not high and numbers is not None:
        return _between(column, numbers, low, high)
    near = difflib.get_close_matches(text, column.categories, 1)
    hint = f": did you mean {near[0]!r}" if near else ""
    if not hint:
        hint = f", such as {few([*map(repr, column.categories)])}"
    if low is not high:
        hint += "; texts have no ranges"
    raise ValueError(f"{text[:40]!r} is none of its {len(known)} values{hint}")


def _between(column, numbers, low, high):
    """Codes of categories that are numbers of a range, by these."""
    first = _number(column, low, -math.inf)
    last = _number(column, high, math.inf)
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    codes = tuple(i for i in order if first <= numbers[i] <= last)
    if first > last:
        raise ValueError(f"'{low}..{high}' is an empty range")
    if not codes:
        values = [column.categories[i] for i in order]
        raise ValueError(
            f"'{low}..{high}' has none of its values, {few(values)}"
        )
    return codes


def _number(column, value, open_end):
    if _is_missing(value):
        return open_end
    faults = []
    cells = Cells([value], np.zeros(1, np.int32), are_texts=False)
    if isinstance(value, str):
        form = column.format if column.kind == "datetime" else None
        cells = Cells([value], np.zeros(1, np.int32))
        number = _dated(form, cells, faults) if form else None
        if number is not None:
            return number
    numbers = numbers_of(
        column.kind, None, cells, lambda what, rows: faults.append(what)
    )
    if faults:
        raise ValueError(faults[-1] + _known_range(column))
    return float(numbers[0])


def _known_range(column):
    if column.levels or not np.isfinite([column.low, column.high]).all():
        return ""
    ends = [shown(column, end) for end in (column.low, column.high)]
    return f", expected one from {ends[0]} to {ends[1]}"


def _dated(form, cells, faults):
    """Seconds of a date of the column's own form, or None."""
    found = []
    seconds = numbers_of(
        "datetime", form, cells, lambda what, rows: found.append(what)
    )
    return None if found else float(seconds[0])


def _said(value):
    ends = _ends(value)
    return repr(value if ends[0] is ends[1] else f"{ends[0]}..{ends[1]}")


def _of_form(column):
    if column.kind == "datetime":
        return f"dates that are {column.step:g} s apart"
    if column.kind == "whole":
        return "whole numbers"
    return f"numbers of {column.decimals} digits after the point"


def _unknown(name, columns):
    known = [c.name for c in columns if c.width]
    other = next((c for c in columns if c.name == name), None)
    if other is not None:
        return (
            f"column {name!r} is {other.kind}, of which there is no choice: "
            "leave it out"
        )
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}" if near else f"known are {few(known)}"
    return f"there is no column {name!r}: {hint}"


def _unquoted(text):
    if text.startswith('"'):
        return text[1:-1].replace('""', '"')
    return text.strip()
