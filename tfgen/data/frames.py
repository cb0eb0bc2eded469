"""DataFrames of pandas and polars as tables."""

import re
import typing
from collections.abc import Sequence

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.raw_table import advice_on, few
from tfgen.data.schema import EncodedTable, Schema, encode

if typing.TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow

_NULLABLE = re.compile(r"U?Int\d+|Float\d+|boolean|string")


def is_frame(x: object) -> bool:
    """Whether it is a DataFrame, without loading pandas."""
    return hasattr(x, "columns") and hasattr(x, "dtypes")


def is_polars(x: object) -> bool:
    """Whether it is a DataFrame of polars, without loading it."""
    return is_frame(x) and hasattr(x, "to_arrow")


def as_pandas(x: typing.Any) -> typing.Any:
    """Return a polars DataFrame as one of pandas, anything else as it is.

    Columns get the types that a Parquet file of the frame would give them, so
    that whole numbers with gaps stay whole.

    Args:
        x: any.

    Raises:
        ValueError: for a polars LazyFrame, and where pyarrow is not installed.
    """
    # Asked first: its columns are not known without work, of which it warns.
    if hasattr(x, "collect_schema") and hasattr(x, "collect"):
        raise ValueError(
            "x is a LazyFrame, which has no rows yet; pass x.collect()."
        )
    if not is_polars(x):
        return x
    import pandas as pd

    try:
        table = x.to_arrow()
    except ImportError as error:
        raise ValueError(
            "A frame of polars takes pyarrow, which is not installed: "
            "pip install 'tfgen[parquet]'."
        ) from error
    return pd.DataFrame({name: series_of(table[name]) for name in x.columns})


def as_polars(frame: "pd.DataFrame", like: "pl.DataFrame") -> "pl.DataFrame":
    """Return a frame as one of polars, of the types of another if they fit."""
    import polars as pl

    found = pl.from_pandas(frame)
    return found.with_columns(
        _cast(found[name], dtype) for name, dtype in like.schema.items()
    )


def _cast(series: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    """A series of another type, or as it is where that would lose values."""
    import polars as pl

    try:
        found = series.cast(dtype)
        return found if found.cast(series.dtype).equals(series) else series
    except pl.exceptions.PolarsError:
        return series


def series_of(
    cells: "pyarrow.ChunkedArray", dtype: str | None = None
) -> "pd.Series":
    """Return a column of Arrow in a type of pandas that holds its values.

    Args:
        cells: the column.
        dtype: of `nullable_types`, or None.
    """
    import pandas as pd
    from pyarrow import types

    if dtype is not None and not types.is_dictionary(cells.type):
        return pd.Series(cells.to_pylist(), dtype=dtype)
    if types.is_integer(cells.type) and cells.null_count:
        return pd.Series(
            cells.to_pylist(),
            dtype=f"{cells.type}".replace("int", "Int").replace("uInt", "UInt"),
        )
    return cells.to_pandas()


def nullable_types(schema: "pyarrow.Schema") -> dict[str, str]:
    """Return of which columns pandas wrote that they are of its own types.

    Such as Int64 and boolean, which hold gaps: Arrow's types are the same for
    those of NumPy.

    Args:
        schema: of a Parquet file.

    Returns:
        Names of types by names of columns, of no others.
    """
    told = (schema.pandas_metadata or {}).get("columns", ())
    return {
        column["field_name"]: column["numpy_type"]
        for column in told
        if _NULLABLE.fullmatch(column["numpy_type"] or "")
    }


def from_frame(
    frame: "pd.DataFrame",
) -> tuple[np.ndarray, list[np.dtype | str] | None] | None:
    """Return the numbers of a DataFrame, and the types of its columns.

    Columns may be of pandas' own types, such as boolean, Int64 and Float64,
    which have no type in common as arrays.

    Args:
        frame: any.

    Returns:
        An array of shape `(n, columns)`, float64 unless all columns are of one
        NumPy type of numbers; and these types, by name those of pandas, or
        None if there is one. None
        for a frame that is not of numbers alone.
    """
    if not len(frame.columns):
        raise ValueError("x has no columns; expected one or more.")
    types = set(frame.dtypes)
    if len(types) == 1 and getattr(*types, "kind", "O") in "iuf":
        array = np.asarray(frame)
        if array.dtype in types and not np.isnan(array).any():
            return array, None
    columns = [_numbers(column) for _, column in frame.items()]
    if any(values is None for values in columns):
        return None
    dtypes = [
        str(dtype) if _NULLABLE.fullmatch(str(dtype)) else values.dtype
        for dtype, values in zip(frame.dtypes, columns, strict=True)
    ]
    wide = [np.asarray(values, np.float64) for values in columns]
    return np.stack(wide, axis=1), dtypes


def encoded_frame(frame: "pd.DataFrame", schema: Schema | None) -> EncodedTable:
    """Return the columns of a mixed DataFrame, and their numbers.

    Args:
        frame: with columns of any kind.
        schema: what columns are, as far as it is known.

    Raises:
        ValueError: for values that do not fit their column, with row and
            column.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"columns have the name {twice!r} more than once; expected a name "
            "of its own for each column."
        )
    if not len(frame):
        raise ValueError("x has no rows; expected at least one.")
    cells = {
        name: Cells.of_series(column)
        for name, (_, column) in zip(names, frame.items(), strict=True)
    }
    found = encode(cells, schema, row_place)
    check_frame(found.reasons, found)
    return found


def row_place(row: int) -> str:
    """Return what a message calls a row of a frame."""
    return f"row {row}, "


def check_frame(
    reasons: Sequence[str], mixed: EncodedTable | None = None
) -> None:
    """Raise ValueError with all reasons why a frame is no table.

    Args:
        reasons: none if it is one.
        mixed: its columns, unless it is of numbers alone.
    """
    if reasons:
        end = advice_on(reasons, mixed, of_file=False)
        raise ValueError(f"x cannot be read: {few(reasons, '; ')}{end}")


def _numbers(column: "pd.Series") -> np.ndarray | None:
    """The values of a column of numbers without gaps, else None."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return None
    if not pd.api.types.is_any_real_numeric_dtype(column.dtype):
        if not pd.api.types.is_bool_dtype(column.dtype):
            return None
    if column.isna().any():
        return None
    return column.to_numpy(getattr(column.dtype, "numpy_dtype", None))
