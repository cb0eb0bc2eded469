"""Detector: how odd rows are, with a rate of false alarms that holds."""

import dataclasses
import math
import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data import Source
from tfgen.data.notes import say
from tfgen.detection.calibration import Calibration
from tfgen.detection.explanation import (
    EXPLAINED,
    Explainer,
    Explanation,
    ValueLikelihoods,
)
from tfgen.detection.measures import MEASURES, check_measure
from tfgen.detection.rows import pieces
from tfgen.models import GenerativeModel
from tfgen.runs.on_files import load

Model = GenerativeModel | str | os.PathLike
Rows = Source | npt.ArrayLike | str | os.PathLike
VALUES_OF_MEDIANS = 2**25
"""At most, of the held-out rows: 256 MiB."""


@dataclasses.dataclass(frozen=True)
class Detection:
    """What a detector says of rows.

    Attributes:
        score: float64 `(n,)`, the larger the odder.
        p_value: `(n,)`: of normal rows, at most a share alpha have a p-value
            of alpha or less.
        is_odd: bool `(n,)`, whether the p-value is at most the detector's
            alpha.

    Example:
    >>> found = tfgen.detection.Detection(
    ...     np.array([1.0, 9.0]), np.array([0.5, 0.01]), np.array([False, True])
    ... )
    >>> found.score[found.is_odd]
    array([9.])
    """

    score: np.ndarray
    p_value: np.ndarray
    is_odd: np.ndarray


