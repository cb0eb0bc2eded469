"""Detector: how odd rows are, with a rate of false alarms that holds."""

import functools
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data import Source, from_arrays
from tfgen.data import load as read
from tfgen.data.notes import say
from tfgen.detection.answers import Answers
from tfgen.detection.calibration import fewest_rows
from tfgen.detection.held_out_rows import training_rows
from tfgen.detection.judge import Judge
from tfgen.detection.measures import (
    OF_TRAINING_ROWS,
    check_measure,
    chosen_measures,
)
from tfgen.detection.parameters import Parameters
from tfgen.detection.row_values import Rows
from tfgen.detection.scorer import Scorer
from tfgen.detection.training import checked_rows, is_name, train_model
from tfgen.models import GenerativeModel
from tfgen.models.families import FAMILIES
from tfgen.models.held_out_scores import said_of_measures
from tfgen.runs.folder import RunFolder
from tfgen.runs.on_files import load

Model = GenerativeModel | str | os.PathLike


class Detector(Answers, Parameters):
    """Finds odd rows by a trained model, calibrated on held-out normal rows.

    Methods, parameters and signs are those of scikit-learn's outlier
    detectors; it may stand in a pipeline.

    The score of a row is by what its measure counts, such as nats. Its p-value
    is `(1 + #{held-out scores >= score}) / (n + 1)`. Of normal rows, drawn as
    the n held-out ones were and of which the training has seen neither, at
    most a share alpha is flagged on average, however good or bad the model is.

    Several measures, `combine="max"`: a row is as odd as the oddest of them
    says. The p-value is the smallest times the number of measures (Bonferroni's
    rule), which keeps the rate of alarms at alpha or less however the measures
    depend on each other; the score is then `-log(p)`, with a part less than the
    step to the next p-value that tells apart what has the same.

    Several measures, `combine="mean"`, and several models, an ensemble: the
    score is the mean of their scores, each less its mean over the held-out rows
    and divided by its standard deviation there. As these two come of the same
    rows, the rate of alarms holds up to terms of order 1/n.

    Args:
        model: a trained model, the folder of a run, a `.keras` file, or a list
            of several. Or what `fit` is to train: the name of a family or a
            preset, such as `"vae"` (a folder of that name is `"./vae"`).
        held_out: normal rows that the model was not trained on: a
            `tfgen.data.Source`, an array in the model's units as `score` takes
            it, or what `tfgen.data.load` takes, read like the training data.
            None: `fit` is given rows.
        measure: a name out of `MEASURES`, or several: `"elbo"`, `"bound"`
            (importance-weighted), `"reconstruction"`, `"latent"`,
            `"discriminator"`, `"neighbours"`, `"mixture"`. None: what the
            preset of a run, or of what `fit` trains, recommends; else the first
            that the model can take.
        labels: classes of the held-out rows, for conditional models and
            arrays.
        alpha: share of normal rows that may be flagged.
        k: draws of `"bound"`.
        seed: of these draws, which are the same for every row, and of what
            `fit` trains.
        options: settings of `tfgen train` by name for what `fit` trains, such
            as `{"epochs": 50}`.
        combine: `"max"` or `"mean"`, for several measures; None: as the preset
            recommends it with its measures, else `"max"`.
        train: rows that the model was trained on, as `held_out`, for
            `"neighbours"`, of which 10,000 are kept, and `"mixture"`. None:
            those of the run, or that `fit` trains by.

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
        model: str | Model | Sequence[Model],
        held_out: Rows | None = None,
        measure: str | Sequence[str] | None = None,
        *,
        labels: npt.ArrayLike | None = None,
        alpha: float = 0.05,
        k: int = 100,
        seed: int = 0,
        options: Mapping | None = None,
        combine: str | None = None,
        train: Rows | None = None,
    ):
        self._fitted, self._in_data_units = None, False
        self._source = None
        self.combine, self.train = combine, train
        self.model, self.held_out, self.measure = model, held_out, measure
        self.labels, self.alpha, self.k, self.seed = labels, alpha, k, seed
        self.options = options
        if held_out is not None:
            self._calibrate(_loaded(model), held_out, labels, _known(model))

    @classmethod
    def of_preset(
        cls,
        preset: str | None,
        models: Model | Sequence[Model],
        held_out: Rows,
        train: Callable[[Model], Rows],
        **given,
    ) -> "Detector":
        """What the constructor makes of folders, of models that are loaded.

        Args:
            preset: name of that by which they were made, or None.
            models: one or several.
            held_out: as of the constructor.
            train: gives the rows that a model was trained on, if they are
                needed.
            **given: other arguments of the constructor.
        """
        detector = cls(models, **given)
        detector.held_out = held_out
        labels = detector.labels
        detector._calibrate(_loaded(models), held_out, labels, (preset, train))
        return detector

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
        (model,) = _loaded(model)
        judge, kept = Judge.kept(model), model.held_out_scores
        detector = cls(
            model,
            measure=[*kept.measures],
            alpha=kept.alpha if alpha is None else alpha,
            k=kept.k,
            seed=kept.seed,
            combine=kept.combine,
        )
        detector._take(judge)
        detector._source = kept.source
        return detector

    def fit(
        self, X: npt.ArrayLike | Rows, y: npt.ArrayLike | None = None
    ) -> "Detector":
        """Calibrates, and trains first where `model` is a name.

        By a name, such as `Detector("vae")`, four fifths of the rows train the
        model that `tfgen train` would, and the others calibrate it (more,
        where alpha asks for it). Rows are in units of their own then, here and
        in all other methods. A model that is trained is calibrated on all.

        Args:
            X: normal rows, which a trained model has not seen.
            y: their classes, for conditional models; else ignored.

        Returns:
            The detector.

        Raises:
            ValueError: as the constructor.
        """
        self._in_data_units = is_name(self.model)
        if not self._in_data_units:
            _check_exists(self.model)
            models = _loaded(self.model)
            labels = y if models[0].num_classes else None
            self._calibrate(models, X, labels, _known(self.model))
            return self
        x = X if isinstance(X, Source) else checked_rows(self, X, reset=True)
        tests = 1 if self.combine == "mean" else len(_several(self.measure))
        fewest = fewest_rows(self.alpha, tests)
        names = getattr(self, "feature_names_in_", None)
        preset, model, train, held_out = train_model(
            self.model, x, names, self.options, fewest, self.seed
        )
        self._calibrate([model], held_out, None, (preset, lambda _: train))
        return self

    def fit_predict(
        self, X: npt.ArrayLike | Rows, y: npt.ArrayLike | None = None
    ) -> np.ndarray:
        """`fit`, then `predict` of the same rows: int64 `(n,)`.

        Those that were trained on or calibrated by are flagged less often
        than others.

        Args:
            X: as of `fit`.
            y: as of `fit`.
        """
        return self.fit(X, y).predict(X)

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
    def words(self) -> str:
        """The measures, and how they are combined."""
        return said_of_measures(self.measures, self._judge.scorer.combine)

    @property
    def num_training_rows(self) -> int:
        """Number of training rows that are kept for `"neighbours"`."""
        of_training = self._judge.scorer.given[0].of_training
        if "neighbours" not in of_training:
            return 0
        return len(of_training["neighbours"].rows)

    @property
    def num_held_out(self) -> int:
        """Number of the held-out rows."""
        return self._judge.num_held_out

    @property
    def source(self) -> str | None:
        """Name of the held-out rows, or None for an array; it can be set."""
        return self._source

    @source.setter
    def source(self, name: str | None) -> None:
        self._source = name

    @property
    def alpha(self) -> float:
        """Share of normal rows that may be flagged; it can be set."""
        return self._alpha

    @alpha.setter
    def alpha(self, alpha: float) -> None:
        if self._fitted is not None:
            _check_alpha(alpha, self._fitted)
        self._alpha = alpha

    @property
    def _judge(self):
        if self._fitted is None:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                "the detector is not calibrated: call fit(X) with normal rows, "
                "or pass held_out rows to Detector."
            )
        return self._fitted

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    def _calibrate(self, models, held_out, labels, known):
        """By held-out rows, and what is known of a run: its preset and rows."""
        preset, rows_of_run = known
        _check_several("model", models)
        measures, combine = chosen_measures(
            models[0], self.measure, self.combine, preset
        )
        _check_several("measure", measures)
        _check_share(self.alpha)
        of_training = None
        if names := [name for name in measures if name in OF_TRAINING_ROWS]:
            train = self.train
            train = rows_of_run(models[0]) if train is None else train
            _check_train(names[0], train, held_out)
            of_training = _of_training(names, models, train, self.seed)
        scorer = Scorer(
            models, measures, self.k, self.seed, combine, of_training
        )
        self._take(Judge.of_rows(scorer, held_out, labels))
        self._source = held_out.name if isinstance(held_out, Source) else None

    def _take(self, judge):
        _check_alpha(self.alpha, judge)
        self._fitted = judge

    def _read(self, x):
        if isinstance(x, (str, os.PathLike)):
            return read(x, like=self.models[0], on_unknown="flag")
        if isinstance(x, Source) or not self._in_data_units:
            return x
        x = checked_rows(self, x, reset=False)
        return from_arrays(x, like=self.models[0], on_unknown="flag")


def _loaded(models):
    models = models if isinstance(models, (list, tuple)) else [models]
    return [
        load(each) if isinstance(each, (str, os.PathLike)) else each
        for each in models
    ]


def _check_exists(model):
    """A name that is neither known nor a path may be misspelt."""
    if isinstance(model, str) and not os.path.exists(model):
        raise ValueError(
            f"model is {model!r}, expected a trained model, the folder of a "
            f"run, a .keras file, or what to train: {', '.join(FAMILIES)} or a "
            "preset (tfgen.presets.names())."
        )


def _known(model):
    """Of a run its preset, and what reads its training rows; else neither."""
    first = model[0] if isinstance(model, (list, tuple)) and model else model
    if isinstance(first, (str, os.PathLike)) and os.path.isdir(first):
        folder = RunFolder(pathlib.Path(first))
        return folder.config().get("preset"), functools.partial(
            training_rows, folder
        )
    return None, lambda _: None


def _of_training(names, models, train, seed):
    """Of each model what these measures know; in the same units, once."""

    def known_to(model):
        for other, known in zip(models, found, strict=False):
            if other.reading == model.reading:
                return known
        for name in names:
            check_measure(name, model)
        return {
            name: OF_TRAINING_ROWS[name].of_rows(model, train, seed)
            for name in names
        }

    found = []
    for model in models:
        found.append(known_to(model))
    return found


def _check_train(name, train, held_out):
    if train is None:
        raise ValueError(
            f"measure {name!r} needs rows that the model was trained on: "
            "pass train=..., or name the folder of a run."
        )
    if train is held_out:
        raise ValueError(
            "train and held_out are the same rows, of which nothing is odd: "
            "pass held-out rows that the model was not trained on."
        )


def _several(measure):
    return [measure] if isinstance(measure, (str, type(None))) else [*measure]


def _check_share(alpha):
    if not 0 < alpha < 1:
        raise ValueError(
            f"alpha is {alpha!r}, expected a share between 0 and 1."
        )


def _check_alpha(alpha, judge):
    _check_share(alpha)
    smallest = judge.calibrations[0].smallest
    if smallest > alpha:
        fewest = fewest_rows(alpha, len(judge.calibrations))
        say(
            f"no row can be flagged at alpha {alpha:g}: by "
            f"{judge.num_held_out} held-out rows the smallest p-value is "
            f"{smallest:.3g}; hold out {fewest:,} or more, or raise alpha."
        )


def _check_several(name, values):
    if not values:
        raise ValueError(f"no {name} was given, expected one or several.")
    if len({*map(id, values)}) < len(values) or (
        name == "measure" and len({*values}) < len(values)
    ):
        raise ValueError(f"a {name} was given twice: name each of them once.")
