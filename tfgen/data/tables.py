"""Tables from text (.csv, .tsv) and .parquet files."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from tfgen.data.cells import MOST_DIGITS, Cells
from tfgen.data.checks import check_memory, reason_of
from tfgen.data.column_kinds import ID_NAMES
from tfgen.data.columns import Column, find_columns
from tfgen.data.csv_files import read_csv
from tfgen.data.frames import nullable_types, series_of
from tfgen.data.notes import say
from tfgen.data.raw_table import RawColumn, RawTable, few, rounded, select
from tfgen.data.rules import Rule
from tfgen.data.schema import Schema, called, encode, say_schema

TEXT_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
SUFFIXES = (*TEXT_SUFFIXES, ".parquet")
_CELL_BYTES = 8


@dataclasses.dataclass(frozen=True)
class Table:
    """Numbers, their columns, and labels or None.

    Attributes:
        x: float64 array of shape `(n, features)`; of a mixed table a list of
            arrays `(n,)`, one for each number of a row.
        columns: one for each of its columns.
        labels: texts or numbers, shape `(n,)`, or None.
        rules: what holds between its columns.
        unknown: see `Storage`.
    """

    x: np.ndarray | list[np.ndarray]
    columns: tuple[Column, ...]
    labels: np.ndarray | None
    rules: tuple[Rule, ...] = ()
    unknown: Mapping[str, dict[str, np.ndarray]] | None = None

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]


def is_table(path: pathlib.Path) -> bool:
    """Whether a path ends as files of tables do."""
    return path.name.lower().endswith(SUFFIXES)


def is_text(path: pathlib.Path) -> bool:
    """Whether it is a table in text."""
    return path.name.lower().endswith(TEXT_SUFFIXES)


def read_table(
    path: pathlib.Path,
    label_column: str | None = None,
    *,
    header: bool | None = None,
    drop_columns: Sequence[str] = (),
    only: Sequence[str] | None = None,
    schema: Schema | None = None,
) -> Table:
    """Read a table: of numbers alone, or mixed.

    Text is separated by comma, semicolon, tab or bar. What the file leaves
    open is found out and said: whether the first line is a header (see
    `find_layout`), that a column looks like numbers of rows, that codes such
    as 01234 or whole numbers beyond 2^53 do not come out as they are.

    Args:
        path: a file that `is_table`; text is UTF-8.
        label_column: name of the column with the classes, or None.
        header: whether the first line of a text is a header, or None to find
            it out. Without one columns are `column_1`, `column_2` and so on.
        drop_columns: names of columns that are left out.
        only: names of the columns to read, in this order, instead of all.
        schema: what columns are; those that it does not name are found, see
            `find_column`. A table without texts, dates, gaps and ids is read
            as one of numbers, unless a schema says otherwise.

    Raises:
        ValueError: values that do not fit their column, lines of another
            length, names that are missing or stand twice: all reasons, with
            line and column.
    """
    if schema is not None:
        schema = schema.without({label_column, *drop_columns})
    if is_text(path):
        raw = read_csv(path, label_column, header, drop_columns, only, schema)
    elif header is not None:
        raise ValueError(
            f"header is for text such as .csv, got {str(path)!r}: leave it out."
        )
    else:
        raw = read_parquet(path, label_column, drop_columns, only, schema)
    if schema is not None:
        named = {column.name for column in schema.columns}
        raw.left_out = [name for name in raw.left_out if name not in named]
    for note in ([raw.note] if raw.note else []) + _doubts(raw):
        say(note if note is raw.note else f"{path}: {note}", stacklevel=5)
    if raw.mixed is not None:
        if schema is None or schema.leaves_all_open:
            say_schema(str(path), raw.mixed.columns)
        mixed = raw.mixed
        return Table(
            mixed.arrays, mixed.columns, raw.labels, mixed.rules, mixed.unknown
        )
    columns = find_columns(
        raw.x,
        [column.name for column in raw.columns],
        dtypes=[column.dtype for column in raw.columns],
        texts={c.name: c.spelling for c in raw.columns if c.spelling},
        written={c.name: c.decimals for c in raw.columns if c.decimals},
    )
    columns, rules, raw.reasons = called(columns, schema, raw.x, raw.place)
    raw.check(path)
    return Table(raw.x, columns, raw.labels, rules)


def read_parquet(
    path: pathlib.Path,
    label_column: str | None = None,
    drop_columns: Sequence[str] = (),
    only: Sequence[str] | None = None,
    schema: Schema | None = None,
) -> RawTable:
    """Return the columns of a Parquet file.

    Args:
        path: the file.
        label_column: the column with the classes, or None.
        drop_columns: names of columns that are left out.
        only: names of the columns to read, in this order; or None.
        schema: what columns are, as far as it is known.

    Raises:
        ValueError: no Parquet file, no rows, or pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError(
            f"Reading {path} takes pyarrow, which is not installed: "
            "pip install 'tfgen[parquet]'."
        ) from error
    try:
        file = pyarrow.parquet.ParquetFile(path)
        names = file.schema_arrow.names
        selection = select(names, label_column, drop_columns, only)
        chosen = {*selection.numbers, selection.label} - {None}
        cells = file.metadata.num_rows * len(chosen)
        check_memory(cells * _CELL_BYTES, str(path), "name fewer columns")
        table = file.read([names[i] for i in chosen])
        table.validate(full=True)  # texts that are no UTF-8, too
    except (OSError, pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is no Parquet file: {reason_of(error)}."
        ) from error
    if not table.num_rows:
        raise ValueError(f"{path} has no rows.")
    columns, values, label = [], [], None
    nullable = nullable_types(file.schema_arrow)
    if not selection.reasons:
        for i in selection.numbers:
            columns.append(RawColumn(names[i]))
            values.append(_numbers(table[names[i]], columns[-1]))
            columns[-1].dtype = nullable.get(names[i], columns[-1].dtype)
        if selection.label is not None:
            label = RawColumn(label_column)
            _note_missing(table[label_column], label, "the label is missing")
    is_mixed = any(c.faults for c in columns) or (schema and schema.is_mixed)
    raw = RawTable(
        [] if is_mixed else columns,
        label=label,
        reasons=selection.reasons,
        left_out=selection.left_out,
        place=lambda row: f"row {row + 1}, ",
    )
    if is_mixed:
        raw.mixed = encode(
            {
                c.name: _cells(table[c.name], nullable.get(c.name))
                for c in columns
            },
            schema,
            raw.place,
        )
    raw.check(path)
    if not is_mixed:
        raw.x = np.stack(values, axis=1)
    if label:
        raw.labels = np.array(table[label_column].to_pylist())
    return raw


