"""pandas DataFrames as tables of numbers."""

import typing

import numpy as np

from tfgen.data.raw_table import few

if typing.TYPE_CHECKING:
    import pandas as pd


def is_frame(x: object) -> bool:
    """Whether it is a DataFrame, without loading pandas."""
    return hasattr(x, "columns") and hasattr(x, "dtypes")


def from_frame(
    frame: "pd.DataFrame",
) -> tuple[np.ndarray, list[np.dtype] | None]:
    """Return the numbers of a DataFrame, and the types of its columns.

    Columns may be of pandas' own types, such as boolean, Int64 and Float64,
    which have no type in common as arrays.

    Args:
        frame: with columns of numbers.

    Returns:
        An array of shape `(n, columns)`, float64 unless all columns are of one
        NumPy type of numbers; and these types, or None if there is one.

    Raises:
        ValueError: texts and missing values, with all columns that have some.
    """
    types = set(frame.dtypes)
    if len(types) == 1 and getattr(*types, "kind", "O") in "iuf":
        array = np.asarray(frame)
        if array.dtype in types:
            return array, None
    reasons, columns = [], []
    for name, column in frame.items():
        reason, values = _numbers(column)
        if reason:
            reasons.append(f"column {name!r} {reason}")
        columns.append(values)
    if reasons:
        raise ValueError(
            f"x cannot be read: {few(reasons, '; ')}: convert, fill or drop "
            "them."
        )
    dtypes = [values.dtype for values in columns]
    wide = [np.asarray(values, np.float64) for values in columns]
    return np.stack(wide, axis=1), dtypes


def _numbers(column: "pd.Series"):
    """What is wrong with a column or None, and its values."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if not pd.api.types.is_any_real_numeric_dtype(column.dtype):
        if not pd.api.types.is_bool_dtype(column.dtype):
            return f"has dtype {column.dtype}, expected numbers", None
    missing = column.isna().to_numpy()
    if missing.any():
        return (
            f"has {int(missing.sum())} missing values, the first in row "
            f"{int(missing.argmax())}",
            None,
        )
    return None, column.to_numpy(getattr(column.dtype, "numpy_dtype", None))
