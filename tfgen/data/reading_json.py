"""A reading from JSON that may come from anyone, checked before it is used."""

import re
import sys
import typing
from collections.abc import Callable, Mapping

import numpy as np

from tfgen.data.checks import RANGES
from tfgen.data.columns import KINDS
from tfgen.data.reading import Reading
from tfgen.data.rule_checks import why_no_rule, why_not_of
from tfgen.data.rules import Rule


def read_reading(values: object) -> Reading:
    """Return the reading that `Reading.to_json` told.

    Args:
        values: what a JSON holds.

    Raises:
        ValueError: for what no reading says, with all reasons.
    """
    if not isinstance(values, Mapping):
        raise ValueError(
            f"a {type(values).__name__} is no reading of data, expected an "
            "object of JSON"
        )
    reasons = _misfits(values, _READING)
    columns = values.get("columns") or []
    if isinstance(columns, list):
        for number, column in enumerate(columns):
            reasons += [f"column {number + 1}: {r}" for r in _of_column(column)]
    rules = values.get("rules") or []
    if isinstance(rules, list):
        for number, rule in enumerate(rules):
            reasons += [f"rule {number + 1}: {r}" for r in _of_rule(rule)]
    if not reasons:
        reading = Reading.from_json(values)
        reasons = _inconsistencies(reading)
    if reasons:
        raise ValueError(f"no reading of data: {'; '.join(reasons[:5])}")
    return reading


def _misfits(values: Mapping, checks: dict[str, Callable]) -> list[str]:
    given = {name: v for name, v in values.items() if v is not None}
    missing = _NEEDED & checks.keys() - given.keys()
    return [f"{name} is missing" for name in sorted(missing)] + [
        f"{name} is {str(given[name])[:40]!r}"
        for name, fits in checks.items()
        if name in given and not fits(given[name])
    ]


def _of_column(column: object) -> list[str]:
    if not isinstance(column, Mapping):
        return [f"a {type(column).__name__} is no column"]
    return _misfits(column, _COLUMN)


def _of_rule(rule: object) -> list[str]:
    if not isinstance(rule, Mapping):
        return [f"a {type(rule).__name__} is no rule"]
    plain = {key: rule[key] for key in rule if key != "combinations"}
    if reason := why_no_rule(plain):
        return [reason]
    rows = rule.get("combinations")
    width = len(Rule.from_json(plain).columns)
    is_row = _is_list_of(_is_number, width)
    if rows is None and rule["rule"] == "together":
        return ["combinations is missing"]
    if not _is_list_of(lambda r: is_row(r) and len(r) == width)(rows or []):
        return [f"combinations is {str(rows)[:40]!r}"]
    return []


def _inconsistencies(reading: Reading) -> list[str]:
    shape, found = reading.shape, []
    if reading.kind == "image" and (len(shape) != 3 or shape[2] not in (1, 3)):
        found.append(f"shape is {shape}, of an image")
    if reading.kind == "image" and reading.stored_range is None:
        found.append("stored_range is missing, of an image")
    found += why_not_of(reading.rules, reading.columns or ())
    numbers = sum(column.width for column in reading.columns or ())
    if reading.columns and shape != (numbers,):
        found.append(
            f"shape is {shape}, but the columns have {numbers} numbers"
        )
    for name in ("shift", "scale"):
        value = getattr(reading, name)
        if np.ndim(value) and np.shape(value) != shape:
            found.append(f"{name} has shape {np.shape(value)}, not {shape}")
    if not np.all(reading.scale):
        found.append("scale is 0")
    names = reading.class_names
    if reading.class_shares and len(reading.class_shares) != len(names or ()):
        found.append("class_shares are not one a class")
    return found


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )


def _is_list_of(is_one: Callable, least: int = 0) -> Callable:
    return lambda value: (
        isinstance(value, list)
        and len(value) >= least
        and all(map(is_one, value))
    )


def _is(*kinds: type) -> Callable:
    # Not isinstance: True is an int.
    return lambda value: type(value) in kinds


def _is_size(value: object) -> bool:
    return type(value) is int and 0 < value < 2**31


def _is_range(value: typing.Any) -> bool:
    is_pair = _is_list_of(_is_number)(value) and len(value) == 2
    return is_pair and value[0] < value[1]


def _is_dtype(value: object) -> bool:
    return isinstance(value, str) and bool(_DTYPE.fullmatch(value))


def _is_number_or_row(value: object) -> bool:
    return _is_number(value) or _is_list_of(_is_number, 1)(value)


# Such as datetime64[us, America/Argentina/Catamarca], decimal128(9, 2).
_DTYPE = re.compile(r"[\w\[\](), /+:.-]{0,80}")
_MOST_DECIMALS = 400  # more than 64 bits tell apart
_NEEDED = {"kind", "shape", "name"}
_READING = {
    "kind": lambda value: value in ("image", "table", "points"),
    "shape": _is_list_of(_is_size, 1),
    "value_range": lambda value: (
        isinstance(value, list) and tuple(value) in RANGES
    ),
    "stored_range": _is_range,
    "columns": _is(list),
    "shift": _is_number_or_row,
    "scale": _is_number_or_row,
    "standardized": _is(bool),
    "class_names": _is_list_of(_is(str), 1),
    "class_shares": _is_list_of(_is_number),
    "label_column": _is(str),
    "header": _is(bool),
    "image_options": _is(dict),
    "rules": _is(list),
}
_COLUMN = {
    "name": _is(str),
    "kind": lambda value: value in KINDS,
    "dtype": _is_dtype,
    "decimals": lambda value: type(value) is int and -20 < value < 20,
    "low": _is_number,
    "high": _is_number,
    "center": _is_number,
    "spread": _is_number,
    "texts": lambda value: _is_list_of(_is(str))(value) and len(value) == 2,
    "categories": _is_list_of(_is(str), 1),
    "missing": _is(str),
    "frequent": _is_list_of(_is_number),
    "format": _is(str),
    "step": lambda value: _is_number(value) and value > 0,
    "written_decimals": lambda value: (
        type(value) is int and 0 <= value < _MOST_DECIMALS
    ),
}