class Detector:
    """Finds odd rows by a trained model, calibrated on held-out normal rows.

    Methods and signs are those of scikit-learn's outlier detectors.

    The score of a row is by what its measure counts, such as nats. Its p-value
    is `(1 + #{held-out scores >= score}) / (n + 1)`. Of normal rows, drawn as
    the n held-out ones were and of which the training has seen neither, at
    most a share alpha is flagged on average, however good or bad the model is.

    Several measures: a row is as odd as the oddest of them says. The p-value
    is the smallest times the number of measures (Bonferroni's rule), which
    keeps the rate of alarms at alpha or less however the measures depend on
    each other; the score is then `-log(p)`, with a part less than the step
    to the next p-value that tells apart what has the same.

    Several models, an ensemble: the score is the mean of their scores, each
    less its mean over the held-out rows and divided by its standard deviation
    there. As these two come of the same rows, the rate of alarms holds up to
    terms of order 1/n.

    Args:
        model: a trained model, the folder of a run, a `.keras` file, or a list
            of several.
        held_out: normal rows that the model was not trained on: a
            `tfgen.data.Source`, an array in the model's units as `score` takes
            it, or what `tfgen.data.load` takes, read like the training data.
        measure: a name out of `MEASURES`, or several: `"elbo"`, `"bound"`
            (importance-weighted), `"reconstruction"`, `"latent"`,
            `"discriminator"`.
        labels: classes of the held-out rows, for conditional models and
            arrays.
        alpha: share of normal rows that may be flagged.
        k: draws of `"bound"`.
        seed: of these draws, which are the same for every row.

    Attributes:
        models: the models.
        measures: names of the measures.
        num_held_out: number of the held-out rows.

    Raises:
        ValueError: for an unknown measure, one that a model cannot take, rows
            that do not fit, or scores of held-out rows that are not finite.

    Example:
    >>> usual = tfgen.data.load("iris", "all")
    >>> train, held_out = usual.divide((0.8, 0.2))
    >>> vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    >>> vae.compile()
    >>> history = vae.fit(train, verbose=0)
    >>> detector = tfgen.detection.Detector(vae, held_out, alpha=0.1)
    >>> far = np.full((1, 4), 9.0)
    >>> detector.predict(far), detector.p_values(far) * (len(held_out) + 1)
    (array([-1]), array([1.]))
    """

    def __init__(
        self,
        model: Model | Sequence[Model],
        held_out: Rows,
        measure: str | Sequence[str] = "elbo",
        *,
        labels: npt.ArrayLike | None = None,
        alpha: float = 0.05,
        k: int = 100,
        seed: int = 0,
    ):
        models = model if isinstance(model, (list, tuple)) else [model]
        self.models = [_loaded(each) for each in models]
        self.measures = [measure] if isinstance(measure, str) else [*measure]
        _check_several("model", self.models)
        _check_several("measure", self.measures)
        for each in self.models:
            for name in self.measures:
                check_measure(name, each)
        self._k, self._seed = k, seed
        self._calibrate(held_out, labels)
        self.alpha = alpha

    @property
    def alpha(self) -> float:
        """Share of normal rows that may be flagged; it can be set."""
        return self._alpha

    @alpha.setter
    def alpha(self, alpha: float) -> None:
        if not 0 < alpha < 1:
            raise ValueError(
                f"alpha is {alpha!r}, expected a share between 0 and 1."
            )
        self._alpha = float(alpha)
        smallest = self._calibrations[0].smallest
        if smallest > alpha:
            fewest = math.ceil(round(len(self.measures) / alpha - 1, 6))
            say(
                f"no row can be flagged at alpha {alpha:g}: by "
                f"{self.num_held_out} held-out rows the smallest p-value is "
                f"{smallest:.3g}; hold out {fewest:,} or more, or raise alpha."
            )

    @property
    def offset_(self) -> float:
        """What `score_samples` has at the limit; -inf if none is flagged."""
        first = self._calibrations[0]
        if len(self.measures) > 1:
            return -first.surprise_threshold(self.alpha)
        return -first.threshold(self.alpha)

    def detect(self, x: Rows, labels: npt.ArrayLike | None = None) -> Detection:
        """Scores, p-values and flags in one pass.

        Args:
            x: rows, as `held_out`.
            labels: their classes, for conditional models and arrays.
        """
        by_measure = self._by_measure(x, labels)
        p_value = self._p_values(by_measure)
        score = self._score(by_measure)
        return Detection(score, p_value, p_value <= self.alpha)

    def p_values(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """How likely a normal row is to be as odd: float64 `(n,)`."""
        return self._p_values(self._by_measure(x, labels))

    def score_samples(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """How normal rows are, float64 `(n,)`: the negative of the score."""
        return -self._score(self._by_measure(x, labels))

    def decision_function(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """`score_samples` less `offset_`: below 0 for what is flagged."""
        return self.score_samples(x, labels) - self.offset_

    def predict(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """-1 for rows that are flagged, 1 for others: int64 `(n,)`."""
        return np.where(self.p_values(x, labels) <= self.alpha, -1, 1)

    def explain(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> Explanation:
        """Shares of each value (column, pixel) in the scores of rows.

        For one model and one of the measures `"elbo"`, `"bound"` and
        `"reconstruction"`. Columns that depend on each other (`FullGaussian`,
        `LowRankGaussian`) are judged given all others; the channels of a pixel
        that do (`LogisticMixture`) share evenly. Of many large rows every
        second held-out one, every third, ... gives the medians.

        Args:
            x: rows, as `held_out`.
            labels: their classes, for conditional models and arrays.

        Raises:
            ValueError: for other measures, ensembles, and likelihoods that
                have no numbers for single values.
        """
        explainer, found = self._explained(), []
        self._check_units(x)
        for rows in pieces(self.models[0], x, labels):
            scores = self._finite(self._of_piece(self.models[0], rows))[:, 0]
            found.append(explainer.explain(rows, scores))
        return Explanation(
            *(
                np.concatenate([getattr(piece, name) for piece in found])
                for name in ("shares", "rest", "score")
            ),
            reference=found[0].reference,
        )

    def check_explains(self) -> None:
        """Raises ValueError if `explain` has no shares for such a detector."""
        if len(self.models) > 1 or len(self.measures) > 1:
            raise ValueError(
                "explain is for one model and one measure, got "
                f"{len(self.models)} and {len(self.measures)}: make a Detector "
                "of one."
            )
        if self.measures[0] not in EXPLAINED:
            raise ValueError(
                f"explain knows no shares of values in {self.measures[0]!r}: "
                f"take one of the measures {', '.join(EXPLAINED)}."
            )

    def _explained(self):
        """The `Explainer`, made once."""
        if self._explainer is None:
            self.check_explains()
            values = ValueLikelihoods(self.models[0])
            self._explainer = Explainer(values, self._usual(values))
        return self._explainer

    def _usual(self, values):
        """Values and scores of held-out rows, of every `step`-th."""
        size = math.prod(self.models[0].data_shape)
        step = math.ceil(self.num_held_out * size / VALUES_OF_MEDIANS)
        first, found = 0, []
        for rows in pieces(self.models[0], *self._held_out):
            every = slice(-first % step, None, step)
            first += len(rows["x"])
            some = {key: array[every] for key, array in rows.items()}
            if len(some["x"]):
                found.append(values(some))
        return np.concatenate(found), self._held_out_scores[::step]

    def _calibrate(self, held_out, labels):
        raw = self._raw(held_out, labels)
        self._explainer, self._held_out = None, (held_out, labels)
        self._held_out_scores = raw[0, :, 0]
        if not np.isfinite(raw).all():
            rows = np.sum(~np.isfinite(raw).all(axis=(0, 2)))
            raise ValueError(
                f"{rows} of {raw.shape[1]} held-out rows have scores that are "
                "not finite: the model has not learned such rows, or its "
                "weights are not finite."
            )
        self.num_held_out = raw.shape[1]
        self._middle = raw.mean(axis=1, keepdims=True)
        spread = raw.std(axis=1, keepdims=True)
        self._spread = np.where(spread > 0, spread, 1.0)
        self._calibrations = [
            Calibration(scores, tests=len(self.measures))
            for scores in self._together(raw).T
        ]

    def _by_measure(self, x, labels):
        """Scores of rows, `(n, measures)`."""
        return self._finite(self._together(self._raw(x, labels)))

    def _finite(self, scores):
        """A score that is NaN is the oddest."""
        return np.nan_to_num(scores, nan=np.finfo(np.float64).max)

    def _raw(self, x, labels):
        """Scores `(models, n, measures)`."""
        self._check_units(x)
        return np.stack([self._of(m, x, labels) for m in self.models])

    def _of(self, model, x, labels):
        found = [self._of_piece(model, r) for r in pieces(model, x, labels)]
        return np.concatenate(found)

    def _of_piece(self, model, rows):
        given = (model, rows, self._k, self._seed)
        each = [MEASURES[name](*given) for name in self.measures]
        return np.stack(each, axis=1).astype(np.float64)

    def _check_units(self, x):
        if isinstance(x, (Source, str, os.PathLike)):
            return
        if any(m.reading != self.models[0].reading for m in self.models):
            raise ValueError(
                "the models of the ensemble read their data differently, so "
                "that an array cannot be in the units of all: pass a source, "
                "such as tfgen.data.from_arrays(x, like=model)."
            )

    def _together(self, raw):
        """One score for all models, `(n, measures)`."""
        if len(self.models) == 1:
            return raw[0]
        return np.mean((raw - self._middle) / self._spread, axis=0)

    def _p_values(self, by_measure):
        each = [
            calibration.p_values(scores)
            for calibration, scores in self._pairs(by_measure)
        ]
        return np.minimum(np.min(each, axis=0), 1.0)

    def _score(self, by_measure):
        if len(self.measures) == 1:
            return by_measure[:, 0]
        each = [
            calibration.surprise(scores)
            for calibration, scores in self._pairs(by_measure)
        ]
        return np.max(each, axis=0)

    def _pairs(self, by_measure):
        return zip(self._calibrations, by_measure.T, strict=True)


def _loaded(model):
    if isinstance(model, (str, os.PathLike)):
        return load(model)
    return model


def _check_several(name, values):
    if not values:
        raise ValueError(f"no {name} was given, expected one or several.")
    if len({*map(id, values)}) < len(values) or (
        name == "measure" and len({*values}) < len(values)
    ):
        raise ValueError(f"a {name} was given twice: name each of them once.")
