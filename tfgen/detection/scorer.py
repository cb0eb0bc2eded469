"""Scores of rows by several measures, of a model or an ensemble."""

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfgen.data import Source
from tfgen.detection.measures import (
    COMBINED,
    MEASURES,
    Given,
    OfTrainingRows,
    check_measure,
)
from tfgen.detection.mixture import Mixture, MixtureParameters
from tfgen.detection.neighbours import Neighbours
from tfgen.detection.row_values import Rows
from tfgen.detection.rows import pieces
from tfgen.models import GenerativeModel
from tfgen.models.held_out_scores import HeldOutScores


class Scorer:
    """How odd rows are by each measure, or by all together; see `Detector`.

    Args:
        models: one, or those of an ensemble.
        measures: names out of `MEASURES`.
        k: draws of `"bound"`.
        seed: of these draws.
        combine: `"max"`, which leaves measures apart, or `"mean"`.
        of_training: of each model, for measures of training rows; or None.

    Attributes:
        middle: of scores, `(models, 1, measures)`, and
        spread: what they are divided by before a mean is taken.

    Raises:
        ValueError: for a measure that a model cannot take.
    """

    def __init__(
        self,
        models: Sequence[GenerativeModel],
        measures: Sequence[str],
        k: int,
        seed: int,
        combine: str = "max",
        of_training: Sequence[OfTrainingRows] | None = None,
    ):
        if combine not in COMBINED:
            raise ValueError(
                f"combine is {combine!r}, expected one of "
                f"{', '.join(COMBINED)}."
            )
        self.models, self.measures = models, measures
        self.k, self.seed, self.combine = k, seed, combine
        of_training = of_training or [{}] * len(models)
        self.given = [Given(k, seed, known) for known in of_training]
        shape = (len(models), 1, len(measures))
        self.middle, self.spread = np.zeros(shape), np.ones(shape)
        for model in models:
            for name in measures:
                check_measure(name, model)

    @classmethod
    def kept(cls, model: GenerativeModel, held_out: HeldOutScores) -> "Scorer":
        """By what a model keeps of held-out rows."""
        rows, mixture = held_out.training_rows, held_out.mixture
        known = {}
        if rows is not None:
            known["neighbours"] = Neighbours(model, rows)
        if mixture is not None:
            known["mixture"] = Mixture(model, MixtureParameters(*mixture))
        scorer = cls(
            [model],
            held_out.measures,
            held_out.k,
            held_out.seed,
            held_out.combine,
            [known],
        )
        if held_out.middle is not None:
            scorer.middle[0, 0] = held_out.middle
            scorer.spread[0, 0] = held_out.spread
        return scorer

    def fit(self, held_out: Rows, labels: npt.ArrayLike | None) -> np.ndarray:
        """Scores of held-out rows, which set the scale of what is averaged.

        Returns:
            float64 `(n, measures)`, or `(n, 1)` of their mean.

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
        if len(self.models) > 1 or self._is_mean:
            self.middle = each.mean(axis=1, keepdims=True)
            spread = each.std(axis=1, keepdims=True)
            self.spread = np.where(spread > 0, spread, 1.0)
        return self.together(each)

    def score(self, x: Rows, labels: npt.ArrayLike | None) -> np.ndarray:
        """Scores of rows, as of `fit`; NaN is the largest."""
        return finite(self.together(self._of_models(x, labels)))

    def of_piece(
        self, number: int, inputs: dict[str, np.ndarray]
    ) -> np.ndarray:
        """What one model says of inputs of its endpoints, `(n, measures)`."""
        given = (self.models[number], inputs, self.given[number])
        each = [MEASURES[name](*given) for name in self.measures]
        return np.stack(each, axis=1).astype(np.float64)

    def together(self, each: np.ndarray) -> np.ndarray:
        """What all models say together, of `(models, n, measures)`."""
        scores = np.mean((each - self.middle) / self.spread, axis=0)
        return scores.mean(axis=1, keepdims=True) if self._is_mean else scores

    def of_tensors(self, inputs: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """The same of an only model in a graph: float64 `(n,)` by measure."""
        given = (self.models[0], inputs, self.given[0])
        each = [
            tf.cast(MEASURES[name](*given), tf.float64)
            for name in self.measures
        ]
        if self._is_mean:
            scales = zip(self.middle[0, 0], self.spread[0, 0], strict=True)
            scaled = [
                (score - middle) / spread
                for score, (middle, spread) in zip(each, scales, strict=True)
            ]
            each = [sum(scaled[1:], scaled[0]) / len(scaled)]
        return each

    @property
    def weights(self) -> np.ndarray:
        """What a unit of each measure adds to the score, as `spread`."""
        size = len(self.models) * (len(self.measures) if self._is_mean else 1)
        return 1.0 / (self.spread * size)

    @property
    def _is_mean(self):
        return self.combine == "mean" and len(self.measures) > 1

    def _of_models(self, x, labels):
        self.check_units(x)
        return np.stack(
            [
                np.concatenate(
                    [self.of_piece(i, rows) for rows in pieces(m, x, labels)]
                )
                for i, m in enumerate(self.models)
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
