"""Scores of rows by several measures, of a model or an ensemble."""

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data import Source
from tfgen.detection.measures import MEASURES, check_measure
from tfgen.detection.rows import pieces
from tfgen.models import GenerativeModel

Rows = Source | npt.ArrayLike | str | os.PathLike


class Scorer:
    """How odd rows are by each measure; see `Detector`.

    Args:
        models: one, or those of an ensemble.
        measures: names out of `MEASURES`.
        k: draws of `"bound"`.
        seed: of these draws.

    Raises:
        ValueError: for a measure that a model cannot take.
    """

    def __init__(
        self,
        models: Sequence[GenerativeModel],
        measures: Sequence[str],
        k: int,
        seed: int,
    ):
        self._models, self._measures = models, measures
        self._k, self._seed = k, seed
        for model in models:
            for name in measures:
                check_measure(name, model)

    def fit(self, held_out: Rows, labels: npt.ArrayLike | None) -> np.ndarray:
        """Scores of held-out rows, which set the scale of an ensemble's.

        Returns:
            float64 `(n, measures)`.

        Raises:
            ValueError: for scores that are not finite.
        """
        each = self._of_models(held_out, labels)
        if not np.isfinite(each).all():
            rows = np.sum(~np.isfinite(each).all(axis=(0, 2)))
            raise ValueError(
                f"{rows} of {each.shape[1]} held-out rows have scores that are "
                "not finite: the model has not learned such rows, or its "
                "weights are not finite."
            )
        self._middle = each.mean(axis=1, keepdims=True)
        spread = each.std(axis=1, keepdims=True)
        self._spread = np.where(spread > 0, spread, 1.0)
        return self._together(each)

    def score(self, x: Rows, labels: npt.ArrayLike | None) -> np.ndarray:
        """Scores of rows, float64 `(n, measures)`; NaN is the largest."""
        return _finite(self._together(self._of_models(x, labels)))

    def score_piece(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The same of one model, for inputs of its endpoints."""
        return _finite(self._of_piece(self._models[0], inputs))

    def _of_models(self, x, labels):
        self._check_units(x)
        return np.stack(
            [
                np.concatenate(
                    [self._of_piece(m, rows) for rows in pieces(m, x, labels)]
                )
                for m in self._models
            ]
        )

    def _of_piece(self, model, inputs):
        given = (model, inputs, self._k, self._seed)
        each = [MEASURES[name](*given) for name in self._measures]
        return np.stack(each, axis=1).astype(np.float64)

    def _together(self, each):
        """Of `(models, n, measures)` one score for all models."""
        if len(self._models) == 1:
            return each[0]
        return np.mean((each - self._middle) / self._spread, axis=0)

    def _check_units(self, x):
        if isinstance(x, (Source, str, os.PathLike)):
            return
        if any(m.reading != self._models[0].reading for m in self._models):
            raise ValueError(
                "the models of the ensemble read their data differently, so "
                "that an array cannot be in the units of all: pass a source, "
                "such as tfgen.data.from_arrays(x, like=model)."
            )


def _finite(scores):
    return np.nan_to_num(scores, nan=np.finfo(np.float64).max)
