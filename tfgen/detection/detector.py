"""Detector: how odd rows are, with a rate of false alarms that holds."""

import math
import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data import Source
from tfgen.data.notes import say
from tfgen.detection.detection import Detection
from tfgen.detection.explanation import Explanation
from tfgen.detection.judge import Judge
from tfgen.detection.scorer import Rows, Scorer
from tfgen.models import GenerativeModel
from tfgen.runs.on_files import load

Model = GenerativeModel | str | os.PathLike


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
        source: name of the held-out rows, or None for an array.

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
        models = [_loaded(each) for each in models]
        measures = [measure] if isinstance(measure, str) else [*measure]
        _check_several("model", models)
        _check_several("measure", measures)
        scorer = Scorer(models, measures, k, seed)
        self._judge = Judge.of_rows(scorer, held_out, labels)
        self.source = held_out.name if isinstance(held_out, Source) else None
        self.alpha = alpha

    @classmethod
    def of(cls, model: Model, alpha: float | None = None) -> "Detector":
        """The detector that a model is since `keep`.

        Args:
            model: a model, the folder of a run, or a `.keras` file.
            alpha: None for that of `keep`.

        Raises:
            ValueError: for a model that keeps no scores of held-out rows, or
                has changed since.
        """
        model = _loaded(model)
        detector = cls.__new__(cls)
        detector._judge = Judge.kept(model)
        detector.source = model.held_out_scores.source
        detector.alpha = model.held_out_scores.alpha if alpha is None else alpha
        return detector

    def keep(self) -> None:
        """Makes the scores of the held-out rows a part of the model.

        They are saved with it (`model.save`); `Detector.of(model)` is then
        this detector, without held-out rows, and an export of the model
        answers `detect` and `explain`. They count as long as the model stays
        what it is.

        Raises:
            ValueError: for an ensemble.
        """
        kept = self._judge.to_keep(self.alpha, self.source)
        self.models[0].held_out_scores = kept

    @property
    def models(self) -> list[GenerativeModel]:
        """The models."""
        return self._judge.scorer.models

    @property
    def measures(self) -> list[str]:
        """Names of the measures."""
        return [*self._judge.scorer.measures]

    @property
    def num_held_out(self) -> int:
        """Number of the held-out rows."""
        return self._judge.num_held_out

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
        smallest = self._judge.calibrations[0].smallest
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
        return -self._judge.limit(self.alpha)

    def rate_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Between what the rate of false alarms lies, by these held-out rows.

        Over all draws of n held-out rows it is alpha or less on average. Of
        those at hand, the share of normal rows beyond the r-th largest score
        of n, where `r = floor(alpha (n + 1))`, follows a beta distribution,
        `Beta(r, n + 1 - r)`.

        Args:
            confidence: of the interval.

        Returns:
            Its ends. Of m measures r is that of alpha / m, and the upper end
            that of all their alarms together.

        Reference:
            Vovk (2012), "Conditional validity of inductive conformal
            predictors".
        """
        return self._judge.calibrations[0].rates(self.alpha, confidence)

    @property
    def promise(self) -> str:
        """The `rate_interval` in words."""
        low, high = self.rate_interval()
        if not high:
            return "no row can be flagged: see the note"
        return (
            f"{low:.2%} to {high:.2%} of normal rows at alpha {self.alpha:g}, "
            f"95% interval by {self.num_held_out:,} held-out rows"
        )

    def detect(self, x: Rows, labels: npt.ArrayLike | None = None) -> Detection:
        """Scores, p-values and flags in one pass.

        Args:
            x: rows, as `held_out`.
            labels: their classes, for conditional models and arrays.
        """
        return self.judge(self._scores(x, labels))

    def judge(self, by_measure: np.ndarray) -> Detection:
        """What scores by each measure say, `(n, measures)`."""
        p_value = self._judge.p_values(by_measure)
        score = self._judge.score(by_measure)
        return Detection(score, p_value, p_value <= self.alpha)

    def p_values(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """How likely a normal row is to be as odd: float64 `(n,)`."""
        return self._judge.p_values(self._scores(x, labels))

    def score_samples(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """How normal rows are, float64 `(n,)`: the negative of the score."""
        return -self._judge.score(self._scores(x, labels))

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

    @property
    def explains(self) -> bool:
        """Whether `explain` has shares of values for such a detector."""
        return self._judge.explains

    def explain(
        self, x: Rows, labels: npt.ArrayLike | None = None
    ) -> Explanation:
        """Shares of each value (column, pixel) in the scores of rows.

        By one of the measures `"elbo"`, `"bound"` and `"reconstruction"`; of
        an ensemble the means of the models' shares, in its units. Columns
        that depend on each other (`FullGaussian`, `LowRankGaussian`) are
        judged given all others; the channels of a pixel that do
        (`LogisticMixture`) share evenly. Of many large rows every second
        held-out one, every third, ... gives the medians.

        Args:
            x: rows, as `held_out`.
            labels: their classes, for conditional models and arrays.

        Raises:
            ValueError: for other measures or several, and for likelihoods that
                have no numbers for single values.
        """
        return self._judge.explainer.explain(x, labels)

    def _scores(self, x, labels):
        return self._judge.scorer.score(x, labels)


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
