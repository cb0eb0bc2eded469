"""Sources of mixed tables: texts, dates, gaps and codes beside numbers."""

import dataclasses
import typing
from collections.abc import Mapping, Sequence

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.column_values import decoded
from tfgen.data.columns import Column, restored
from tfgen.data.raw_table import few, schema_of
from tfgen.data.row_numbers import number_names, placed
from tfgen.data.schema import Schema, encode
from tfgen.data.squashing import squash, squashing
from tfgen.data.storage import ColumnStorage

if typing.TYPE_CHECKING:
    from tfgen.data.source import Source


_NOTHING = {
    "id": "hardly a value comes twice, taken for ids",
    "constant": "one value or none",
}


def mixed_source(
    columns: Sequence[Column],
    arrays: Sequence[np.ndarray],
    labels: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    unknown: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    **attributes: typing.Any,
) -> "Source":
    """Return a source of a mixed table; it is not standardized yet.

    Args:
        columns: of the table.
        arrays: one for each number of a row.
        labels: int64 class numbers, or None.
        class_names: of the classes.
        unknown: see `Storage`.
        attributes: others of `Source`.

    Raises:
        ValueError: for a table of which a model would see nothing.
    """
    from tfgen.data.source import Source

    if not arrays:
        kinds = [f"{c.name!r} ({_NOTHING[c.kind]})" for c in columns]
        raise ValueError(
            f"{attributes.get('name', 'x')}: there is nothing to learn in "
            f"{few(kinds)}: add columns of numbers, dates or texts that come "
            f"more than once, or say that one has categories by the schema "
            f"{schema_of(columns[0].name)}."
        )
    return Source(
        ColumnStorage(arrays, labels, unknown),
        "table",
        class_names=class_names,
        feature_names=number_names(columns),
        columns=tuple(columns),
        **attributes,
    )


def standardizing(
    columns: Sequence[Column], x: np.ndarray, transform: str
) -> tuple[tuple[Column, ...], np.ndarray, np.ndarray]:
    """Return columns, means and deviations as such rows have them.

    Codes stay as they are: their mean is 0 here, their deviation 1. Gaps and
    frequent values do not count.

    Args:
        columns: of a mixed table.
        x: rows in the columns' units, `(n, numbers)`.
        transform: which columns are squashed, see `with_transform`.
    """
    mean, deviation, found = np.zeros(x.shape[1]), np.ones(x.shape[1]), []
    for place, column in placed(columns):
        if not column.width or column.levels:
            found.append(column)
            continue
        values = x[:, place]
        if column.width == 2:
            values = values[x[:, place + 1] < 0.5]
        if len(values):
            ends = [values.min(), values.max(), *(column.frequent or ())]
            column = dataclasses.replace(
                column,
                low=float(min(ends)),
                high=float(max(ends)),
                **squashing(values, transform),
            )
            z = squash([_alone(column)], values[:, None])[:, 0]
            with np.errstate(over="ignore", invalid="ignore"):
                mean[place], spread = z.mean(), z.std()
            # A column that is constant, up to rounding, is shifted only.
            if spread > 1e-12 * max(abs(mean[place]), 1e-300):
                deviation[place] = spread
        elif np.isfinite(column.low):
            # None of these rows has a number, but others may.
            mean[place] = column.low
            deviation[place] = (column.high - column.low) or 1.0
        found.append(column)
    return tuple(found), mean, deviation


def recoded(source: "Source", columns: Sequence[Column]) -> "Source":
    """Return rows of a table in the codes of other columns of its names.

    Args:
        source: a table; one without names of columns holds their numbers.
        columns: those of the data that a model was trained on.

    Raises:
        ValueError: for values that the others do not take.
    """
    x = source.storage.read(np.arange(len(source.storage)))
    own = {column.name: (place, column) for place, column in _placed(source)}
    needed = [column for column in columns if column.width]
    if not all(column.name in own for column in needed):
        stored = source.storage
        storage = ColumnStorage(list(x.T), stored.labels, stored.unknown)
        return dataclasses.replace(source, storage=storage)
    cells = {}
    for column in needed:
        place, mine = own[column.name]
        cells[column.name] = _cells(mine, x[:, place : place + mine.width])
    found = encode(cells, Schema(tuple(needed)), lambda row: f"row {row}, ")
    if found.reasons:
        raise ValueError(f"{source.name}: {few(found.reasons, '; ')}.")
    stored = source.storage
    storage = ColumnStorage(found.arrays, stored.labels, stored.unknown)
    return dataclasses.replace(source, storage=storage)


def same_codes(one: Sequence[Column], other: Sequence[Column]) -> bool:
    """Whether numbers mean the same in two tables."""
    return [_meaning(c) for c in one] == [_meaning(c) for c in other]


def _placed(source):
    return placed(source.columns or ())


def _alone(column):
    return dataclasses.replace(column, missing=None, frequent=None)


def _meaning(column):
    has_gaps = column.missing is not None
    codes = (column.categories, column.frequent, has_gaps)
    return (column.name, column.width, *codes)


def _cells(column: Column, numbers: np.ndarray) -> Cells:
    import pandas as pd

    # Not clipped to what was seen of them.
    column = dataclasses.replace(column, low=-np.inf, high=np.inf)
    if column.is_plain:
        values = restored([column], numbers)[column.name]
    else:
        values = decoded(column, numbers)
    return Cells.of_series(pd.Series(values))
