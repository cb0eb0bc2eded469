"""Missing values of a table, drawn given those that are there."""

import dataclasses
import typing
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tfgen.data.cells import Cells
from tfgen.data.columns import restored, spelled
from tfgen.data.frames import as_pandas, as_polars, is_polars
from tfgen.data.held_rules import Keeper
from tfgen.data.notes import say
from tfgen.data.raw_table import advice_on, few
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
_AGAIN = 0xA6A19  # apart from other uses of a seed


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
        self._redraw = tf.function(
            self._draw_by_seed, autograph=False, reduce_retracing=True
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
        keeps_unknown: bool = False,
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Draws missing cells.

        Args:
            cells: of each column that the model knows, by name.
            seed: row i depends on (seed, i) alone, under rules `"unique"` on
                all rows.
            place: what a message calls a row.
            keeps_unknown: whether texts that are no categories are taken for
                gaps of which nothing is drawn, instead of refused.

        Returns:
            For each column with gaps the numbers of their rows, and values
            such as the training data had.

        Raises:
            ValueError: for rows that the model does not take, and where no
                draw holds the rules.
        """
        stored, missing = self._rows(cells, place, keeps_unknown)
        gaps = {name: each.codes < 0 for name, each in cells.items()}
        if not any(gap.any() for gap in gaps.values()):
            return {}
        starts = range(0, len(stored), ROWS)
        pieces = [
            self._drawn(stored[i : i + ROWS], missing[i : i + ROWS], seed, i)
            for i in starts
        ]
        drawn = self._reading.to_data_units(np.concatenate(pieces))
        columns = self._columns
        if self._reading.rules:
            drawn = self._held(stored, missing, drawn, seed, place)
            columns = _widened(columns, drawn)
        values = restored(columns, drawn)
        found = {}
        for column in self._columns:
            rows = np.flatnonzero(gaps[column.name]) if column.width else ()
            if len(rows):
                found[column.name] = (rows, values[column.name][rows])
        return found

    def impute_frame(
        self, frame: "pd.DataFrame", seed: int, keeps_unknown: bool = False
    ) -> "pd.DataFrame":
        """A frame with its gaps filled; see `WithEncoder.impute`."""
        if is_polars(frame):
            filled = self.impute_frame(as_pandas(frame), seed, keeps_unknown)
            return as_polars(filled, like=frame)
        import pandas as pd

        names = [n for n in self._reading.column_names if n in frame.columns]
        cells = {name: Cells.of_series(frame[name]) for name in names}
        found = self.impute(
            cells, seed, lambda row: f"row {row}, ", keeps_unknown
        )
        filled = frame.copy()
        for name, (rows, values) in found.items():
            column = filled[name].copy()
            if pd.api.types.is_string_dtype(column.dropna()):
                # Dates and booleans as a file has them, which pandas left so.
                values = spelled(self._columns, {name: values})[name]
            if pd.api.types.is_integer_dtype(column) and np.any(values % 1):
                column = column.astype("Float64")
            column.iloc[rows] = values
            filled[name] = column
        return filled

    def _rows(self, cells, place, keeps_unknown):
        """Rows in the columns' units, and where values are missing."""
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
        schema = Schema(tuple(open_columns), keeps_unknown=keeps_unknown)
        found = encode({c.name: cells[c.name] for c in known}, schema, place)
        if found.reasons:
            end = advice_on(found.reasons, found)
            raise ValueError(
                f"rows cannot be read: {few(found.reasons, '; ')}{end}"
            )
        _say_unknown(found.unknown, place)
        arrays, x, missing = iter(found.arrays), [], []
        for column, opened in zip(known, schema.columns, strict=True):
            own = [next(arrays) for _ in range(opened.width)]
            gap = cells[column.name].codes < 0
            for rows in found.unknown.get(column.name, {}).values():
                gap[rows] = True
            for numbers in own[: column.width]:
                x.append(np.where(gap, 0, numbers).astype(np.float64))
                missing.append(gap)
        return np.stack(x, axis=1), np.stack(missing, axis=1)

    def _within(self, stored, missing):
        x = self._reading.from_data_units(stored)
        return given_rows(self._parts, x, missing, self._has_gaps)

    def _drawn(self, stored, missing, seed, first):
        within = self._within(stored, missing)
        # Of tensors, not of numbers: they would be traced anew.
        first = tf.constant(first, tf.int64)
        return self._draw(within, tf.constant(seed, tf.int64), first).numpy()

    def _draw_within(self, within, seed, first):
        rows, width = tf.shape(within.low)[0], within.low.shape[1]
        stream = random.user_stream(seed, "numbers")
        uniform = random.uniform_rows(stream, first, rows, (width,))
        return draw_within(self._model, within, uniform, narrowed_first=False)

    def _draw_by_seed(self, within, seeds):
        width = within.low.shape[1]
        uniform = random.uniform_by_seed(seeds, "numbers", (width,))
        return draw_within(self._model, within, uniform, narrowed_first=False)

    def _held(self, stored, missing, drawn, seed, place):
        """Drawn rows, what was there exactly as it was, that hold the rules."""

        def whole(rows, drawn):
            near = self._reading.nearest(drawn)
            return np.where(missing[rows], near, stored[rows])

        def redraw(rows, number):
            rng = np.random.default_rng((_AGAIN, seed % 2**64, number))
            seeds = rng.integers(2**62, size=len(stored))[rows]
            pieces = []
            for start in range(0, len(rows), ROWS):
                some = slice(start, start + ROWS)
                within = self._within(stored[rows[some]], missing[rows[some]])
                pieces.append(self._redraw(within, seeds[some]).numpy())
            new = self._reading.to_data_units(np.concatenate(pieces))
            return whole(rows, new)

        keeper = Keeper(
            self._reading.rules,
            self._columns,
            given=~missing,
            advice="mend this row, or fill its gaps yourself",
        )
        every = np.arange(len(stored))
        held = keeper.hold(whole(every, drawn), redraw, place)
        if held.note:
            say(held.note)
        return held.x


def _say_unknown(unknown, place):
    """In one line, which texts are unknown and stay."""
    told = [
        f"{place(int(rows.min()))}column {name!r}: {what}"
        for name, said in unknown.items()
        for what, rows in said.items()
    ]
    if told:
        say(
            f"texts that the training data had not stay, and nothing is drawn "
            f"by them: {few(told, '; ')}."
        )


def _widened(columns, x):
    """Columns whose bounds hold what was computed from values that were there.

    Such as a total that is larger than any of the training rows.
    """
    return [
        dataclasses.replace(
            column,
            low=min(column.low, x[:, at].min()),
            high=max(column.high, x[:, at].max()),
        )
        if column.width and not column.levels
        else column
        for at, column in placed(columns)
    ]


def _gap_codes(columns):
    """For each number of a row whether its last code is a gap's."""
    found = []
    for column in columns:
        has_gaps = column.missing is not None
        found += [False, has_gaps] if column.width == 2 else [has_gaps]
        if not column.width:
            found.pop()
    return np.array(found)
