"""A hyperparameter search, from its arguments to its folder."""

import os
import sys

import keras
import keras_tuner
import tensorflow as tf

import tfgen
from tfgen.training import get_strategy
from tfgen.tuning.arguments import check_counts, check_model, check_sources
from tfgen.tuning.features import load_extractor
from tfgen.tuning.hypermodels import (
    as_hypermodel,
    is_built_from_settings,
    space_of,
)
from tfgen.tuning.objectives.chosen import chosen, is_adversarial
from tfgen.tuning.objectives.measuring import Measuring, every
from tfgen.tuning.objectives.objective import check_comparable
from tfgen.tuning.oracles import make_oracle
from tfgen.tuning.processes import (
    is_chief,
    is_for_another_search,
    is_worker,
    own_command,
    run_as_worker,
    run_in_this_process,
    run_with_workers,
    usable_gpus,
    wait_for_chief,
)
from tfgen.tuning.reloading import check_reloadable
from tfgen.tuning.report import result_files
from tfgen.tuning.search_folder import SearchFolder
from tfgen.tuning.search_progress import SearchProgress
from tfgen.tuning.search_reports import SearchReports
from tfgen.tuning.search_space import combinations
from tfgen.tuning.trial_failed import all_failed
from tfgen.tuning.trial_record import ends_of_rounds
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
    ```python
    train = tfgen.data.load("digits", split="train")
    validation = tfgen.data.load("digits", split="validation")
    search = tfgen.tuning.Search(
        tfgen.tuning.VAEHyperModel(train), train, validation, "search"
    )
    best = search.run()
    print(best.score, best.values)
    ```
    """

    def __init__(
        self,
        hypermodel,
        train,
        validation,
        out="search",
        *,
        tuner: str = "random",
        objective: str | None = None,
        report=None,
        trials: int = 20,
        max_epochs: int = 30,
        patience: int | None = None,
        extractor="auto",
        seed: int = 0,
        strategy: str = "none",
        replicas: int | None = None,
        settings: dict | None = None,
        note: dict | None = None,
    ):
        check_counts(trials=trials, max_epochs=max_epochs)
        check_sources(train=train, validation=validation)
        self.folder = SearchFolder(out)
        self.hypermodel = as_hypermodel(hypermodel, tuner, max_epochs, seed)
        self.train, self.validation = train, validation
        self.tuner = tuner
        self.trials, self.max_epochs = int(trials), int(max_epochs)
        self.seed = seed
        self.strategy = get_strategy(strategy, replicas)
        self.devices = {"strategy": strategy, "replicas": replicas}
        self.settings, self.note = settings or {}, note or {}
        self._extractor = extractor
        self.space = space_of(self.hypermodel)
        model = self._default_model()
        check_model(model, (train, validation))
        self.model_name = type(model).__name__
        self.objective, self.measures = chosen(
            model, objective, report, validation
        )
        check_comparable(self.space, self.objective)
        if patience is None:
            patience = max(5, max_epochs // (2 if is_adversarial(model) else 5))
        self.patience = patience
        if not self.is_built_from_settings and not is_worker():
            check_reloadable(model)
        self._make_oracle()  # raises ValueError for what does not fit
        self._oracle = None

    def run(self, workers: int = 0):
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
        if is_worker() and is_for_another_search(self.folder.path):
            return self._found_by_the_chief()
        if is_worker():
            wait_for_chief(self._is_over)
            sys.exit(run_as_worker(self._make_oracle(), self._training()))
        if workers and not is_chief():
            own_command()  # raises ValueError where there is none
        with self.folder.claimed():
            self.folder.begin(self._settings())
            self._load_extractor()
            self._oracle = oracle = self._make_oracle()
            oracle.reload(held=is_chief())
            reports = SearchReports(self, self.space, oracle.planned_trials)
            reports.update(oracle.records(), force=True)
            try:
                self._run(oracle, workers, reports)
            finally:
                reports.update(oracle.records(), force=True)
        return self._best_or_reasons()

    def records(self) -> list:
        """All `TrialRecord`s; empty before `run`."""
        return self._oracle.records() if self._oracle else []

    def best_model(self):
        """The best trial's model, as it was at its best epoch."""
        best = self._best_or_reasons()
        return keras.models.load_model(best.folder / "model.keras")

    @property
    def is_built_from_settings(self) -> bool:
        """Whether `tfgen train` builds the same models."""
        return is_built_from_settings(self.hypermodel)

    def drawn(self, record) -> dict:
        """A trial's hyperparameters, without what the tuner noted."""
        return result_files.settings(record.values)

    def settings_of(self, record) -> dict:
        """A trial's settings, as `tfgen train` takes them.

        What was drawn, where it is not `tfgen train` that builds the model.
        """
        settings = self.drawn(record)
        if self.is_built_from_settings:
            hyperparameters = keras_tuner.HyperParameters()
            hyperparameters.values = dict(record.values)
            settings = self.hypermodel.settings(hyperparameters)
        return {**settings, **self.settings}

    def measuring(self, validation, epochs: int, history):
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
        step = every(self.max_epochs)
        return Measuring(
            self.objective,
            self.measures,
            validation,
            self._load_extractor(),
            every(epochs),
            history,
            also=[
                *ends,
                *range(step, self.max_epochs, step),
                self.max_epochs,
            ],
        )

    def _run(self, oracle, workers, reports):
        progress = SearchProgress(self.objective, oracle.planned_trials)

        def on_change(signs):
            records = oracle.records()
            progress.update(records, oracle.best(), signs)
            reports.update(records)

        self._tell_of_grid(progress)
        on_change({})
        if self._is_over():  # no worker may come any more
            return
        try:
            if workers or is_chief():
                run_with_workers(
                    oracle,
                    workers,
                    gpus=self._gpus_to_spread(),
                    on_change=on_change,
                    say=progress.say,
                )
            else:
                run_in_this_process(oracle, self._training(), on_change)
        finally:
            progress.end()
        on_change({})
        self._tell_of_exhaustion(progress, oracle)

    def _tell_of_grid(self, progress):
        """A part of a grid has the first value of most parameters."""
        whole = combinations(self.space) if self.tuner == "grid" else 0
        if whole > self.trials:
            progress.say(
                f"{self.trials} of {whole:,} combinations, of which the last "
                "hyperparameters change first: raise trials or narrow the "
                "space to search them all"
            )

    def _tell_of_exhaustion(self, progress, oracle):
        """Of Hyperband, failures too leave fewer trials."""
        count, planned = len(oracle.records()), oracle.planned_trials
        ends_early = count < planned and not oracle.hopeless
        if ends_early and self.tuner != "hyperband":
            progress.say(
                f"the search ends after {count} of {planned} trials: the "
                "space has no other combinations"
            )

    def _gpus_to_spread(self):
        """Of a strategy that takes all, there is nothing to spread."""
        if self.devices["strategy"] != "none":
            return []
        count = len(tf.config.list_physical_devices("GPU"))
        return usable_gpus(count, os.environ)

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

    def _is_over(self):
        return self._make_oracle().is_over()

    def _training(self):
        return TrialTraining(
            self.hypermodel,
            self.train,
            self.validation,
            self.objective,
            self.measures,
            self.folder.path,
            self.max_epochs,
            self.patience,
            self._load_extractor(),
            self.strategy,
            self.seed,
            self.settings,
        )

    def _load_extractor(self):
        measures = [*self.objective.measures, *self.measures]
        return load_extractor(
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
