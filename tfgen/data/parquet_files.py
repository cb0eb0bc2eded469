"""Tables in Parquet files."""

import pathlib
from collections.abc import Sequence

import numpy as np

from tfgen.data.checks import reason_of
from tfgen.data.raw_table import RawColumn, RawTable, rounded, select


def read_parquet(
    path: pathlib.Path,
    label_column: str | None = None,
    drop_columns: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> RawTable:
    """Return the columns of a Parquet file, and what is wrong with them.

    Args:
        path: the file.
        label_column: the column with the classes, or None.
        drop_columns: names of columns that are left out.
        only: names of the columns to read, in this order; or None.

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
        table = file.read([names[i] for i in chosen])
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(
            f"{path} is no Parquet file: {reason_of(error)}."
        ) from error
    if not table.num_rows:
        raise ValueError(f"{path} has no rows.")
    columns, values, label = [], [], None
    if not selection.reasons:
        for i in selection.numbers:
            columns.append(RawColumn(names[i]))
            values.append(_numbers(table[names[i]], columns[-1]))
        if selection.label is not None:
            label = RawColumn(label_column)
            _note_missing(table[label_column], label, "the label is missing")
    raw = RawTable(
        columns,
        label=label,
        reasons=selection.reasons,
        left_out=selection.left_out,
    )
    raw.check(path)
    raw.x = np.stack(values, axis=1)
    if label:
        raw.labels = np.array(table[label_column].to_pylist())
    return raw


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
        cells = cells.cast("float64")
    values = cells.to_numpy()
    column.dtype = values.dtype.name
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
