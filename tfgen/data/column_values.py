"""Values of columns as numbers of a row, and back."""

import dataclasses
import decimal
import typing
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.cells import DATES, Cells
from tfgen.data.columns import Column, number_type, snapped
from tfgen.data.csv_layout import BOOLEANS, is_number

if typing.TYPE_CHECKING:
    import pandas as pd

Fault = Callable[[str, np.ndarray], None]
"""Told what is wrong with a value, and the rows that have it."""
FALSE_AND_TRUE = (BOOLEANS, ("no", "yes"), ("n", "y"))
MISSING_VALUE = "the value is missing"
_UNKNOWN_VALUE = "values known"
TEXT_CATEGORIES = ("category", "category[str, ordered]")
_MICROSECONDS = 1_000_000
_DAY = 86400.0


def is_unknown(what: str) -> bool:
    """Return whether a fault is a value of a kind that fits but is not known.

    That is a text that is no category, or a gap in a column without gaps.
    """
    return what.startswith(MISSING_VALUE) or what.endswith(_UNKNOWN_VALUE)


def encoded(column: Column, cells: Cells, fault: Fault) -> list[np.ndarray]:
    """Return the numbers that stand for cells, an array for each.

    Codes are of the smallest type of whole numbers, other numbers float64.

    Args:
        column: what the column is.
        cells: its cells.
        fault: called for each value that it does not take.

    Returns:
        `column.width` arrays of shape `(n,)`.
    """
    gaps = cells.codes < 0
    if not column.width:
        if column.kind == "constant":
            _check_constant(column, cells, fault)
        return []
    if column.missing is None and gaps.any():
        fault(MISSING_VALUE, np.flatnonzero(gaps))
    if column.levels:
        each = _codes(column, cells, fault)
        small = np.min_scalar_type(column.levels)
        last = column.levels - 1
        return [cells.spread(each, last).astype(small)]
    zones = [_zone(column.dtype), _zone(cells.dtype)]
    if None not in zones and (not zones[0]) != (not zones[1]):
        wanted, came = (zone or "none" for zone in zones)
        what = f"the time zone is {came}, expected {wanted}"
        fault(what, np.flatnonzero(~gaps)[:1])
    each = numbers_of(column.kind, column.format, cells, fault)
    numbers = cells.spread(each)
    if column.width == 1:
        return [numbers]
    codes = np.zeros(len(numbers), np.uint8)
    for code, value in enumerate(column.frequent or (), start=1):
        codes[numbers == value] = code
    codes[gaps] = column.specials  # of gaps the last
    return [numbers, codes]


def with_frequent(
    column: Column, numbers: np.ndarray, codes: np.ndarray
) -> np.ndarray:
    """Return numbers with frequent values where codes say so.

    Numbers that are missing are the lowest.
    """
    numbers = numbers.copy()
    for code, value in enumerate(column.frequent or (), start=1):
        numbers[codes == code] = value
    if column.missing is not None and np.isfinite(column.low):
        numbers[codes == column.specials] = column.low
    return numbers


def numbers_of(
    kind: str, format: str | None, cells: Cells, fault: Fault
) -> np.ndarray:
    """Return the number that each distinct value of cells is, float64.

    Dates are seconds since 1970.
    """
    if not len(cells.values):
        return np.zeros(0)
    if kind == "datetime":
        return _seconds(format, cells, fault)
    if not cells.are_texts and not isinstance(cells.values, list):
        array = np.asarray(cells.values)
        if array.dtype.kind in "iufb":
            values = array.astype(np.float64)
            if np.isfinite(values).all():
                return values
    values = np.zeros(len(cells.values))
    for i, text in enumerate(cells.texts):
        if text.lower() in BOOLEANS and kind == "boolean":
            values[i] = text.lower() == "true"
        elif is_number(text) and np.isfinite(float(text)):
            values[i] = float(text)
        else:
            rows = cells.rows_of([i])
            fault(f"{text[:40]!r} is no finite number", rows)
    return values


def microseconds(seconds: npt.ArrayLike) -> np.ndarray:
    """Return seconds as whole microseconds, int64, without a digit lost."""
    whole = np.floor(seconds)
    parts = np.rint((seconds - whole) * _MICROSECONDS).astype(np.int64)
    return whole.astype(np.int64) * _MICROSECONDS + parts


