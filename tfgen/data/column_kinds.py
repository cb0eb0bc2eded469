"""What the columns of a mixed table are: the rules by which it is found."""

import dataclasses
import re

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.column_values import (
    FALSE_AND_TRUE,
    Fault,
    microseconds,
    numbers_of,
)
from tfgen.data.columns import KINDS, Column, find_columns
from tfgen.data.csv_layout import is_number, written_decimals
from tfgen.data.frequent_values import frequent_values

FEW_CODES = 10
FEWEST_ROWS_EACH = 5
LARGEST_WHOLE = 2**53
ID_NAMES = ("id", "index", "row", "rowid", "row_id", "rownumber", "unnamed: 0")
FEWEST_IDS = 10
_CURRENCY = "([$€£¥₹]|EUR|USD|GBP|CHF|JPY)"
_LIKE_A_NUMBER = re.compile(
    rf"({_CURRENCY} ?)?[+-]?(0[xob])?[\d.,_'a-fA-F]*\d[\d.,_'%]*"
    rf"( ?{_CURRENCY})?|[+-]?inf(inity)?|[+-]?nan",
    re.IGNORECASE,
)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_NUMBER_AT_END = re.compile(r"(.*?)([0-9]+)([^0-9]*)")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y")
_TIMES = ("", " %H:%M:%S", "T%H:%M:%S", " %H:%M", "T%H:%M")
_FRACTIONS = (" %H:%M:%S.%f", "T%H:%M:%S.%f")
DATE_FORMATS = tuple(
    day + time + zone
    for day in _DAYS
    for time in (*_TIMES, *_FRACTIONS)
    for zone in (("", "Z") if time else ("",))
)
_OFFSET = re.compile(r":[0-9.]+([+-][0-9]{2}:?[0-9]{2})$")
_STEPS = (86400, 3600, 60, 1, 1e-3)


def find_column(name: str, cells: Cells, fault: Fault) -> Column:
    """Return what a column is, by its cells.

    - Without a value, or with one text alone: constant.
    - True and false, yes and no, y and n: boolean.
    - Numbers: id if all differ and they count the rows or the column is called
      so; categorical if whole and of at most 10 values that come 5 times each
      on average, or where numbers would lose digits (leading zeros, more than
      2^53); else whole or decimal.
    - Dates and times of one form, see `find_date_format`: datetime.
    - Other texts: id if more than half of them differ, of more than 10; else
      categorical.

    Half of the cells or more that are numbers, or look like it, make a column
    of numbers, of which the others are faults.

    Args:
        name: of the column.
        cells: its cells.
        fault: called for values that are no numbers in a column of numbers.
    """
    kind = _kind_of_type(name, cells) or _kind(name, cells)
    return column_as(name, cells, kind, fault)


