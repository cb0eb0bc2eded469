"""The training of one trial."""

import dataclasses
import functools
import gc
import math
import pathlib
import shutil

import keras

from tfgen._quiet import no_retracing_warnings
from tfgen.callbacks import read_history
from tfgen.models import GenerativeModel
from tfgen.runs.folder import RunFolder
from tfgen.runs.model import with_sizes
from tfgen.runs.run import Run
from tfgen.tuning.hypermodels import (
    GenerativeHyperModel,
    is_built_from_settings,
)
from tfgen.tuning.objectives.measuring import Measuring, every
from tfgen.tuning.report.hparams import write_hparams
from tfgen.tuning.trial_callbacks import EarlyStopping, Heartbeat


@dataclasses.dataclass(frozen=True)
class TrialTraining:
    """Trains the model of a trial; called with a KerasTuner trial.

    A trial is a `Run`. One that was killed goes on from its last checkpoint,
    and one that was promoted by Hyperband from that of its parent, as if
    there had been one training.

    Attributes:
        hypermodel: a `keras_tuner.HyperModel` that builds compiled
            `GenerativeModel`s.
        train: `tfgen.data.Source`.
        validation: held-out data, on which the objective is measured.
        objective: an `Objective`.
        measures: others that are reported besides.
        out: folder of the search.
        max_epochs: number of epochs of a trial, unless the tuner says less.
        patience: epochs without a better objective that end it.
        extractor: see `tfgen.callbacks.Evaluation`.
        strategy: a `tf.distribute.Strategy`.
        seed: of weights, noise and order of the data, the same in all trials.
        settings: settings of `tfgen train` that all trials have.
    """

    hypermodel: object
    train: object
    validation: object
    objective: object
    measures: tuple
    out: pathlib.Path
    max_epochs: int
    patience: int
    extractor: object
    strategy: object
    seed: int
    settings: dict

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
        folder = RunFolder(self.out / "trials" / trial.trial_id)
        parent = trial.hyperparameters.values.get("tuner/trial_id")
        if parent:
            _copy_once(self.out / "trials" / parent, folder.path)
        stopping = self._early_stopping(folder)
        if not stopping.was_over():
            self._fit(trial, folder, stopping, beat)
        # The model of the best epoch, which may be none of this process.
        kept = keras.models.load_model(folder.model_file)
        folder.draw_samples(kept, self.validation)
        return self._result(folder)

    def build(self, hyperparameters) -> GenerativeModel:
        """A compiled model, the same each time."""
        keras.utils.set_random_seed(self.seed)
        with self.strategy.scope():
            return self.hypermodel.build(hyperparameters)

    @property
    def _every(self):
        """Epochs from one measurement to the next."""
        return every(self.max_epochs)

    def _early_stopping(self, folder):
        # Validation logs an objective of such measures after each epoch.
        logged = all(m.kind == "logged" for m in self.objective.measures)
        return EarlyStopping(
            self.objective,
            self.patience,
            folder.history_file,
            1 if logged else self._every,
        )

    def _fit(self, trial, folder, stopping, beat):
        hyperparameters = trial.hyperparameters
        run = self._run(hyperparameters, folder)
        self._write_settings(run, hyperparameters)
        log_dir = self.out / "tensorboard" / trial.trial_id
        write_hparams(log_dir, trial.trial_id, hyperparameters.values)
        measuring = Measuring(
            self.objective,
            self.measures,
            run.validation,
            self.extractor,
            self._every,
            folder.history_file,
        )
        heartbeat = Heartbeat(beat, run.settings["epochs"], self.objective)
        run.fit(
            [measuring, heartbeat, stopping],
            function=functools.partial(
                self.hypermodel.fit, hyperparameters, run.model
            ),
            log_dir=log_dir,
        )

    def _run(self, hyperparameters, folder):
        model = self.build(hyperparameters)
        epochs = hyperparameters.values.get("tuner/epochs", self.max_epochs)
        settings = {
            "epochs": epochs,
            "batch_size": self._batch_size(hyperparameters),
            "seed": self.seed,
        }
        splits = {"train": self.train, "validation": self.validation}
        run = Run(folder.path, settings, model, splits)
        run.keep_best(self.objective.log_name, self.objective.direction)
        return run

    def _batch_size(self, hyperparameters):
        if isinstance(self.hypermodel, GenerativeHyperModel):
            return self.hypermodel.batch_size(hyperparameters)
        values = hyperparameters.values
        known = {k: values[k] for k in ("preset", "batch_size") if k in values}
        return with_sizes(known, len(self.train))["batch_size"]

    def _write_settings(self, run, hyperparameters):
        """Writes what other commands read, if they could build the model."""
        run.folder.path.mkdir(parents=True, exist_ok=True)
        if is_built_from_settings(self.hypermodel):
            drawn = self.hypermodel.settings(hyperparameters)
            epochs = {"epochs": run.settings["epochs"]}
            run.folder.write_settings(
                {**self.settings, **drawn, **epochs}, run.manifest()
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


def _copy_once(parent, folder):
    """Copies the parent's run, whole or not at all."""
    if folder.exists():
        return
    copy = folder.with_name(f".{folder.name}.copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(parent, copy)
    copy.rename(folder)