def decoded(
    column: Column, numbers: np.ndarray, first_row: int = 0
) -> "np.ndarray | pd.api.extensions.ExtensionArray":
    """Return values that numbers stand for.

    Args:
        column: what the column is.
        numbers: in the column's own units, shape `(n, width)`.
        first_row: number of the first row, by which ids are made.
    """
    count = len(numbers)
    if column.kind == "id":
        return _new_ids(column, first_row, count)
    if column.kind == "constant":
        codes = np.full(count, 0 if column.categories else -1)
        return _categories(column, codes)
    if column.levels:
        codes = np.rint(numbers[:, 0]).clip(0, column.levels - 1).astype(int)
        codes[codes == len(column.categories)] = -1
        return _categories(column, codes)
    values, gaps = numbers[:, 0], np.zeros(count, bool)
    if column.width == 2:
        codes = np.rint(numbers[:, 1]).clip(0, column.specials)
        values = with_frequent(column, values, codes)
        gaps = codes == column.specials
        gaps &= column.missing is not None
    if column.kind == "datetime":
        return _dates(column, values, gaps)
    return _with_gaps(column, values, gaps)


def written(column: Column, values: np.ndarray) -> np.ndarray:
    """Return values as a text file has them, as strings where it matters."""
    if column.texts is not None and column.is_plain:
        return np.where(values, *reversed(column.texts))
    decimals = column.written_decimals
    if column.kind == "id" or (column.is_plain and decimals is None):
        return values
    import pandas as pd

    series = pd.Series(values)
    gaps = series.isna().to_numpy()
    if decimals is not None:
        series = series.astype(object)
        series[~gaps] = [f"{value:.{decimals}f}" for value in series[~gaps]]
    if column.kind == "boolean" and column.categories and _is_bool(column):
        false, true = column.categories
        series = pd.Series(
            np.where(series.fillna(False).astype(bool), true, false)
        ).astype(object)
    elif column.kind == "datetime" and column.format:
        series = pd.to_datetime(series).dt.strftime(_in_utc(column.format))
    elif column.kind == "datetime" and column.step == _DAY:
        series = pd.to_datetime(series).dt.strftime("%Y-%m-%d")
    if gaps.any():
        series = series.astype(object)
        series[gaps] = column.missing
    return series.array


def key_of(column: Column, text: str) -> str | float:
    """Return by what a text is told among the categories of a column."""
    if column.kind == "boolean":
        return text.lower()
    is_text = column.dtype in ("str", "object", "string", *TEXT_CATEGORIES)
    if is_text or not is_number(text):
        return text
    return _number(text)


def category_numbers(column: Column) -> list[int | float] | None:
    """Return the numbers that a column's categories are, None for texts."""
    keys = [key_of(column, text) for text in column.categories]
    return None if any(isinstance(key, str) for key in keys) else keys


def _number(text: str) -> int | float:
    """A whole number with all of its digits, or a float."""
    is_whole = text.lstrip("+-").isdigit()
    return int(text) if is_whole else float(text)


def _codes(column: Column, cells: Cells, fault: Fault) -> np.ndarray:
    """Codes of the distinct values; 0 for those that have none."""
    known = {key_of(column, t): i for i, t in enumerate(column.categories)}
    codes = np.zeros(len(cells.values), np.int64)
    for i, text in enumerate(cells.texts):
        code = known.get(key_of(column, text))
        if code is None:
            what = f"{text[:40]!r} is none of the {len(known)} {_UNKNOWN_VALUE}"
            fault(what, cells.rows_of([i]))
        else:
            codes[i] = code
    return codes


def _check_constant(column: Column, cells: Cells, fault: Fault) -> None:
    wanted = column.categories[0] if column.categories else None
    for i, text in enumerate(cells.texts):
        if text != wanted:
            what = f"{text[:40]!r} is not {wanted!r}, the column's one value"
            fault(what, cells.rows_of([i]))


def _zone(dtype: str) -> str | None:
    """The time zone of a type of times, empty without one; None of others."""
    if not dtype.startswith("datetime64["):
        return None
    return dtype.partition(",")[2].strip(" ]")


def _seconds(format: str | None, cells: Cells, fault: Fault) -> np.ndarray:
    import pandas as pd

    if format is not None and (cells.are_texts or cells.are_typed_texts):
        texts = pd.Series(cells.texts)
        found = pd.to_datetime(
            texts, format=format, errors="coerce", utc="%z" in format
        )
        form = f"date of the form {format}"
    else:
        values = pd.Series(list(cells.values))
        found = pd.to_datetime(values, errors="coerce", utc=True)
        form = "date"
    for i in np.flatnonzero(found.isna()):
        text = str(cells.values[i])
        fault(f"{text[:40]!r} is no {form}", cells.rows_of([i]))
    if found.dt.tz is not None:
        found = found.dt.tz_convert(None)
    whole = found.fillna(pd.Timestamp(0)).astype("datetime64[us]")
    return whole.astype("int64").to_numpy() / _MICROSECONDS


