"""A hyperparameter search, from its arguments to its folder."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import keras_tuner
import tensorflow as tf

import tfgen
from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.tuning import arguments, objectives, processes
from tfgen.tuning.failures import all_failed
from tfgen.tuning.hypermodels import (
    as_hypermodel,
    is_built_from_settings,
    space_of,
)
from tfgen.tuning.oracles import make_oracle
from tfgen.tuning.report.result_files import settings as without_notes
from tfgen.tuning.search_folder import SearchFolder
from tfgen.tuning.search_output import SearchProgress, SearchReports
from tfgen.tuning.search_space import combinations
from tfgen.tuning.trial_record import TrialRecord, ends_of_rounds
from tfgen.tuning.trial_training import TrialTraining


class Search:
    """A search for the hyperparameters of a generative model.

    All is kept in a folder. A search that was killed at any moment goes on
    when it is run again with the same arguments, with all completed trials;
    a trial that was running goes on from its last checkpoint.

    Args:
        hypermodel: a `keras_tuner.HyperModel` such as `VAEHyperModel`, or a
            function of `keras_tuner.HyperParameters`, which builds a compiled
            model. A hyperparameter `batch_size` is that of the data.
        train: training data, a `tfgen.data.Source`.
        validation: held-out data on which trials are compared.
        odd: other held-out data, which are odd, for the objective `"auroc"`.
        out: folder of the search.
        tuner: `"random"`, `"hyperband"`, `"bayesian"` or `"grid"`.
        objective: what is searched for: `"negative_elbo"`,
            `"frechet_distance"`, ..., `"my_metric:max"`, or a weighted sum
            `"frechet_distance + 20*reconstruction_error"`; default: the
            first for models with a likelihood, the second for others.
        report: names of other measures that are reported besides; default:
            coverage, where samples are compared and there are enough.
        trials: how many configurations are tried.
        max_epochs: of a trial.
        patience: epochs without a better objective that end a trial; default:
            a fifth of `max_epochs`, of models with a discriminator a half, at
            least 5.
        extractor: of features for distances between distributions, see
            `tfgen.metrics.FeatureExtractor`; `"auto"`: a classifier that is
            trained on `train` if that has classes and images, else None.
        seed: of the drawn hyperparameters, and of weights, noise and order of
            the data in each trial.
        strategy: `"none"` or `"mirrored"`.
        replicas: devices of the latter.
        settings: of `tfgen train`, such as `{"data": "digits"}`, that
            `best.json` shall hold beside and above those of the hypermodel.
        note: what else `search.json` shall hold, for whoever reads it.

    Raises:
        ValueError: for arguments that do not fit together or a folder that
            holds something else; nothing is trained then.

    Example:
    >>> train = tfgen.data.load("iris", split="train")
    >>> validation = tfgen.data.load("iris", split="validation")
    >>> hypermodel = tfgen.tuning.VAEHyperModel(train, {"latent_dim": (1, 3)})
    >>> search = tfgen.tuning.Search(
    ...     hypermodel, train, validation, "search", trials=10
    ... )
    >>> str(search.objective), search.space.get("latent_dim")
    ('negative_elbo', 3)

    Then `search.run()` searches, and returns the best `TrialRecord`.
    """

    def __init__(
        self,
        hypermodel: keras_tuner.HyperModel | Callable,
        train: Source,
        validation: Source,
        out: str | os.PathLike = "search",
        *,
        odd: Source | None = None,
        tuner: str = "random",
        objective: str | None = None,
        report: str | Sequence[str] | None = None,
        trials: int = 20,
        max_epochs: int = 30,
        patience: int | None = None,
        extractor: str | objectives.Extractor | None = "auto",
        seed: int = 0,
        strategy: str = "none",
        replicas: int | None = None,
        settings: dict | None = None,
        note: dict | None = None,
    ):
        arguments.check_counts(0, seed=seed)
        arguments.check_counts(1, trials=trials, max_epochs=max_epochs)
        sources = {"train": train, "validation": validation}
        if odd is not None:
            sources["odd"] = odd
        arguments.check_sources(**sources)
        self.folder = SearchFolder(out)
        self.hypermodel = as_hypermodel(hypermodel, tuner, max_epochs, seed)
        self.train, self.validation, self.odd = train, validation, odd
        self.tuner = tuner
        self.trials, self.max_epochs = int(trials), int(max_epochs)
        self.seed = seed
        self.strategy = arguments.strategy_of(strategy, replicas)
        self.devices = {"strategy": strategy, "replicas": replicas}
        self.settings, self.note = settings or {}, note or {}
        self._extractor = extractor
        self.space = space_of(self.hypermodel)
        model = self._default_model()
        arguments.check_model(model, sources.values())
        self.model_name = type(model).__name__
        self.objective, self.measures = objectives.chosen(
            model, objective, report, validation, odd
        )
        objectives.check_comparable(self.space, self.objective)
        if patience is None:
            # What adversaries make gets better by fits and starts.
            share = 2 if model.has_discriminator else 5
            patience = max(5, max_epochs // share)
        self.patience = patience
        if not self.is_built_from_settings and not processes.is_worker():
            arguments.check_reloadable(model)
        # Trials need the folder's state only once the search runs.
        self._make_oracle()  # raises ValueError for what does not fit
        self._oracle = None

    def run(self, workers: int = 0) -> TrialRecord:
        """Searches, or goes on; prints a line for each trial.

        Args:
            workers: processes that train trials beside this one, which then
                leads them: it starts this program again for each. A worker
                that dies, even killed by the system for want of memory, is
                replaced. 0 trains in this process.

        Returns:
            The best `TrialRecord`. (A worker's process ends here; if it is
            that of a later search in the same program, it goes on to there.)

        Raises:
            TrialFailed: if no trial was completed; quotes the reasons.
            ValueError: if the folder holds another search, or workers cannot
                start this program again.
            OSError: if the disk gets full or is gone; the trials that ran are
                waiting then.
        """
        if processes.is_worker():
            return self._run_as_worker()
        if workers and not processes.is_chief():
            processes.own_command()  # raises ValueError where there is none
        with self.folder.claimed():
            self.folder.begin(self._settings())
            self._load_extractor()  # before workers are answered
            self._oracle = self._make_oracle()
            self._oracle.reload(held=processes.is_chief())
            self._run(workers)
        return self._best_or_reasons()

    def records(self) -> list[TrialRecord]:
        """All `TrialRecord`s; empty before `run`."""
        return self._oracle.records() if self._oracle else []

    def best_model(self) -> GenerativeModel:
        """The best trial's model, as it was at its best epoch."""
        best = self._best_or_reasons()
        return keras.models.load_model(best.folder / "model.keras")

    @property
    def is_built_from_settings(self) -> bool:
        """Whether `tfgen train` builds the same models."""
        return is_built_from_settings(self.hypermodel)

    def drawn(self, record: TrialRecord) -> dict:
        """A trial's hyperparameters, without what the tuner noted."""
        return without_notes(record.values)

    def settings_of(self, record: TrialRecord) -> dict:
        """A trial's settings, as `tfgen train` takes them.

        What was drawn, where it is not `tfgen train` that builds the model.
        """
        settings = self.drawn(record)
        if self.is_built_from_settings:
            hyperparameters = keras_tuner.HyperParameters()
            hyperparameters.values = dict(record.values)
            settings = self.hypermodel.settings(hyperparameters)
        return {**settings, **self.settings}

    def measuring(
        self, validation: Source, epochs: int, history: Path
    ) -> objectives.Measuring:
        """The callback that measures trials, for another training.

        It measures after the epochs after which the best trial was measured,
        and, of a longer training, after some more.

        Args:
            validation: held-out data in the model's range.
            epochs: of the training.
            history: its `tfgen.callbacks.HistoryFile`'s path.

        Raises:
            TrialFailed: if there is no best trial.
        """
        ends = ends_of_rounds(self._best_or_reasons(), self.records())
        step = objectives.every(self.max_epochs)
        return objectives.Measuring(
            self.objective,
            self.measures,
            validation,
            self._load_extractor(),
            objectives.every(epochs),
            history,
            [*ends, *range(step, self.max_epochs, step), self.max_epochs],
            self.odd,
        )

    def _run(self, workers):
        oracle = self._oracle
        progress = SearchProgress(self.objective, oracle.planned_trials)
        reports = SearchReports(self, oracle.planned_trials)

        def on_change(said):
            records = oracle.records()
            progress.update(records, oracle.best(), said)
            reports.update(records)

        reports.update(oracle.records(), force=True)
        try:
            self._tell_of_grid(progress)
            on_change({})
            if self._is_over():  # no worker may come any more
                return
            try:
                self._run_trials(workers, on_change, progress.say)
            finally:
                progress.end()
            on_change({})
            self._tell_of_exhaustion(progress)
        finally:
            reports.update(oracle.records(), force=True)

    def _run_trials(self, workers, on_change, say):
        if not workers and not processes.is_chief():
            processes.run_in_this_process(
                self._oracle, self._training(), on_change
            )
            return
        processes.run_with_workers(
            self._oracle,
            workers,
            gpus=self._gpus_to_spread(),
            on_change=on_change,
            say=say,
        )

    def _run_as_worker(self):
        if processes.is_for_another_search(self.folder.path):
            return self._found_by_the_chief()
        processes.wait_for_chief(self._is_over)
        sys.exit(processes.run_as_worker(self._make_oracle(), self._training()))

    def _found_by_the_chief(self):
        """In a worker of a search that the same program runs later."""
        self._oracle = self._make_oracle()
        if not self._oracle.is_over():
            raise ValueError(
                f"a worker of another search came to that in "
                f"{self.folder.path}, which is not over: run the searches of "
                "a program in the same order and with the same out each time."
            )
        return self._best_or_reasons()

    def _tell_of_grid(self, progress):
        """A part of a grid has the first value of most parameters."""
        whole = combinations(self.space) if self.tuner == "grid" else 0
        if whole > self.trials:
            progress.say(
                f"{self.trials} of {whole:,} combinations, of which the last "
                "hyperparameters change first: raise trials or narrow the "
                "space to search them all"
            )

    def _tell_of_exhaustion(self, progress):
        """Hyperband also ends with fewer trials when some have failed."""
        oracle = self._oracle
        count, planned = len(oracle.records()), oracle.planned_trials
        ends_early = count < planned and not oracle.hopeless
        if ends_early and self.tuner != "hyperband":
            progress.say(
                f"the search ends after {count} of {planned} trials: the "
                "space has no other combinations"
            )

    def _gpus_to_spread(self):
        """None where each worker's strategy takes all of them."""
        if self.devices["strategy"] != "none":
            return []
        count = len(tf.config.list_physical_devices("GPU"))
        return processes.usable_gpus(count, os.environ)

    def _default_model(self):
        keras.utils.set_random_seed(self.seed)
        return self.hypermodel.build(keras_tuner.HyperParameters())

    def _make_oracle(self):
        return make_oracle(
            self.tuner,
            objective=keras_tuner.Objective(
                self.objective.log_name, self.objective.direction
            ),
            trials=self.trials,
            max_epochs=self.max_epochs,
            seed=self.seed,
            space=self.space,
            folder=self.folder.path,
        )

    def _is_over(self):
        return self._make_oracle().is_over()

    def _training(self):
        return TrialTraining(self, self._load_extractor())

    def _load_extractor(self):
        measures = [*self.objective.measures, *self.measures]
        return objectives.load_extractor(
            self._extractor, measures, self.train, self.folder.extractor
        )

    def _settings(self):
        named = isinstance(self._extractor, str | None)
        return {
            "tfgen": tfgen.__version__,
            "model": self.model_name,
            "data": [self.train.fingerprint(), self.validation.fingerprint()],
            "tuner": self.tuner,
            "objective": str(self.objective),
            "report": [str(measure) for measure in self.measures],
            "trials": self.trials,
            "max_epochs": self.max_epochs,
            "patience": self.patience,
            "extractor": self._extractor if named else "own",
            "seed": self.seed,
            **self.devices,
            "space": self.space.get_config(),
            "note": self.note,
        }

    def _best_or_reasons(self):
        best = self._oracle.best() if self._oracle else None
        if best is not None:
            return best
        reasons = [r.reason for r in self.records() if r.status == "failed"]
        raise all_failed(reasons, self.folder.path)
