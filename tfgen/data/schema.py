"""Schema: what the columns of a table are, found or said."""

import dataclasses
import json
import os
import pathlib
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.checks import reason_of
from tfgen.data.column_kinds import (
    FEW_CODES,
    FEWEST_ROWS_EACH,
    column_as,
    find_column,
)
from tfgen.data.column_values import MISSING_VALUE, encoded, is_unknown
from tfgen.data.columns import KINDS, Column, find_columns
from tfgen.data.notes import say
from tfgen.data.raw_table import few
from tfgen.data.row_numbers import are_mixed
from tfgen.data.rule_checks import checked_rules
from tfgen.data.rules import Rule
from tfgen.data.schema_checks import BY_VALUE, KEYS, read_content

if typing.TYPE_CHECKING:
    import pandas as pd


NUMBERS = "numbers"


@dataclasses.dataclass(frozen=True)
class Schema:
    """What the columns of a table are.

    `tfgen.data.load(file, schema=...)` reads a table by one, and `tfgen schema
    FILE` writes one that is found, as JSON to be edited. A column that it does
    not name is found by its cells; what it leaves out of one that it names,
    such as the categories, is found too.

    A table of numbers alone is read as numbers, unless a schema says more of a
    column, or is `"by_value"`: then columns with few values are categories
    there, too, and frequent values have codes of their own. `"numbers"` says
    that it should be.

    Attributes:
        columns: one for each column of the table, in their order.
        by_value: whether a table of numbers alone is read so.
        rules: what holds between columns in every row.
        keeps_unknown: whether rows are kept that have a text which is none of
            a column's categories, or a gap where it has none; a source says
            which (`Source.unknown`).

    Example:
    >>> import pandas as pd
    >>> table = pd.DataFrame({"city": ["Rome", "Oslo"], "size": [1.5, None]})
    >>> for column in tfgen.data.Schema.of(table).columns:
    ...     print(column.name, column.kind, column.width)
    city categorical 1
    size decimal 2
    """

    columns: tuple[Column, ...]
    by_value: bool = False
    rules: tuple[Rule, ...] = ()
    keeps_unknown: bool = False

    @classmethod
    def of(
        cls,
        data: "str | os.PathLike | pd.DataFrame",
        by_value: bool = False,
    ) -> "Schema":
        """Return the schema of a file or a frame, found by its cells.

        Args:
            data: a `.csv`, `.tsv` or `.parquet`, or a frame of pandas or
                polars.
            by_value: whether that of a table of numbers alone tells which
                columns have few values.

        Raises:
            ValueError: for what is no table.
        """
        from tfgen.data.frames import (
            as_pandas,
            encoded_frame,
            from_frame,
            is_frame,
        )
        from tfgen.data.tables import read_table

        data = as_pandas(data)
        if is_frame(data):
            numbers = None if by_value else from_frame(data)
            if numbers is None:
                return cls(encoded_frame(data, None).columns, by_value)
            names = [*map(str, data.columns)]
            return cls(find_columns(numbers[0], names, dtypes=numbers[1]))
        schema = cls((), True) if by_value else None
        columns = read_table(pathlib.Path(data), schema=schema).columns
        return cls(columns, by_value)

    @classmethod
    def read(cls, schema: "str | os.PathLike | Mapping | Schema") -> "Schema":
        """Return a schema of a JSON file, or of what such a file holds.

        `"by_value"` and `"numbers"` are some that say nothing of any column;
        a file of such a name is `"./by_value"`.

        Raises:
            ValueError: for another content, with all reasons.
        """
        if isinstance(schema, Schema):
            return schema
        if schema in (BY_VALUE, NUMBERS):
            return cls((), schema == BY_VALUE)
        what, content = "schema", schema
        if isinstance(schema, str | os.PathLike):
            what = os.fspath(schema)
            try:
                text = pathlib.Path(schema).read_text(encoding="utf-8")
                content = json.loads(text)
            except (OSError, ValueError) as error:
                raise ValueError(
                    f"{what} is no schema ({reason_of(error)}): write one "
                    f"with `tfgen schema FILE`, or pass {BY_VALUE!r} or "
                    f"{NUMBERS!r}."
                ) from None
        return cls(*read_content(content, what))

    def to_json(self) -> dict:
        """Return what `read` takes: name and kind, and what goes with it."""
        said = {"by_value": True} if self.by_value else {}
        said["columns"] = [_said(column) for column in self.columns]
        if self.rules:
            said["rules"] = [rule.to_json() for rule in self.rules]
        return said

    def without(self, names: Collection[str]) -> "Schema":
        """Return the schema without some columns."""
        columns = tuple(c for c in self.columns if c.name not in names)
        return dataclasses.replace(self, columns=columns)

    @property
    def is_mixed(self) -> bool:
        """Whether there is more than numbers, true and false without gaps."""
        return self.by_value or are_mixed(self.columns)

    @property
    def leaves_all_open(self) -> bool:
        """Whether it names no column, so that all are found."""
        return not self.columns

    @property
    def description(self) -> str:
        """One line: how many columns of each kind, and which have codes."""
        kinds = [column.kind for column in self.columns]
        counts = [f"{kinds.count(k)} {k}" for k in KINDS if k in kinds]
        gaps = [c.name for c in self.columns if c.missing is not None]
        frequent = [c.name for c in self.columns if c.frequent]
        text = ", ".join(counts)
        text += f"; gaps in {few(gaps)}" if gaps else ""
        return text + (
            f"; frequent values in {few(frequent)}" if frequent else ""
        )


