"""What a schema's file says, and what is wrong with it, in words."""

import collections
import datetime
import difflib
import math
import string
from collections.abc import Mapping

from tfgen.data.columns import KINDS, Column
from tfgen.data.csv_layout import MISSING
from tfgen.data.raw_table import few
from tfgen.data.rule_checks import why_no_rule
from tfgen.data.rules import Rule

BY_VALUE = "by_value"
KEYS = ("name", "kind", "categories", "missing", "frequent", "format")
"""What a schema's file says of a column, and a reader of it goes by."""
MOST_FREQUENT = 254
_KINDS_OF = {
    "categories": ("categorical", "boolean", "constant"),
    "frequent": ("decimal", "whole", "datetime"),
    "format": ("datetime", "id"),
}


def read_content(
    content: object, what: str
) -> tuple[tuple[Column, ...], bool, tuple[Rule, ...]]:
    """Return columns, whether others are read by value, and rules.

    Args:
        content: of a schema's file.
        what: it is called in a message.

    Raises:
        ValueError: for another content, with all reasons.
    """
    said = content if isinstance(content, Mapping) else {}
    columns, rules = said.get("columns"), said.get("rules", [])
    by_value = said.get(BY_VALUE, False)
    if columns in (None, []) and (rules or by_value):
        columns = []  # all are found
    elif not isinstance(columns, list) or not columns:
        raise ValueError(
            f'{what} has no list of columns, expected {{"columns": [{{"name": '
            '..., "kind": ...}]}: write one with `tfgen schema FILE`.'
        )
    reasons = []
    for key in ("rules", BY_VALUE):
        if mistyped := difflib.get_close_matches(key, _others(said)):
            wrong = f"{mistyped[0]!r} is no key of a schema: write {key!r}"
            reasons.append(wrong)
    if not isinstance(by_value, bool):
        reasons.append(f"by_value is {by_value!r}, expected true or false")
    if not isinstance(rules, list):
        reasons.append(f"rules is no list, {rules!r}")
        rules = []
    for number, rule in enumerate(rules, start=1):
        if reason := why_no_rule(rule):
            reasons.append(f"rule {number} {reason}")
    columns = _columns(columns, reasons)
    if reasons:
        raise ValueError(f"{what}: {few(reasons, '; ')}.")
    return columns, by_value, tuple(map(Rule.from_json, rules))


def _others(said):
    return [key for key in said if key not in ("rules", BY_VALUE)]


def _columns(said, reasons) -> tuple[Column, ...]:
    """Columns; what is wrong with them comes before the other reasons."""
    found, wrong = [], []
    for i, column in enumerate(said):
        reason = why_no_column(column)
        if reason:
            wrong.append(f"column {i + 1} {reason}")
        else:
            # Without a dtype: the rest is found by the data.
            found.append(Column.from_json({**column, "dtype": ""}))
    names = [column.name for column in found]
    wrong += [
        f"{n!r} stands twice, expected one entry for each column"
        for n in dict.fromkeys(names)
        if names.count(n) > 1
    ]
    reasons[:0] = wrong
    return tuple(found)


def why_no_column(column: object) -> str | None:
    """Return what is wrong with a column of a schema, or None.

    Args:
        column: a mapping with a name, a kind and others of `KEYS`; what is
            None counts as left out.
    """
    name = column.get("name") if isinstance(column, Mapping) else None
    if not isinstance(name, str):
        return 'has no name, expected {"name": ..., "kind": ...}'
    said = {key: value for key, value in column.items() if value is not None}
    what = _unknown(said) or _of_wrong_type(said)
    if what is None:
        checks = {
            "categories": _why_no_categories,
            "frequent": _why_not_frequent,
            "format": _why_no_format,
        }
        found = [check(said) for key, check in checks.items() if key in said]
        what = next(filter(None, found), None)
    return what and f"({name!r}) has {what}"


def _unknown(said):
    """Keys and kinds that there are not, or not together."""
    for key in said:
        if key not in KEYS:
            return f"{key!r}, expected none but {', '.join(KEYS)}"
    kind = said.get("kind")
    if kind not in KINDS:
        what = "no kind" if kind is None else f"the kind {kind!r}"
        return f"{what}, expected one of {', '.join(KINDS)}"
    for key, kinds in _KINDS_OF.items():
        if said.get(key) and kind not in kinds:
            return (
                f"{key!r}, which is for {', '.join(kinds)}, but the kind "
                f"{kind!r}: leave it out"
            )
    return None


def _of_wrong_type(said):
    for key in ("format", "missing"):
        if not isinstance(said.get(key, ""), str):
            return f"a {key} that is no text, {said[key]!r}"
    texts = said.get("categories", [])
    if not _are_all(texts, lambda text: isinstance(text, str)):
        return f"categories that are no texts, {texts!r}"
    numbers = said.get("frequent", [])
    if not _are_all(numbers, _is_number):
        return f"frequent values that are no finite numbers, {numbers!r}"
    return None


def _are_all(values, right):
    return isinstance(values, list | tuple) and all(map(right, values))


def _is_number(value):
    is_bool = isinstance(value, bool)
    return isinstance(value, int | float) and not is_bool and _is_finite(value)


def _is_finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond floats
        return False


def _why_no_categories(said):
    texts, kind = said["categories"], said["kind"]
    if twice := _twice(texts):
        return f"the category {twice[0]!r} more than once"
    gaps = [text for text in texts if text.strip().lower() in MISSING]
    if gaps:
        return f"the category {gaps[0]!r}, which is read as a gap: leave it out"
    if kind == "categorical" and not texts:
        return "no categories: name them, or leave the key out"
    if kind == "boolean" and len(texts) != 2:
        return (
            f"{len(texts)} categories, expected two of a boolean: how false "
            "and true are written"
        )
    if kind == "constant" and len(texts) > 1:
        return f"{len(texts)} categories, expected one of a constant"
    return None


def _why_not_frequent(said):
    numbers = said["frequent"]
    if twice := _twice(numbers):
        return f"the frequent value {twice[0]!r} more than once"
    if len(numbers) > MOST_FREQUENT:
        return (
            f"{len(numbers)} frequent values, expected {MOST_FREQUENT} at most"
        )
    return None


def _twice(values):
    return [value for value, n in collections.Counter(values).items() if n > 1]


def _why_no_format(said):
    form = said["format"]
    if said["kind"] == "id":
        if not _makes_ids(form):
            return (
                f"the format {form!r}, expected one place for a number, such "
                "as 'C-{:05d}'"
            )
    elif not _is_of_dates(form):
        return f"the format {form!r}, expected one such as '%d.%m.%Y %H:%M'"
    return None


def _makes_ids(form: str) -> bool:
    try:
        places = [p for p in string.Formatter().parse(form) if p[1] is not None]
        return len(places) == 1 and form.format(17) != form.format(18)
    except (ValueError, LookupError, AttributeError):
        return False


def _is_of_dates(form: str) -> bool:
    day = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    try:
        found = datetime.datetime.strptime(day.strftime(form), form)
    except ValueError:
        return False
    return "%" in form and found.year == day.year
