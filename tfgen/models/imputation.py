"""Missing values of a table, drawn given those that are there."""

import dataclasses
import typing
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tfgen.data.cells import Cells
from tfgen.data.columns import restored
from tfgen.data.raw_table import few
from tfgen.data.row_numbers import placed
from tfgen.data.schema import Schema, encode
from tfgen.probability import Table
from tfgen.training import random

if typing.TYPE_CHECKING:
    import pandas as pd

    from tfgen.models.with_encoder import WithEncoder

STEPS = 50
ROWS = 1024


class Imputer:
    """Draws what is missing in rows of a mixed table.

    A Markov chain a row, whose stationary distribution is the model's of
    missing values given the others: latents are proposed by q(z|x) and taken
    or not by Metropolis and Hastings' rule, missing values are drawn by
    p(x|z).

    Args:
        model: with an encoder, the likelihood `"table"` and a `reading`.
        steps: of the chains.

    Raises:
        ValueError: for another model.

    Reference:
        Mattei and Frellsen (2018), "Leveraging the exact likelihood of deep
        latent variable models", algorithm 1.
    """

    def __init__(self, model: "WithEncoder", steps: int = STEPS):
        _check(model)
        if steps < 1:
            raise ValueError(f"steps is {steps}, expected 1, 2, 3, ...")
        self._model, self._steps = model, steps
        self._reading = model.reading
        self._columns = model.reading.columns
        self._step = tf.function(self._next, autograph=False)
        self._start = tf.function(self._propose, autograph=False)
        self._has_gaps = _gap_codes(self._columns)

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
        # Of tensors, not of numbers: they would be traced anew.
        x, missing = tf.constant(x), tf.constant(missing)
        first = tf.constant(first, tf.int64)
        streams = [
            random.user_stream(seed, f"impute {step}")
            for step in range(self._steps + 1)
        ]
        # A draw of the model takes the place of what is missing first.
        filled = self._fill(x, missing, *self._prior(streams[0], first, x))
        latents, _ = self._start(filled, streams[0], first)
        for stream in streams[1:]:
            filled, latents = self._step(
                filled, missing, stream, first, latents
            )
        return filled.numpy()

    def _prior(self, stream, first, x):
        rows = tf.shape(x)[0]
        noise = random.normal_rows(
            stream, first, rows, (self._model.noise_dim,)
        )
        return self._model.prior.from_normal(noise, None), stream, first

    def _fill(self, x, missing, latents, stream, first):
        """The rows, with draws of p(x|z) for what is missing."""
        rows, width = tf.shape(x)[0], x.shape[1]
        uniform = random.uniform_rows(stream, first, rows, (width + 1,))
        parameters = self._model.serving_decoder(latents, training=False)
        drawn = self._model.likelihood.sample_filled(
            parameters, uniform[:, :width], self._has_gaps
        )
        return tf.where(missing, drawn, x)

    def _propose(self, x, stream, first):
        posterior = self._model.posterior(x)
        rows = tf.shape(x)[0]
        noise = random.normal_rows(
            stream, first, rows, (self._model.latent_dim,)
        )
        latents, log_q = self._model.draw(posterior, noise)
        return latents, self._log_joint(x, latents) - log_q

    def _log_joint(self, x, latents):
        parameters = self._model.serving_decoder(latents, training=False)
        log_prob = self._model.likelihood.log_prob(x, parameters)
        return log_prob + self._model.prior.distribution(None).log_prob(latents)

    def _next(self, x, missing, stream, first, latents):
        """One step: latents given the row, then missing values given them."""
        proposed, weight = self._propose(x, stream, first)
        # Of the latents before, as the row has changed since.
        log_q = self._model.posterior(x).log_prob(latents)
        old = self._log_joint(x, latents) - log_q
        rows, width = tf.shape(x)[0], x.shape[1]
        uniform = random.uniform_rows(stream, first, rows, (width + 1,))
        taken = tf.math.log(uniform[:, width]) < weight - old
        latents = tf.where(taken[:, None], proposed, latents)
        return self._fill(x, missing, latents, stream, first), latents


def _check(model):
    name = type(model).__name__
    likelihood = getattr(model, "likelihood", None)
    if not model.encodes or not isinstance(likelihood, Table):
        raise ValueError(
            f"a {name} without the likelihood 'table' cannot impute: train a "
            "VAE of a table with texts, dates or gaps, or pass "
            "likelihood='table' and a schema."
        )
    if model.reading is None or not model.reading.is_mixed:
        raise ValueError(
            f"this {name} does not know its columns: train it on a mixed table "
            "of tfgen.data."
        )
    if model.num_classes or not model.posterior_family.gaussian:
        raise ValueError(
            f"this {name} cannot impute: it takes a model without classes "
            "(leave out --conditional, and the class is a column) and with the "
            "posterior 'diagonal' or 'full'."
        )


def _gap_codes(columns):
    """For each number of a row whether its last code is a gap's."""
    found = []
    for column in columns:
        has_gaps = column.missing is not None
        found += [False, has_gaps] if column.width == 2 else [has_gaps]
        if not column.width:
            found.pop()
    return np.array(found)