def _dates(column: Column, seconds: np.ndarray, gaps: np.ndarray):
    import pandas as pd

    micro = microseconds(np.clip(seconds, column.low, column.high))
    if column.step is not None:
        step = int(microseconds(column.step))
        micro = (micro + step // 2) // step * step
    whole = micro.astype("datetime64[us]")
    whole[gaps] = np.datetime64("NaT")
    dates = pd.Series(whole)
    if column.dtype == DATES:
        days = dates.dt.date.astype(object)
        days[gaps] = None
        return days.array
    if column.dtype.startswith("date32"):
        days = dates.dt.date.where(~gaps, None)
        return pd.array(days.tolist(), dtype="date32[day][pyarrow]")
    if "," in column.dtype:  # of a time zone
        zone = column.dtype.split(",")[1].strip(" ]")
        dates = dates.dt.tz_localize("UTC").dt.tz_convert(zone)
    if column.dtype.startswith("datetime64"):
        return dates.astype(column.dtype).array
    texts = dates.dt.strftime(_in_utc(column.format))
    return texts.astype(column.dtype).array


def _in_utc(form: str) -> str:
    """The form of times that came with offsets and are written without."""
    return form.replace("%z", "+00:00")


def _with_gaps(column: Column, numbers: np.ndarray, gaps: np.ndarray):
    """Numbers in their dtype, which is pandas' where NumPy's has no gap."""
    name = column.dtype
    plain = number_type(name)
    values = snapped(dataclasses.replace(column, dtype=plain.name), numbers)
    if name == plain.name and (plain.kind == "f" or not gaps.any()):
        values[gaps] = np.nan if plain.kind == "f" else 0
        return values
    import pandas as pd

    if name.startswith("decimal"):
        found = _as_decimals(name, values)
        found[gaps] = None
        return pd.Series(found, dtype=object).array
    found = pd.array(values, dtype=_with_gap(name))
    found[gaps] = pd.NA
    return found


def _as_decimals(dtype: str, values: Sequence[float]) -> np.ndarray:
    """Numbers as Python's decimals, with the digits of a type of Arrow."""
    digits = int(dtype.rstrip(")").split(",")[1])
    found = np.empty(len(values), object)
    found[:] = [decimal.Decimal(f"{value:.{digits}f}") for value in values]
    return found


def _with_gap(dtype: str) -> str:
    """The type of pandas for whole numbers of NumPy, others as they are."""
    if dtype.startswith(("int", "uint")):
        return dtype.replace("int", "Int").replace("uInt", "UInt")
    return dtype


def _categories(column: Column, codes: np.ndarray):
    """The values of codes, -1 for a gap."""
    import pandas as pd

    known, dtype = _typed(column, column.categories or ()), column.dtype
    if dtype.startswith("category"):
        ordered = dtype.endswith("ordered]")
        inside = dtype.partition("[")[2].rstrip("]").partition(",")[0]
        if inside not in ("", "str"):
            known = pd.Index(known, dtype=inside)
        return pd.Categorical.from_codes(codes, known, ordered)
    values = np.array([*known, None], object)[codes]
    if dtype == "str":
        return pd.Series(values, dtype=pd.Series([""]).dtype).array
    if dtype == DATES or dtype.startswith("decimal"):
        dtype = "object"
    if (codes < 0).any():  # NumPy's whole numbers and booleans have none
        dtype = "object" if dtype == "bool" else _with_gap(dtype)
    if dtype in np.sctypeDict:
        return np.array(list(values), dtype)
    return pd.Series(values, dtype=dtype).array


def _typed(column: Column, texts: Sequence[str]) -> list:
    """Categories in the type that they came in."""
    if _is_bool(column):
        return [False, True][: len(texts)]
    name = column.dtype.lower().removeprefix("category[")
    if name.startswith("bool"):
        return [text.lower() == "true" for text in texts]
    if name.startswith("decimal"):
        return [*_as_decimals(name, [*map(float, texts)])]
    if name.startswith(("int", "uint")):
        return [int(_number(text)) for text in texts]
    if name.startswith("float"):
        return [float(text) for text in texts]
    return list(texts)


def _is_bool(column: Column) -> bool:
    return column.dtype in ("bool", "boolean")


def _new_ids(column: Column, first_row: int, count: int):
    """Ids made anew, which count on from the lowest of the data."""
    import pandas as pd

    low = column.low if np.isfinite(column.low) else 1
    numbers = np.arange(count) + first_row + int(low)
    if column.format is None:
        dtype = number_type(column.dtype)
        # Small types hold those of the data, not all that come after them.
        return numbers.astype(dtype if dtype.itemsize > 2 else np.int64)
    texts = [column.format.format(number) for number in numbers]
    dtype = column.dtype if column.dtype.startswith("string") else None
    return pd.Series(texts, dtype=dtype).array
