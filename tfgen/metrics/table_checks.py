"""What all metrics of tables ask of their rows."""

import numpy as np

from tfgen.data.checks import to_array

# Squares and their sums are finite below; no model of float32 goes beyond.
LARGEST = 1e100


def check_rows(x, name: str, columns: int | None = None) -> np.ndarray:
    """Rows of numbers as float64, shape `(n, columns)`.

    Args:
        x: numbers, `(n, columns)`.
        name: what a message calls them.
        columns: how many columns they must have, or None.

    Raises:
        ValueError: another shape, fewer than 2 rows, or numbers that are not
            finite or beyond 1e100.
    """
    rows = to_array(x, name).astype(np.float64, copy=False)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(
            f"{name} has shape {rows.shape}; expected rows of numbers, "
            "(n, columns)."
        )
    if columns is not None and rows.shape[1] != columns:
        raise ValueError(
            f"{name} has {rows.shape[1]} columns, expected {columns} as in "
            "the real rows: compare rows of the same table."
        )
    if len(rows) < 2:
        raise ValueError(f"{name} has {len(rows)} rows; expected at least 2.")
    usual = np.abs(rows) <= LARGEST  # False for NaN
    if not usual.all():
        row, column = np.argwhere(~usual)[0]
        raise ValueError(
            f"{name}, row {row}, column {column} is {rows[row, column]}; "
            f"expected finite numbers up to {LARGEST:g}: leave the row out, "
            "or repair the model that made it."
        )
    return rows


def check_column_names(names, columns: int) -> tuple[str, ...]:
    """Names of the columns; `column_1`, `column_2` ... for None.

    Raises:
        ValueError: another number of names than of columns.
    """
    if names is None:
        return tuple(f"column_{i + 1}" for i in range(columns))
    names = tuple(str(name) for name in names)
    if len(names) != columns:
        raise ValueError(
            f"{len(names)} names for {columns} columns; expected one each."
        )
    return names


def vary(rows: np.ndarray) -> np.ndarray:
    """Whether each column holds more than one value up to rounding."""
    largest = np.abs(rows).max(axis=0)
    return np.ptp(rows, axis=0) > 1e-12 * largest


def some_rows(
    rows: np.ndarray, most: int, rng: np.random.Generator
) -> np.ndarray:
    """All rows, or `most` of them drawn without replacement."""
    if len(rows) <= most:
        return rows
    return rows[np.sort(rng.choice(len(rows), most, replace=False))]