def _cells(cells, dtype: str | None) -> Cells:
    """A column of a mixed table, in the type that it is to come out in."""
    found = Cells.of_series(series_of(cells, dtype))
    if found.dtype.startswith("decimal128") and cells.type.bit_width == 128:
        # Of the file's width, which its values need not have.
        return dataclasses.replace(found, dtype=str(cells.type))
    return found


def _numbers(cells, column: RawColumn) -> np.ndarray | None:
    """Return float64 values, noting in `column` what they were."""
    from pyarrow import types

    kind = cells.type
    if types.is_dictionary(kind):
        cells = cells.cast(kind.value_type)
        kind = kind.value_type
    _note_missing(cells, column, "the value is missing")
    if not (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
    ):
        column.fault("text", "", f"the type is {kind}")
        return None
    if column.faults:
        return None
    if types.is_decimal(kind):
        # By their text: Arrow's own cast is off in the last digit of many.
        cells = cells.cast("string").cast("float64")
    values = cells.to_numpy()
    column.dtype = values.dtype.name
    if types.is_decimal128(kind) and kind.precision <= MOST_DIGITS:
        column.dtype = str(kind)
    if values.dtype.kind in "iu":
        column.rounded = rounded(values)
    values = values.astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        column.fault(
            "missing",
            f"row {int(bad.argmax()) + 1}, ",
            "the value is NaN or infinite",
            int(bad.sum()),
        )
    return values


def _note_missing(cells, column: RawColumn, what: str) -> None:
    if cells.null_count:
        row = cells.is_null().to_numpy().argmax() + 1
        column.fault("missing", f"row {row}, ", what, cells.null_count)


def _doubts(raw: RawTable) -> list[str]:
    """Return lines on columns that are hardly what they seem."""
    notes = []
    if raw.left_out:
        notes.append(
            f"columns that the model was not trained on are left out: "
            f"{few([*map(repr, raw.left_out)])}."
        )
    ids = [
        repr(column.name)
        for i, column in enumerate(raw.columns)
        if _counts_rows(column.name, raw.x[:, i])
    ]
    if ids:
        notes.append(
            f"{few(ids)} looks like the number of a row and is taken as a "
            "measurement: drop_columns leaves it out."
        )
    codes = [f"{c.name!r} ({c.code})" for c in raw.columns if c.code]
    if codes:
        notes.append(
            f"{few(codes)} has leading zeros, which are lost, as it is read as "
            "a number: drop_columns leaves codes out, label_column takes one "
            "as the class."
        )
    wide = [
        f"{c.name!r} ({c.rounded} values)" for c in raw.columns if c.rounded
    ]
    if wide:
        notes.append(
            f"{few(wide)} has whole numbers beyond 2^53, which are rounded to "
            "64-bit floats: drop_columns leaves it out."
        )
    return notes


def _counts_rows(name: str, values: np.ndarray) -> bool:
    if len(values) < 10 or not np.array_equal(values, np.rint(values)):
        return False
    if values[0] in (0, 1) and (np.diff(values) == 1).all():
        return True
    named = name.lower() in ID_NAMES or name.lower().endswith("_id")
    return named and len(np.unique(values)) == len(values)
