"""The training of one trial."""

import functools
import gc
import math
import pathlib
import shutil

import keras
import keras_tuner

from tfgen._quiet import no_retracing_warnings
from tfgen.callbacks import read_history
from tfgen.models import GenerativeModel
from tfgen.runs.folder import RunFolder
from tfgen.runs.model import with_sizes
from tfgen.runs.run import Run
from tfgen.tuning.hypermodels import GenerativeHyperModel
from tfgen.tuning.objectives.measuring import Measuring, every
from tfgen.tuning.report.hparams import write_hparams
from tfgen.tuning.trial_callbacks import EarlyStopping, Heartbeat


class TrialTraining:
    """Trains the model of a trial; called with a KerasTuner trial.

    A trial is a `Run`. One that was killed goes on from its last checkpoint,
    and one that was promoted by Hyperband from that of its parent, as if
    there had been one training.

    Args:
        search: the `Search` that the trial is one of.
        extractor: see `tfgen.callbacks.Evaluation`.
    """

    def __init__(self, search, extractor):
        self.search = search
        self.extractor = extractor
        self.objective = search.objective
        self.every = every(search.max_epochs)

    @no_retracing_warnings()
    def __call__(self, trial, beat) -> tuple[dict, int]:
        """Trains.

        Args:
            trial: a `keras_tuner.engine.trial.Trial`.
            beat: called with how far it is, now and then.

        Returns:
            All logs of the best epoch with `epochs`, and its number from 1.

        Raises:
            TrialFailed: if the objective is not finite.
        """
        keras.backend.clear_session()
        gc.collect()
        folder = self._folder(trial.trial_id)
        parent = trial.hyperparameters.values.get("tuner/trial_id")
        if parent:
            _copy_once(self._folder(parent).path, folder.path)
        stopping = self._early_stopping(folder)
        if not (stopping.was_over() and folder.is_checkpointed()):
            self._fit(trial, folder, stopping, beat)
        # That of the best epoch, which may be none of this process.
        kept = keras.models.load_model(folder.model_file)
        folder.draw_samples(kept, self.search.validation)
        return self._result(folder)

    def build(
        self, hyperparameters: keras_tuner.HyperParameters
    ) -> GenerativeModel:
        """A compiled model, the same each time."""
        keras.utils.set_random_seed(self.search.seed)
        with self.search.strategy.scope():
            return self.search.hypermodel.build(hyperparameters)

    def _folder(self, trial_id):
        whole = self.search.folder
        return RunFolder(whole.trials / trial_id, whole.tensorboard / trial_id)

    def _early_stopping(self, folder):
        # Validation logs an objective of such measures after each epoch.
        logged = all(m.kind == "logged" for m in self.objective.measures)
        return EarlyStopping(
            self.objective,
            self.search.patience,
            folder.history_file,
            1 if logged else self.every,
        )

    def _fit(self, trial, folder, stopping, beat):
        hyperparameters = trial.hyperparameters
        run = self._run(hyperparameters, folder)
        folder.path.mkdir(parents=True, exist_ok=True)
        self._write_settings(run, hyperparameters)
        write_hparams(
            folder.tensorboard, trial.trial_id, hyperparameters.values
        )
        measuring = Measuring(
            self.objective,
            self.search.measures,
            run.validation,
            self.extractor,
            self.every,
            folder.history_file,
            odd=self.search.odd,
        )
        heartbeat = Heartbeat(beat, run.settings["epochs"], self.objective)
        fit = functools.partial(
            self.search.hypermodel.fit, hyperparameters, run.model
        )
        run.fit([measuring, heartbeat, stopping], function=fit)

    def _run(self, hyperparameters, folder):
        search = self.search
        model = self.build(hyperparameters)
        epochs = hyperparameters.values.get("tuner/epochs", search.max_epochs)
        settings = {
            "epochs": epochs,
            "batch_size": self._batch_size(hyperparameters),
            "seed": search.seed,
        }
        splits = {"train": search.train, "validation": search.validation}
        run = Run(folder, settings, model, splits)
        run.keep_best(self.objective.log_name, self.objective.direction)
        return run

    def _batch_size(self, hyperparameters):
        if isinstance(self.search.hypermodel, GenerativeHyperModel):
            return self.search.hypermodel.batch_size(hyperparameters)
        # Other hyperparameters of a user's own are no settings.
        values, names = hyperparameters.values, ("preset", "batch_size")
        sizes = {name: values[name] for name in names if name in values}
        return with_sizes(sizes, len(self.search.train))["batch_size"]

    def _write_settings(self, run, hyperparameters):
        """Writes what other commands read, if they could build the model."""
        if self.search.is_built_from_settings:
            drawn = self.search.hypermodel.settings(hyperparameters)
            epochs = {"epochs": run.settings["epochs"]}
            run.folder.write_settings(
                {**self.search.settings, **drawn, **epochs}, run.manifest()
            )

    def _result(self, folder):
        history = read_history(folder.history_file)
        best = self.objective.best(history[self.objective.log_name])
        metrics = {
            name: column[best]
            for name, column in history.items()
            if name not in ("epoch", "seconds")
            and not name.startswith("learning_rate")
            and math.isfinite(column[best])
        }
        metrics["epochs"] = len(history["epoch"])
        return metrics, best + 1


def _copy_once(parent: pathlib.Path, folder: pathlib.Path) -> None:
    """Copies the parent's run, whole or not at all."""
    if folder.exists():
        return
    copy = folder.with_name(f".{folder.name}.copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(parent, copy)
    copy.rename(folder)
