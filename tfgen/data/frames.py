"""pandas DataFrames as tables."""

import typing

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.raw_table import advice_on, few
from tfgen.data.schema import EncodedTable, Schema, encode

if typing.TYPE_CHECKING:
    import pandas as pd


def is_frame(x: object) -> bool:
    """Whether it is a DataFrame, without loading pandas."""
    return hasattr(x, "columns") and hasattr(x, "dtypes")


def from_frame(
    frame: "pd.DataFrame",
) -> tuple[np.ndarray, list[np.dtype] | None] | None:
    """Return the numbers of a DataFrame, and the types of its columns.

    Columns may be of pandas' own types, such as boolean, Int64 and Float64,
    which have no type in common as arrays.

    Args:
        frame: any.

    Returns:
        An array of shape `(n, columns)`, float64 unless all columns are of one
        NumPy type of numbers; and these types, or None if there is one. None
        for a frame that is not of numbers alone.
    """
    types = set(frame.dtypes)
    if len(types) == 1 and getattr(*types, "kind", "O") in "iuf":
        array = np.asarray(frame)
        if array.dtype in types and not np.isnan(array).any():
            return array, None
    columns = [_numbers(column) for _, column in frame.items()]
    if any(values is None for values in columns):
        return None
    dtypes = [values.dtype for values in columns]
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
    found = encode(cells, schema, lambda row: f"row {row}, ")
    if found.reasons:
        end = advice_on(found.reasons, found, of_file=False)
        raise ValueError(f"x cannot be read: {few(found.reasons, '; ')}{end}")
    return found


def _numbers(column: "pd.Series") -> np.ndarray | None:
    """The values of a column of numbers without gaps, else None."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if not pd.api.types.is_any_real_numeric_dtype(column.dtype):
        if not pd.api.types.is_bool_dtype(column.dtype):
            return None
    if column.isna().any():
        return None
    return column.to_numpy(getattr(column.dtype, "numpy_dtype", None))