class EncodedTable(typing.NamedTuple):
    """The columns of a mixed table, and the numbers that stand for them."""

    columns: tuple[Column, ...]
    arrays: list[np.ndarray]
    """One for each number of a row, of the smallest type that holds it."""
    reasons: list[str]
    """What is wrong, with place and column."""
    odd: list[str]
    """Columns with values that do not fit."""
    of_model: bool = False
    """Whether the columns are those of a model, which no schema changes."""
    rules: tuple[Rule, ...] = ()
    """Those of the schema, with the combinations of the rows."""
    unknown: Mapping[str, dict[str, np.ndarray]] = types.MappingProxyType({})
    """Of columns what they do not know, and the rows that have it."""


def encode(
    cells: Mapping[str, Cells],
    schema: Schema | None,
    place: Callable[[int], str],
) -> EncodedTable:
    """Return the columns of a table and their numbers.

    Args:
        cells: of each column, by name.
        schema: what columns are, as far as it is known.
        place: what a message calls a row, such as `"line 3, "`.
    """
    known = {c.name: c for c in schema.columns} if schema else {}
    columns, arrays, odd, unknown = [], [], [], {}
    reasons = _told_absent(known, cells)
    for name, column_cells in cells.items():
        faults = []

        def fault(what, rows, faults=faults):
            faults.append((what, rows))

        column = _completed(name, known.get(name), column_cells, fault)
        if not faults:
            arrays += encoded(column, column_cells, fault)
        if schema and schema.keeps_unknown:
            faults = _without_unknown(faults, unknown.setdefault(name, {}))
        columns.append(column)
        reasons += _told(name, faults, place)
        if any(not what.startswith(MISSING_VALUE) for what, _ in faults):
            odd.append(name)
    of_model = any(column.dtype for column in known.values())
    rules = schema.rules if schema else ()
    if not reasons:
        rules, reasons = checked_rules(rules, columns, arrays, place, cells)
    unknown = {name: said for name, said in unknown.items() if said}
    return EncodedTable(
        tuple(columns), arrays, reasons, odd, of_model, rules, unknown
    )


def called(
    columns: Sequence[Column],
    schema: Schema | None,
    x: np.ndarray,
    place: Callable[[int], str],
) -> tuple[tuple[Column, ...], tuple[Rule, ...], list[str]]:
    """Return columns of numbers alone as a schema calls them, and its rules.

    Args:
        columns: found in the numbers, one each.
        schema: of plain columns, or None.
        x: the numbers, `(n, columns)`.
        place: what a message calls a row.

    Returns:
        The columns, the rules, and what is not as the schema says.
    """
    # Those of a model have a dtype, and their reader compares them.
    said = [c for c in schema.columns if not c.dtype] if schema else []
    known = {column.name: column for column in said}
    reasons = _told_absent(known, [column.name for column in columns])
    found = []
    for column, values in zip(columns, x.T, strict=True):
        kind = known.get(column.name, column).kind
        if kind != column.kind:
            faults = []
            each, codes = np.unique(values, return_inverse=True)
            if column.kind == "whole":
                each = map(int, each)
            cells = Cells([*each], codes, are_texts=False)

            def fault(what, rows, faults=faults):
                faults.append((what, rows))

            said = column_as(column.name, cells, kind, fault, None)
            if not faults:
                encoded(said, cells, fault)
            reasons += _told(column.name, faults, place)
            column = dataclasses.replace(column, kind=kind)
        found.append(column)
    rules = schema.rules if schema else ()
    if not reasons:
        rules, reasons = checked_rules(rules, found, [*x.T], place)
    return tuple(found), rules, reasons


