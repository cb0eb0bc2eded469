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
        self.models, self.measures = models, measures
        self.k, self.seed = k, seed
        self._middle, self._spread = np.zeros((1, 1, 1)), np.ones((1, 1, 1))
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
        self.held_out = each
        if len(self.models) > 1:
            self._middle = each.mean(axis=1, keepdims=True)
            spread = each.std(axis=1, keepdims=True)
            self._spread = np.where(spread > 0, spread, 1.0)
        return self.together(each)

    def score(self, x: Rows, labels: npt.ArrayLike | None) -> np.ndarray:
        """Scores of rows, float64 `(n, measures)`; NaN is the largest."""
        return finite(self.together(self._of_models(x, labels)))

    def of_piece(
        self, model: GenerativeModel, inputs: dict[str, np.ndarray]
    ) -> np.ndarray:
        """What one model says of inputs of its endpoints, `(n, measures)`."""
        given = (model, inputs, self.k, self.seed)
        each = [MEASURES[name](*given) for name in self.measures]
        return np.stack(each, axis=1).astype(np.float64)

    def together(self, each: np.ndarray) -> np.ndarray:
        """One score for all models, of `(models, n, measures)`."""
        return np.mean((each - self._middle) / self._spread, axis=0)

    def shared_out(self, each: np.ndarray) -> np.ndarray:
        """What parts of each model's score are of the one for all models.

        Args:
            each: `(models, ...)`, by the first measure.
        """
        spread = np.reshape(self._spread[..., 0], (-1, *[1] * (each.ndim - 1)))
        return np.mean(each / spread, axis=0)

    def _of_models(self, x, labels):
        self.check_units(x)
        return np.stack(
            [
                np.concatenate(
                    [self.of_piece(m, rows) for rows in pieces(m, x, labels)]
                )
                for m in self.models
            ]
        )

    def check_units(self, x: Rows) -> None:
        """Raises ValueError for an array that is not in all models' units."""
        if isinstance(x, (Source, str, os.PathLike)):
            return
        if any(m.reading != self.models[0].reading for m in self.models):
            raise ValueError(
                "the models of the ensemble read their data differently, so "
                "that an array cannot be in the units of all: pass a source, "
                "such as tfgen.data.from_arrays(x, like=model)."
            )


def finite(scores: np.ndarray) -> np.ndarray:
    """Scores of which those that are NaN or infinite are the largest."""
    return np.nan_to_num(scores, nan=np.finfo(np.float64).max)
