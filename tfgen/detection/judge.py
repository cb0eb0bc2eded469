"""Models with scores of held-out rows: what a detector asks."""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tfgen.detection.calibration import Calibration
from tfgen.detection.explanation import EXPLAINED, Explainer
from tfgen.detection.row_values import Rows
from tfgen.detection.scorer import Scorer
from tfgen.models import GenerativeModel
from tfgen.models.held_out_scores import HeldOutScores, weights_digest


class Judge:
    """Compares scores of rows with those of held-out ones.

    Args:
        scorer: of the models and measures.
        held_out: `(measures, n)`, scores of held-out rows.
        make_explainer: makes what tells shares of values.

    Attributes:
        scorer: that of the arguments.
        calibrations: one for each measure.
    """

    def __init__(
        self,
        scorer: Scorer,
        held_out: np.ndarray,
        make_explainer: Callable[[], Explainer],
    ):
        self.scorer = scorer
        self.calibrations = [
            Calibration(scores, tests=len(held_out)) for scores in held_out
        ]
        self._make_explainer = make_explainer

    @classmethod
    def of_rows(
        cls, scorer: Scorer, rows: Rows, labels: npt.ArrayLike | None
    ) -> "Judge":
        """By held-out rows."""
        scores = scorer.fit(rows, labels)
        make = functools.partial(Explainer.of_rows, scorer, (rows, labels))
        return cls(scorer, scores.T, make)

    @classmethod
    def kept(cls, model: GenerativeModel) -> "Judge":
        """By what the model keeps.

        Raises:
            ValueError: for a model that keeps nothing, or has changed since.
        """
        held_out = kept_scores(model)
        scorer = Scorer.kept(model, held_out)
        make = functools.partial(Explainer.kept, scorer, held_out)
        return cls(scorer, held_out.scores, make)

    @property
    def num_held_out(self) -> int:
        """Number of the held-out rows."""
        return len(self.calibrations[0].scores)

    @functools.cached_property
    def explainer(self) -> Explainer:
        """What tells shares of values; ValueError where there are none."""
        _check_explained(self.scorer.measures, len(self.calibrations))
        return self._make_explainer()

    def __getstate__(self) -> dict:
        """Without what is made when it is asked for, and cannot be pickled."""
        return {k: v for k, v in vars(self).items() if k != "explainer"}

    @property
    def explains(self) -> bool:
        """Whether there are shares of values."""
        try:
            return self.explainer is not None
        except ValueError:
            return False

    def p_values(self, by_measure: np.ndarray) -> np.ndarray:
        """Of scores by each measure, `(n, measures)`."""
        each = [
            calibration.p_values(scores)
            for calibration, scores in self._pairs(by_measure)
        ]
        return np.minimum(np.min(each, axis=0), 1.0)

    def score(self, by_measure: np.ndarray) -> np.ndarray:
        """One number for each row; see `Detector`."""
        if by_measure.shape[1] == 1:
            return by_measure[:, 0]
        each = [
            calibration.surprise(scores)
            for calibration, scores in self._pairs(by_measure)
        ]
        return np.max(each, axis=0)

    def limit(self, alpha: float) -> float:
        """The `score` above which, and only there, p is alpha or less."""
        first = self.calibrations[0]
        if len(self.calibrations) > 1:
            return first.surprise_threshold(alpha)
        return first.threshold(alpha)

    def to_keep(self, alpha: float, source: str | None) -> HeldOutScores:
        """What a model keeps of it.

        Raises:
            ValueError: for several models.
        """
        model = _only(self.scorer.models)
        parts = {}
        if self.explains:
            (medians,), (rest,) = self.explainer.medians, self.explainer.rests
            parts = {"medians": medians, "rest": float(rest)}
        known = self.scorer.given[0].of_training
        if "neighbours" in known:
            parts["training_rows"] = known["neighbours"].rows
        if "mixture" in known:
            parts["mixture"] = tuple(known["mixture"].parameters)
        return HeldOutScores(
            tuple(self.scorer.measures),
            np.stack([each.scores for each in self.calibrations]),
            alpha=alpha,
            k=self.scorer.k,
            seed=self.scorer.seed,
            combine=self.scorer.combine,
            middle=self.scorer.middle[0, 0],
            spread=self.scorer.spread[0, 0],
            weights=weights_digest(model),
            source=source,
            **parts,
        )

    def _pairs(self, by_measure):
        return zip(self.calibrations, by_measure.T, strict=True)


def kept_scores(model: GenerativeModel) -> HeldOutScores:
    """What a model keeps of held-out rows.

    Raises:
        ValueError: for a model that keeps nothing, or has changed since.
    """
    held_out = model.held_out_scores
    if held_out is None:
        raise ValueError(
            "the model keeps no scores of held-out rows: pass such rows to "
            "Detector, or let `tfgen calibrate RUN` keep them."
        )
    if held_out.weights != weights_digest(model):
        raise ValueError(
            "the model has changed since its held-out rows were scored: "
            "calibrate it again, by Detector(model, held_out).keep() or "
            "`tfgen calibrate RUN`."
        )
    return held_out


def _only(models: Sequence[GenerativeModel]):
    if len(models) > 1:
        raise ValueError(
            f"an ensemble of {len(models)} models has no file of its own: "
            "keep the scores of one model."
        )
    return models[0]


def _check_explained(measures, scores):
    if scores > 1:
        raise ValueError(
            f"explain is for one score, got those of {', '.join(measures)}: "
            "make a Detector of one measure, or with combine='mean'."
        )
    unknown = [name for name in measures if name not in EXPLAINED]
    if unknown:
        raise ValueError(
            f"explain knows no shares of values in {unknown[0]!r}: take one "
            f"of the measures {', '.join(EXPLAINED)}."
        )
