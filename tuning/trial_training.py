"""The training of one trial."""

import dataclasses
import gc
import json
import math
import pathlib
import shutil

import keras

import tfgen
from tfgen import pictures
from tfgen._quiet import no_retracing_warnings
from tfgen.callbacks import (
    BestModel,
    Checkpoint,
    GANHealth,
    HistoryFile,
    SampleImages,
    TensorBoard,
    read_history,
)
from tfgen.pictures import examples
from tfgen.runs.data import in_range
from tfgen.runs.model import with_sizes
from tfgen.training import manifest
from tfgen.training.files import write_text
from tfgen.tuning.hypermodels import (
    GenerativeHyperModel,
    is_built_from_settings,
)
from tfgen.tuning.no_progress import NoProgress
from tfgen.tuning.objectives.measuring import Measuring, every
from tfgen.tuning.report.hparams import write_hparams

FEWEST_FOR_HEALTH = 6


@dataclasses.dataclass(frozen=True)
class TrialTraining:
    """Trains the model of a trial; called with a KerasTuner trial.

    A trial's folder is that of a run. One that was killed goes on from its
    last checkpoint, and one that was promoted by Hyperband from that of its
    parent, as if there had been one training.

    Attributes:
        hypermodel: a `keras_tuner.HyperModel` that builds compiled
            `GenerativeModel`s.
        train: `tfgen.data.Source`.
        validation: held-out data, on which the objective is measured.
        objective: an `Objective`.
        measures: what is reported besides.
        out: folder of the search.
        max_epochs: of a trial, unless the tuner says less.
        patience: epochs without a better objective that end it.
        extractor: see `tfgen.callbacks.Evaluation`.
        strategy: of `tf.distribute`.
        seed: of weights, noise and order of the data, the same in all trials.
        settings: of `tfgen train` that all trials have.
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
        values = trial.hyperparameters.values
        folder = self.out / "trials" / trial.trial_id
        epochs = values.get("tuner/epochs", self.max_epochs)
        parent = values.get("tuner/trial_id")
        if parent:
            _go_on_from(self.out / "trials" / parent, folder)
        patience = NoProgress(
            self.objective,
            self.patience,
            folder / "history.csv",
            1 if self._is_logged else self._every,
        )
        if not patience.was_over():
            model = self.build(trial.hyperparameters)
            self._fit(trial, model, folder, epochs, patience, beat)
        self._draw_samples(folder)
        return self._result(folder)

    @property
    def _every(self):
        """Epochs from one measurement to the next."""
        return every(self.max_epochs)

    @property
    def _is_logged(self):
        """Whether validation logs the whole objective, after each epoch."""
        kinds = {measure.kind for measure in self.objective.measures}
        return kinds == {"logged"}

    def build(self, hyperparameters):
        """A compiled model, the same each time."""
        keras.utils.set_random_seed(self.seed)
        with self.strategy.scope():
            return self.hypermodel.build(hyperparameters)

    def _fit(self, trial, model, folder, epochs, patience, beat):
        hyperparameters = trial.hyperparameters
        train, validation = (
            in_range(model, source) for source in (self.train, self.validation)
        )
        batch_size = self._batch_size(hyperparameters, len(train))
        batches = train.batches(batch_size, seed=self.seed)
        folder.mkdir(parents=True, exist_ok=True)
        self._write_settings(hyperparameters, train, epochs, folder)
        log_dir = self.out / "tensorboard" / trial.trial_id
        write_hparams(log_dir, trial.trial_id, hyperparameters.values)
        history = folder / "history.csv"
        self.hypermodel.fit(
            hyperparameters,
            model,
            batches,
            epochs=epochs,
            validation_data=validation,
            validation_batch_size=batches.batch_size,
            verbose=0,
            callbacks=[
                *self._watchers(model, validation, folder),
                Measuring(
                    self.objective,
                    self.measures,
                    validation,
                    self.extractor,
                    self._every,
                    history,
                ),
                SignsOfLife(beat, epochs, self.objective),
                patience,
                HistoryFile(history),
                SampleImages(folder / "samples.png", validation),
                TensorBoard(log_dir, validation),
                BestModel(
                    folder / "model.keras",
                    monitor=self.objective.log_name,
                    mode=self.objective.direction,
                ),
                Checkpoint(folder / "checkpoints"),  # last: see `Checkpoint`
            ],
        )

    def _batch_size(self, hyperparameters, rows):
        if isinstance(self.hypermodel, GenerativeHyperModel):
            return self.hypermodel.batch_size(hyperparameters)
        return with_sizes(hyperparameters.values, rows)["batch_size"]

    def _watchers(self, model, validation, folder):
        adversarial = isinstance(model, (tfgen.GAN, tfgen.VAEGAN))
        if not adversarial or len(validation) < FEWEST_FOR_HEALTH:
            return []
        path = folder / "warnings.txt"
        return [GANHealth(validation, path=path, report=_nothing)]

    def _write_settings(self, hyperparameters, train, epochs, folder):
        """What makes the folder that of a run, for the other commands."""
        if not is_built_from_settings(self.hypermodel):
            return
        found = self.hypermodel.settings(hyperparameters)
        settings = {**self.settings, **found, "epochs": epochs}
        made_from = manifest(train, self.seed, self.strategy)
        for name, content in (("manifest", made_from), ("config", settings)):
            text = json.dumps(content, indent=2) + "\n"
            write_text(folder / f"{name}.json", text)

    def _result(self, folder):
        history = read_history(folder / "history.csv")
        best = self.objective.best(history[self.objective.log_name])
        metrics = {
            name: column[best]
            for name, column in history.items()
            if name not in ("epoch", "seconds")
            and not name.startswith("learning_rate")
            if math.isfinite(column[best])
        }
        metrics["epochs"] = len(history["epoch"])
        return metrics, best + 1

    def _draw_samples(self, folder):
        """Of the best epoch's model."""
        model = keras.models.load_model(folder / "model.keras")
        if examples.can_show(model):
            picture = pictures.samples_picture(model, self.validation)
            pictures.write_png(folder / "samples.png", picture)


class SignsOfLife(keras.callbacks.Callback):
    """Tells how far a training is.

    Args:
        beat: called with `epoch`, `epochs` and, after epochs, `objective`.
        epochs: of the whole training.
        objective: an `Objective`.
    """

    def __init__(self, beat, epochs: int, objective):
        super().__init__()
        self.beat = beat
        self.epochs = epochs
        self.objective = objective

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self.beat(epoch=self._epoch, epochs=self.epochs)

    def on_test_batch_end(self, batch, logs=None):
        self.beat(epoch=self._epoch, epochs=self.epochs)

    def on_epoch_end(self, epoch, logs=None):
        self.beat(
            epoch=epoch + 1,
            epochs=self.epochs,
            objective=self.objective.value(logs),
        )


def _go_on_from(parent, folder):
    """A copy of the parent's run, whole or not at all."""
    if folder.exists():
        return
    copy = folder.with_name(f".{folder.name}.copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(parent, copy)
    copy.rename(folder)


def _nothing(text):
    """Warnings stand in the trial's file; nobody is there to read them."""
