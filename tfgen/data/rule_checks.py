"""What is wrong with rules, and which rows of a table break them, in words."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.columns import Column
from tfgen.data.conditions import shown
from tfgen.data.raw_table import few
from tfgen.data.row_numbers import placed
from tfgen.data.rules import RULES, Rule, Values, names_in, values_of

_NUMBERS = ("decimal", "whole")
_ORDERED = (*_NUMBERS, "datetime")
_LEARNED = (*_ORDERED, "boolean", "categorical")
_KINDS_OF = {
    "at_most": _ORDERED,
    "below": _ORDERED,
    "together": _LEARNED,
    "sum": _NUMBERS,
    "unique": (*_LEARNED, "id"),
}
_KEYS = {
    "at_most": ("left", "right"),
    "below": ("left", "right"),
    "sum": ("columns", "total"),
}
_FORM = '{"rule": "at_most", "left": ..., "right": ...}'


def why_no_rule(said: object) -> str | None:
    """Return what is wrong with a rule of a schema's file, or None."""
    kind = said.get("rule") if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or "rule" not in said:
        return f"has no rule, expected one such as {_FORM}"
    if kind not in RULES:
        return f"has the rule {kind!r}, expected one of {', '.join(RULES)}"
    keys = _KEYS.get(kind, ("columns",))
    for key in said:
        if key not in ("rule", *keys):
            expected = ", ".join(keys)
            return f"({kind!r}) has {key!r}, expected none but {expected}"
    what = next(filter(None, (_why_no_names(k, said) for k in keys)), None)
    what = what or _why_not_these(Rule.from_json(said))
    return what and f"({kind!r}) has {what}"


def why_not_of(rules: Sequence[Rule], columns: Sequence[Column]) -> list[str]:
    """Return why rules are none of a table, a reason for each that is none.

    Args:
        rules: of a schema.
        columns: of the table.
    """
    known, reasons = {column.name: column for column in columns}, []
    for number, rule in enumerate(rules, start=1):
        what = _why_not_known(rule, known) or _why_no_kinds(
            rule, [known[name] for name in rule.columns]
        )
        if what:
            reasons.append(f"rule {number} ({rule.text}): {what}")
    return reasons + _why_no_sums(rules)


def checked_rules(
    rules: Sequence[Rule],
    columns: Sequence[Column],
    arrays: Sequence[np.ndarray],
    place: Callable[[int], str],
    cells: Mapping[str, Cells] | None = None,
) -> tuple[tuple[Rule, ...], list[str]]:
    """Return rules with the combinations of a table's rows, and reasons.

    Args:
        rules: of a schema.
        columns: of the table.
        arrays: one `(n,)` for each number of a row, in the columns' units.
        place: what a message calls a row, such as `"line 3, "`.
        cells: of ids, which have no number in a row.

    Returns:
        The rules, and for each that is none of this table, or that rows break,
        a reason with the first such row and its values.
    """
    reasons = why_not_of(rules, columns)
    if reasons or not rules:
        return tuple(rules), reasons
    names = names_in(rules)
    values = {}
    for at, column in placed(columns):
        if column.name in names and column.width:
            own = np.stack(arrays[at : at + column.width], axis=1)
            values |= values_of([column], own, names)
        elif column.name in names:
            codes = cells[column.name].codes
            values[column.name] = codes.astype(np.float64), codes < 0
    known = {column.name: column for column in columns}
    rules = tuple(rule.seen(values) for rule in rules)
    for number, rule in enumerate(rules, start=1):
        broken = _broken(rule, known, values)
        if len(broken):
            more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
            told = told_values(rule, known, values, broken[0], cells)
            reasons.append(
                f"{place(int(broken[0]))}rule {number} ({rule.text}) does not "
                f"hold: {told}{more}"
            )
    return rules, reasons


def told_values(
    rule: Rule,
    columns: Mapping[str, Column],
    values: Values,
    row: int,
    cells: Mapping[str, Cells] | None = None,
) -> str:
    """Return the values of a row in a rule's columns, in words.

    Args:
        rule: any.
        columns: by name.
        values: of rows, see `values_of`; of ids the numbers of their cells.
        row: which of them.
        cells: of ids.
    """
    told = []
    for name in rule.columns:
        number, is_gap = (one[row] for one in values[name])
        if is_gap:
            text = "missing"
        elif columns[name].width:
            text = _shown(columns[name], number)
        else:
            text = repr(cells[name].texts[int(number)])
        told.append(f"{name} is {text}")
    return ", ".join(told)


def equal_to_earlier(rule: Rule, values: Values) -> np.ndarray:
    """Return the rows whose values an earlier row has, gaps left out."""
    numbers, gaps = rule.numbers(values)
    rows = np.flatnonzero(~gaps)
    _, first = np.unique(numbers[rows], axis=0, return_index=True)
    return np.setdiff1d(rows, rows[first])


def _broken(rule, columns, values):
    if rule.kind == "unique":
        return equal_to_earlier(rule, values)
    return np.flatnonzero(~rule.holds(columns, values))


def _shown(column, number):
    if column.levels:
        return repr(column.categories[int(number)])
    return shown(column, number)


def _why_no_names(key, said):
    value = said.get(key)
    if key == "columns":
        are_texts = isinstance(value, list) and value
        if not are_texts or not all(isinstance(name, str) for name in value):
            return f"columns that are no list of names, {value!r}"
    elif not isinstance(value, str):
        return f"{key} that is no name of a column, {value!r}"
    return None


def _why_not_these(rule):
    names = rule.columns
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        return f"the column {twice[0]!r} more than once"
    fewest = {"sum": 3, "unique": 1}.get(rule.kind, 2)
    if len(names) < fewest:
        return "one column alone, expected two at least"
    return None


def _why_not_known(rule, known):
    absent = [repr(name) for name in rule.columns if name not in known]
    if absent:
        return (
            f"there is no column {few(absent)} to learn; those are "
            f"{few([*map(repr, known)], most=20)}"
        )
    return None


def _why_no_kinds(rule, columns):
    wanted = _KINDS_OF[rule.kind]
    for column in columns:
        if column.kind not in wanted:
            todo = "name others"
            if column.kind == "categorical":
                todo = "if it is a number, give it such a kind in the schema"
            return (
                f"{column.name!r} is {column.kind}, expected one of "
                f"{', '.join(wanted)}: {todo}"
            )
    is_date = [column.kind == "datetime" for column in columns]
    if rule.kind in ("at_most", "below") and any(is_date) != all(is_date):
        return "a date and a number have no order: name two of one kind"
    return None


def _why_no_sums(rules):
    sums = {}
    for number, rule in enumerate(rules, start=1):
        if rule.kind != "sum":
            continue
        if rule.columns[-1] in sums:
            return [
                f"rule {number} ({rule.text}): another sum has this total: "
                "leave one out"
            ]
        sums[rule.columns[-1]] = rule.columns[:-1]
    for total in sums:
        if _leads_back(total, sums):
            return [
                f"{total!r} is a part of its own sum, by way of others: leave "
                "a rule out"
            ]
    return []


def _leads_back(total, sums):
    reached, ahead = set(), [*sums[total]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += sums.get(name, ())
    return total in reached