def say_schema(name: str, columns: tuple[Column, ...]) -> None:
    """Say in one line what the columns of a table are, if it is a mixed one."""
    if not are_mixed(columns):
        return
    ids = [c.name for c in columns if c.kind == "id"]
    text = f"{name}: columns are {Schema(columns).description}"
    if ids:
        text += (
            f"; {few(ids)} is not learned but made anew in samples, as "
            "hardly a value comes twice"
        )
    moved = [c.name for c in columns if "%z" in (c.format or "")]
    if moved:
        text += f"; times in {few(moved)} come out in UTC"
    swapped = [c.name for c in columns if _is_ambiguous(c)]
    if swapped:
        text += f"; dates in {few(swapped)} are read as month/day/year"
    say(f"{text} (`tfgen schema` tells all; a schema sets them).", stacklevel=6)


def say_few_valued(
    name: str, columns: Sequence[Column] | None, x: np.ndarray
) -> None:
    """Say where half of the columns of numbers have few values, if they do.

    Args:
        name: of the table.
        columns: one for each column of numbers.
        x: finite numbers, shape `(n, features)`.
    """
    few_valued = [
        column.name
        for column, values in zip(columns or (), x.T, strict=bool(columns))
        if column.kind == "whole" and _are_few(values)
    ]
    if few_valued and 2 * len(few_valued) >= x.shape[1]:
        say(
            f"{name}: {few([*map(repr, few_valued)])} have at most "
            f"{FEW_CODES} values each and are read as numbers "
            f"(schema={BY_VALUE!r} has a VAE learn them as categories, "
            f"{NUMBERS!r} says this no more).",
            stacklevel=6,
        )


def _are_few(values: np.ndarray) -> bool:
    for part in (values[:1000], values):  # some rows first, which is fast
        most = min(FEW_CODES, len(part) // FEWEST_ROWS_EACH)
        if not 1 < len(np.unique(part)) <= most:
            return False
    return True


def _is_ambiguous(column: Column) -> bool:
    return (column.format or "").startswith("%m/%d")


def _completed(name, said, cells, fault) -> Column:
    """A column as a schema says it is, with what that leaves out."""
    if said is None:
        return find_column(name, cells, fault)
    if said.dtype:
        return said  # of a model, which knows all
    if said.missing is not None and cells.missing is None:
        cells = dataclasses.replace(cells, missing=said.missing)
    found = column_as(name, cells, said.kind, fault, said.format)
    if said.frequent is not None:
        found = dataclasses.replace(found, frequent=said.frequent or None)
    if said.categories is not None:
        found = dataclasses.replace(found, categories=said.categories)
    if found.kind in ("categorical", "boolean") and not found.categories:
        what = "there is no value, expected one or categories in the schema"
        fault(what, np.arange(1))
    return found


def _told_absent(known, names):
    """A reason if columns are not there that a schema names."""
    absent = [
        name
        for name, column in known.items()
        if name not in names and (column.width or not column.dtype)
    ]
    if not absent or not names:
        return []
    return [
        f"there is no column {few([*map(repr, absent)])}, which the schema "
        f"names; the columns are {few([*map(repr, names)], most=20)}"
    ]


def _without_unknown(faults, unknown):
    """Faults of other kinds; rows with what is unknown are added to it."""
    left = []
    for what, rows in faults:
        if is_unknown(what):
            before = unknown.get(what, rows[:0])
            unknown[what] = np.concatenate([before, rows])
        else:
            left.append((what, rows))
    return left


def _told(name, faults, place):
    """A reason for gaps, and one for all values that do not fit."""
    groups = {True: [], False: []}
    for found in faults:
        groups[found[0].startswith(MISSING_VALUE)].append(found)
    reasons = []
    for group in groups.values():
        if group:
            what, rows = min(group, key=lambda found: found[1].min())
            count = sum(len(rows) for _, rows in group)
            more = f" (and {count - 1} more)" if count > 1 else ""
            reasons.append(
                f"{place(int(rows.min()))}column {name!r}: {what}{more}"
            )
    return reasons


def _said(column: Column) -> dict:
    values = column.to_json()
    said = {key: values[key] for key in KEYS if values.get(key) is not None}
    if not said.get("categories", True):
        del said["categories"]
    return said
