"""Missing values of a table, drawn given those that are there."""

import dataclasses
import typing
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tfgen.data.cells import Cells
from tfgen.data.columns import restored
from tfgen.data.frames import as_pandas, as_polars, is_polars
from tfgen.data.raw_table import few
from tfgen.data.reading import Reading
from tfgen.data.row_numbers import placed
from tfgen.data.schema import Schema, encode
from tfgen.data.table_parts import TableParts
from tfgen.models.conditional import (
    check_is_conditional,
    draw_within,
    given_rows,
)
from tfgen.training import random

if typing.TYPE_CHECKING:
    import pandas as pd

    from tfgen.models.with_encoder import WithEncoder

ROWS = 1024


class Imputer:
    """Draws what is missing in rows of a mixed table.

    See `tfgen.models.conditional.draw_within`.

    Args:
        model: with an encoder, the likelihood `"table"` and a `reading`.

    Raises:
        ValueError: for another model.
    """

    def __init__(self, model: "WithEncoder"):
        check_is_conditional(model, "impute")
        self._model = model
        self._reading = model.reading
        self._columns = model.reading.columns
        self._parts = TableParts(model.reading.parts)
        # Of any number of rows; each would be traced anew.
        self._draw = tf.function(
            self._draw_within, autograph=False, reduce_retracing=True
        )
        self._has_gaps = _gap_codes(self._columns)

    @property
    def reading(self) -> Reading:
        """What it was made for."""
        return self._reading

    def impute(
        self,
        cells: Mapping[str, Cells],
        seed: int,
        place: Callable[[int], str],
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Draws missing cells.

        Args:
            cells: of each column that the model knows, by name.
            seed: row i depends on (seed, i) alone.
            place: what a message calls a row.

        Returns:
            For each column with gaps the numbers of their rows, and values
            such as the training data had.

        Raises:
            ValueError: for rows that the model does not take.
        """
        x, missing = self._rows(cells, place)
        gaps = np.flatnonzero(missing.any(axis=1))
        if not len(gaps):
            return {}
        starts = range(0, len(x), ROWS)
        pieces = [
            self._drawn(x[i : i + ROWS], missing[i : i + ROWS], seed, i)
            for i in starts
        ]
        drawn = self._reading.to_data_units(np.concatenate(pieces))
        values = restored(self._columns, drawn)
        found = {}
        for at, column in placed(self._columns):
            rows = np.flatnonzero(missing[:, at]) if column.width else ()
            if len(rows):
                found[column.name] = (rows, values[column.name][rows])
        return found

    def impute_frame(self, frame: "pd.DataFrame", seed: int) -> "pd.DataFrame":
        """A frame with its gaps filled; see `WithEncoder.impute`."""
        if is_polars(frame):
            filled = self.impute_frame(as_pandas(frame), seed)
            return as_polars(filled, like=frame)
        names = [n for n in self._reading.column_names if n in frame.columns]
        cells = {name: Cells.of_series(frame[name]) for name in names}
        found = self.impute(cells, seed, lambda row: f"row {row}, ")
        filled = frame.copy()
        for name, (rows, values) in found.items():
            column = filled[name].copy()
            column.iloc[rows] = values
            filled[name] = column
        return filled

    def _rows(self, cells, place):
        """Rows as the model takes them, and where values are missing."""
        known = [c for c in self._columns if c.width and c.name in cells]
        absent = [
            c.name for c in self._columns if c.width and c.name not in cells
        ]
        if absent:
            raise ValueError(
                f"there is no column {few([*map(repr, absent)])}; the model "
                "takes all that it was trained on, empty ones too."
            )
        # With gaps, as training data may have had none.
        open_columns = [
            dataclasses.replace(c, missing=c.missing or "") for c in known
        ]
        schema = Schema(tuple(open_columns))
        found = encode({c.name: cells[c.name] for c in known}, schema, place)
        if found.reasons:
            raise ValueError(f"rows cannot be read: {few(found.reasons, '; ')}")
        arrays, x, missing = iter(found.arrays), [], []
        for column, opened in zip(known, schema.columns, strict=True):
            own = [next(arrays) for _ in range(opened.width)]
            gap = cells[column.name].codes < 0
            for numbers in own[: column.width]:
                x.append(np.where(gap, 0, numbers).astype(np.float64))
                missing.append(gap)
        stored = np.stack(x, axis=1)
        return self._reading.from_data_units(stored), np.stack(missing, axis=1)

    def _drawn(self, x, missing, seed, first):
        within = given_rows(self._parts, x, missing, self._has_gaps)
        # Of tensors, not of numbers: they would be traced anew.
        first = tf.constant(first, tf.int64)
        return self._draw(within, tf.constant(seed, tf.int64), first).numpy()

    def _draw_within(self, within, seed, first):
        rows, width = tf.shape(within.low)[0], within.low.shape[1]
        stream = random.user_stream(seed, "numbers")
        uniform = random.uniform_rows(stream, first, rows, (width,))
        return draw_within(self._model, within, uniform, narrowed_first=False)


def _gap_codes(columns):
    """For each number of a row whether its last code is a gap's."""
    found = []
    for column in columns:
        has_gaps = column.missing is not None
        found += [False, has_gaps] if column.width == 2 else [has_gaps]
        if not column.width:
            found.pop()
    return np.array(found)