def column_as(
    name: str, cells: Cells, kind: str, fault: Fault, format: str | None = None
) -> Column:
    """Return a column of a kind that is known, the rest found by its cells.

    Args:
        name: of the column.
        cells: its cells.
        kind: one of `KINDS`.
        fault: called for values that do not fit.
        format: of dates or ids, if it is known.

    Raises:
        ValueError: for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(
            f"column {name!r}: kind is {kind!r}, expected one of "
            f"{', '.join(KINDS)}."
        )
    found = Column(name, kind, cells.dtype, missing=cells.missing)
    if cells.dtype.startswith("of "):
        what = f"the type is {cells.dtype.removeprefix('of ')}"
        fault(f"{what}, expected numbers, texts or dates", np.arange(1))
        return found
    if kind in ("decimal", "whole"):
        return _number(found, cells, fault)
    if kind == "datetime":
        return _datetime(found, cells, fault, format)
    if kind == "id":
        found = _id(found, cells)
        return dataclasses.replace(found, format=format or found.format)
    if kind == "boolean":
        return _boolean(found, cells, fault)
    return _codes(found, cells)


def _kind_of_type(name: str, cells: Cells) -> str | None:
    """The kind that a type of pandas says, or None for texts."""
    dtype = cells.dtype
    if cells.are_texts:
        return None
    if not cells.filled:
        return "constant"
    if dtype in ("bool", "boolean"):
        return "boolean"
    if dtype.startswith("category"):
        return "categorical"
    if dtype.startswith(("datetime64", "date", "timestamp")):
        return "datetime"
    if dtype.lower().startswith(("int", "uint", "float", "decimal")):
        return _kind_of_numbers(name, cells)
    return None


def _kind(name: str, cells: Cells) -> str:
    texts = cells.texts
    if not texts:
        return "constant"
    lower = sorted({text.lower() for text in texts})
    if set(lower) <= {"false", "true"}:
        return "boolean"
    if len(texts) == 2 and any(lower == sorted(p) for p in FALSE_AND_TRUE):
        return "boolean"
    if find_date_format(texts) is not None:
        return "datetime"
    counts = cells.counts
    numeric = np.array([_is_like_a_number(text) for text in texts])
    if 2 * counts[numeric].sum() >= cells.filled:
        return _kind_of_numbers(name, cells)
    if len(texts) == 1 and cells.missing is None:
        return "constant"
    return "id" if _are_many(cells) else "categorical"


def _kind_of_numbers(name: str, cells: Cells) -> str:
    texts, filled = cells.texts, cells.filled
    if cells.are_typed_texts:
        return "id" if _are_many(cells) else "categorical"
    if not all(map(is_number, texts)):
        return "decimal"  # of which the others are faults
    if cells.are_texts and any(map(_LEADING_ZERO.fullmatch, texts)):
        return "id" if _are_many(cells) else "categorical"
    values = np.array(texts, np.float64)
    if not np.isfinite(values).all():
        return "decimal"
    if not np.array_equal(values, np.rint(values)):
        return "decimal"
    # By their digits: as a float 2^53 + 1 is 2^53.
    if _are_whole(texts) and max(map(abs, map(int, texts))) > LARGEST_WHOLE:
        return "id" if _are_many(cells) else "categorical"
    differ = cells.missing is None and len(texts) == filled >= FEWEST_IDS
    if differ and _are_whole(texts):
        row = values[cells.codes]
        counts = row[0] in (0, 1) and (np.diff(row) == 1).all()
        named = name.lower() in ID_NAMES or name.lower().endswith("_id")
        if counts or named:
            return "id"
    if 1 < len(texts) <= min(FEW_CODES, filled // FEWEST_ROWS_EACH):
        return "categorical"
    return "whole"


def find_date_format(texts: list[str]) -> str | None:
    """Return the first of `DATE_FORMATS` that all texts have, or None.

    Times may end in their offset from UTC, such as +02:00: one that all have
    is part of the form, of several it says `%z`.
    """
    first = texts[0] if texts else ""
    if len(first) < 8 or not first[0].isdigit() or is_number(first):
        return None
    import pandas as pd

    for form in (*DATE_FORMATS, *_with_offsets(texts)):
        if not pd.isna(_parsed([texts[0]], form)[0]):
            if not pd.isna(_parsed(texts, form)).any():
                return form
    return None


def _with_offsets(texts):
    """Forms of times with what stands behind all of them, if that is one."""
    ends = {(_OFFSET.search(text) or [None, None])[1] for text in texts}
    if None in ends:
        return ()
    end = ends.pop() if len(ends) == 1 else "%z"
    return tuple(
        day + time + end
        for day in _DAYS
        for time in (*_TIMES, *_FRACTIONS)
        if time
    )


def _parsed(texts, form):
    import pandas as pd

    return pd.to_datetime(
        pd.Series(texts), format=form, errors="coerce", utc="%z" in form
    )


def _are_many(cells: Cells) -> bool:
    """Whether hardly a text comes twice."""
    return FEWEST_IDS < len(cells.values) > cells.filled / 2


def _is_like_a_number(text: str) -> bool:
    return is_number(text) or bool(_LIKE_A_NUMBER.fullmatch(text))


def _are_whole(texts: list[str]) -> bool:
    return all(text.lstrip("+-").isdigit() for text in texts)


def _number(column: Column, cells: Cells, fault: Fault) -> Column:
    values = numbers_of(column.kind, None, cells, fault)
    if not len(values):
        return dataclasses.replace(column, dtype="float64")
    if column.kind == "whole":
        for i in np.flatnonzero(values != np.rint(values)):
            what = f"{cells.texts[i][:40]!r} is no whole number"
            fault(what, cells.rows_of([i]))
    dtype = column.dtype
    if cells.are_texts:
        whole = column.kind == "whole" and _are_whole(cells.texts)
        dtype = "int64" if whole and np.abs(values).max() < 2**63 else "float64"
    elif dtype.startswith(("object", "str", "category")):
        dtype = "float64"
    (found,) = find_columns(values[:, None], [column.name], dtypes=[dtype])
    return dataclasses.replace(
        column,
        dtype=dtype,
        decimals=found.decimals,
        low=found.low,
        high=found.high,
        frequent=_frequent(values, cells, found.resolution),
        written_decimals=_written_decimals(cells),
    )


def _written_decimals(cells: Cells) -> int | None:
    return written_decimals(cells.texts) if cells.are_texts else None


def _frequent(
    values: np.ndarray, cells: Cells, step: float | None
) -> tuple[float, ...] | None:
    found = frequent_values(values, cells.counts, step)
    return tuple(found.tolist()) or None


def _datetime(column, cells, fault, form: str | None) -> Column:
    if form is None and (cells.are_texts or cells.are_typed_texts):
        form = find_date_format(cells.texts) or DATE_FORMATS[0]
    seconds = numbers_of("datetime", form, cells, fault)
    if not len(seconds):
        return dataclasses.replace(column, format=form)
    micro = microseconds(seconds)
    step = next(
        (s for s in _STEPS if not (micro % int(s * 1e6)).any()), _STEPS[-1] ** 2
    )
    dtype = "datetime64[us]" if cells.are_texts else column.dtype
    return dataclasses.replace(
        column,
        dtype=dtype,
        format=form,
        step=float(step),
        low=float(seconds.min()),
        high=float(seconds.max()),
        frequent=_frequent(seconds, cells, step),
    )


def _codes(column: Column, cells: Cells) -> Column:
    """Categories, booleans and constants: texts in their order."""
    texts, dtype = cells.texts, column.dtype
    if column.kind == "constant" and len(texts) < 2:
        return dataclasses.replace(column, categories=tuple(texts) or None)
    if cells.categories is not None:
        texts = [str(value) for value in cells.categories]
    elif all(map(is_number, texts)) and _are_all_typed(texts, cells):
        texts = sorted(texts, key=float)
        if cells.are_texts and texts:
            whole = _are_whole(texts)
            dtype = "int64" if whole else "float64"
            column = dataclasses.replace(
                column, written_decimals=_written_decimals(cells)
            )
    else:
        texts = sorted(texts)
    return dataclasses.replace(column, dtype=dtype, categories=tuple(texts))


def _are_all_typed(texts, cells):
    """Whether numbers in text lose nothing as numbers."""
    if not cells.are_texts:
        return True
    if not texts:
        return False
    if _are_whole(texts):
        small = all(abs(int(text)) < 2**63 for text in texts)
        return small and not any(map(_LEADING_ZERO.fullmatch, texts))
    return len({float(text) for text in texts}) == len(texts)


def _boolean(column: Column, cells: Cells, fault: Fault) -> Column:
    lower = {text.lower(): text for text in reversed(cells.texts)}
    words = next(
        (pair for pair in FALSE_AND_TRUE if set(lower) <= set(pair)), None
    )
    if words is None:
        i, odd = _odd_word(cells)
        what = f"{odd[:40]!r} is no truth value, expected one pair: true and "
        what += "false, yes and no, or y and n"
        fault(what, cells.rows_of([i]))
        return column
    example = next(iter(lower.values()))
    like = next(
        form
        for form in (str.lower, str.upper, str.title)
        if form(example) == example or form is str.title
    )
    dtype = column.dtype
    if cells.are_texts and words == FALSE_AND_TRUE[0]:
        dtype = "bool"
    texts = tuple(lower.get(word, like(word)) for word in words)
    return dataclasses.replace(column, dtype=dtype, categories=texts)


def _odd_word(cells: Cells) -> tuple[int, str]:
    """The first value that is no truth value, or of another pair than most."""
    texts = cells.texts
    pair = max(FALSE_AND_TRUE, key=lambda p: sum(t.lower() in p for t in texts))
    odd = [i for i, text in enumerate(texts) if text.lower() not in pair]
    return odd[0], texts[odd[0]]


def _id(column: Column, cells: Cells) -> Column:
    """Ids of whole numbers count on; of texts, the number in them does."""
    texts = cells.texts
    column = dataclasses.replace(column, missing=None)
    if texts and _are_whole(texts) and _are_all_typed(texts, cells):
        dtype = "int64" if cells.are_texts else column.dtype
        if not cells.are_typed_texts:
            low = min(map(int, texts))
            return dataclasses.replace(column, dtype=dtype, low=float(low))
    found = [_NUMBER_AT_END.fullmatch(text) for text in texts]
    forms = {(m[1], m[3]) for m in found if m} if all(found) else set()
    if len(forms) == 1:
        ((before, after),) = forms
        digits = [m[2] for m in found]
        width = min(map(len, digits))
        form = f"{_escaped(before)}{{:0{width}d}}{_escaped(after)}"
        low = min(map(int, digits))
        return dataclasses.replace(column, format=form, low=float(low))
    form = _escaped(column.name) + " {}"
    return dataclasses.replace(column, format=form, low=1.0)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
