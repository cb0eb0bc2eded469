"""Checkpoints from which a killed training goes on bit for bit."""

import json
import math
import pathlib
import tempfile
import warnings
from collections.abc import Callable

import keras
import tensorflow as tf

from tfgen.callbacks.callback_states import (
    CallbackStates,
    read_states,
    write_states,
)
from tfgen.callbacks.checkpoint_files import SUMS, CheckpointFiles
from tfgen.callbacks.pace import Pace
from tfgen.training.agreement import Agreement
from tfgen.training.files import disk_errors_named, write_text, writes_files
from tfgen.training.finite import first_not_finite

STATES = ".callbacks.npz"
WORK = "checkpoint"


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole state of training; `fit` goes on from the newest.

    The state is all weights (the step counter among them), optimizers,
    metrics and seed generators, and the place in the epoch. With data whose
    order is a function of (seed, step), as `fit` makes of arrays and sources,
    a training that was killed at any moment ends with the weights of one
    that was not, on equal settings.

    Checkpoints are written after epochs, as often as the pace allows, at the
    latest after `every_seconds`, within epochs too, and at the end; each is
    there whole or not at all, with checksums of its files. One that was
    damaged since is named, and the one before it used. What was trained since
    the last one is trained again. An epoch whose model Keras'
    `ModelCheckpoint` has kept as the best has one too. Weights that are not
    finite are not saved.

    What the other callbacks of the training remember goes with it: Keras' own
    (`ReduceLROnPlateau`, `EarlyStopping`, `ModelCheckpoint`, `CSVLogger`,
    `SwapEMAWeights` and so on), and attributes of yours that hold numbers,
    texts, arrays, or lists and dicts of them. A callback that remembers
    anything else has `get_state()`, which returns such a dict, and
    `set_state(state)`; else a warning names it. `fit` lets a Checkpoint act
    after all the others, wherever it stands among them.

    Args:
        folder: where checkpoints are kept.
        resume: whether `fit` goes on from the newest checkpoint. If False,
            a folder that holds checkpoints is refused.
        every_seconds: longest time between two checkpoints, 0: after each
            step; None: only after epochs.
        every_steps: also after each so many steps of an epoch, and after each
            epoch.
        keep: how many checkpoints are kept.
        pace: see `Pace`; default: of its own.
        report: called with a line for each damaged checkpoint; default: a
            warning.

    Raises:
        ValueError: in `fit`, if the folder does not fit the model or
            `resume`, or if it holds checkpoints of which none is whole.
        FloatingPointError: in `fit`, if weights are not finite when they are
            to be saved.
        OSError: in `fit`, if the disk is full; the checkpoints before stay.

    Example:
    >>> x = np.zeros((8, 4), "float32")
    >>> for epochs in (1, 3):
    ...     model = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    ...     model.compile()
    ...     checkpoint = tfgen.callbacks.Checkpoint("run")
    ...     log = model.fit(x, epochs=epochs, callbacks=[checkpoint], verbose=0)
    ...     print(log.epoch, model.steps_done)
    [0] 1
    [1, 2] 3
    """

    acts_last = True
    """What the others do at the end of an epoch is done when it saves."""

    def __init__(
        self,
        folder,
        *,
        resume: bool = True,
        every_seconds: float | None = 60.0,
        every_steps: int | None = None,
        keep: int = 2,
        pace: Pace | None = None,
        report: Callable[[str], None] | None = None,
    ):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.files = CheckpointFiles(self.folder)
        self.report = report or warnings.warn
        self.resume = resume
        self.every_seconds = every_seconds
        self.every_steps = every_steps
        self.keep = keep
        self.pace = pace or Pace()
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._epoch_steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._manager = None
        self._stop_asked = False
        self._others = CallbackStates([])
        self._restored = None
        self.has_stopped = False

    def watch(self, callbacks: list[keras.callbacks.Callback]) -> None:
        """Called by `fit`: keeps what these callbacks remember, too."""
        self._others = CallbackStates([c for c in callbacks if c is not self])

    def stop_soon(self) -> None:
        """Asks `fit` to save and stop after the step that is running.

        `fit` then raises KeyboardInterrupt. May be called by a signal handler
        or another thread.
        """
        self._stop_asked = True

    def restore(
        self, steps_per_epoch: int | None, initial_epoch: int = 0
    ) -> int:
        """Called by `fit`: loads the newest checkpoint, if there is one.

        Returns:
            The epoch to go on with.
        """
        self._agreement = Agreement(self.model.distribute_strategy)
        newest = self.files.newest(self.report)
        if writes_files(self.model):
            self.files.remove_unfinished()
            if newest is not None:
                self.files.list_again(newest)
        self._manager = self._make_manager(self.folder)
        self._restored, self.has_stopped = newest, False
        self._agreement.check_same(
            {"newest checkpoint": newest and pathlib.Path(newest).name},
            f"all hosts must see the same folder {self.folder}",
        )
        if newest is None:
            return initial_epoch
        if not self.resume:
            raise ValueError(
                f"{self.folder} already holds checkpoints: pass resume=True "
                "to go on from them, or another folder."
            )
        self._check_layout(newest)
        self._manager.checkpoint.restore(newest).assert_consumed()
        epoch, done = int(self._epoch), int(self._epoch_steps)
        if done:
            values = [variable.numpy() for variable in self._metric_variables()]
            place = self.model.training_place
            place.resume(done, lambda: self._put_back(values))
        self._others.cut_logs(epoch)
        self.has_stopped = self._others.have_stopped(self._states(newest))
        return epoch

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.pace.begin()
        if self._restored is None:
            return
        # Others begin anew here; BackupAndRestore brings weights of its own.
        self._manager.checkpoint.restore(self._restored)
        self.model._initial_epoch = None
        self._others.set(self._states(self._restored))
        self._restored = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch.assign(epoch)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        place = self.model.training_place
        due = self.pace.waited(WORK) >= self._longest_wait()
        if self.every_steps and place.done % self.every_steps == 0:
            due = True
        if place.resumes or place.at_end:
            return  # nothing new yet, or the epoch's own checkpoint is next
        if self._agreed(due) or self._stop_asked:
            self._epoch_steps.assign(place.done)
            self.save()
            self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch.assign(epoch + 1)
        self._epoch_steps.assign(0)
        is_last = epoch + 1 == self.params.get("epochs")
        due = self.pace.is_due(WORK, most=self._longest_wait())
        wrote_best = self._others.wrote_best()
        due = self._agreed(due or bool(self.every_steps) or wrote_best)
        ends = is_last or self.model.stop_training or self._stop_asked
        if ends or due:
            self.save()
        self._stop_if_asked()

    def save(self) -> str:
        """Writes a checkpoint now; returns its path."""
        self._check_finite()
        if not writes_files(self.model):
            return self._save_beside_chief()
        path = self.folder / f"ckpt-{self.model.steps_done}"
        with self.pace.measured(WORK), disk_errors_named(path):
            try:
                self._write(path)
            except BaseException:
                self.files.remove_unfinished()
                raise
        return str(path)

    def _agreed(self, due):
        """Whether the chief's clock says so; any host may ask to stop."""
        asked = self._agreement.gather([due, self._stop_asked])
        self._stop_asked = bool(asked[:, 1].any())
        return bool(asked[0, 0])

    def _save_beside_chief(self):
        # Reading a metric adds it up over all hosts, so each must save.
        with tempfile.TemporaryDirectory() as folder:
            return self._make_manager(folder).save()

    def _write(self, path):
        # Before the checkpoint itself, by which alone they come to count.
        states = self._others.get()
        self.folder.mkdir(parents=True, exist_ok=True)
        if states:
            write_states(_states_file(path), states)
        if not self._layout_file().exists():
            write_text(self._layout_file(), json.dumps(self._layout()))
        # Before TensorFlow lists it, and removes the oldest.
        options = tf.train.CheckpointOptions(
            experimental_write_callbacks=[self._seal]
        )
        self._manager.save(
            checkpoint_number=self.model.steps_done, options=options
        )
        self.files.remove_unfinished()

    def _seal(self, path):
        self.files.seal(path)
        before = [p for p in self._manager.checkpoints if p != path]
        for old in before[: max(0, len(before) + 1 - self.keep)]:
            pathlib.Path(f"{old}{SUMS}").unlink(missing_ok=True)

    def _states(self, checkpoint):
        file = _states_file(checkpoint)
        return read_states(file) if file.exists() else {}

    def _longest_wait(self):
        return math.inf if self.every_seconds is None else self.every_seconds

    def _stop_if_asked(self):
        if self._stop_asked:
            raise KeyboardInterrupt

    def _make_manager(self, folder):
        named = {
            f"{i:04}": variable.value
            for i, variable in enumerate(self._variables())
        }
        checkpoint = tf.train.Checkpoint(
            epoch=self._epoch, epoch_steps=self._epoch_steps, **named
        )
        return tf.train.CheckpointManager(
            checkpoint, str(folder), max_to_keep=self.keep
        )

    def _variables(self):
        return [*self._saved_variables(), *self._metric_variables()]

    def _saved_variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def _check_finite(self):
        found = first_not_finite(self._saved_variables())
        if found is not None:
            newest = self.files.newest(lambda line: None)
            kept = f"; {newest} stays" if newest else ""
            raise FloatingPointError(
                f"{found.path} has values that are NaN or infinite at step "
                f"{self.model.steps_done}, and is not saved{kept}: lower the "
                "learning rate, or clip gradients (global_clipnorm=1.0)."
            )

    def _metric_variables(self):
        return [v for m in self.model.metrics for v in m.variables]

    def _put_back(self, values):
        for variable, value in zip(
            self._metric_variables(), values, strict=True
        ):
            variable.assign(value)

    def _layout(self):
        """What the checkpoint holds, to tell whether it fits the model."""
        return [[v.name, list(v.shape)] for v in self._variables()]

    def _layout_file(self):
        return self.folder / "layout.json"

    def _check_layout(self, path):
        saved = tf.train.load_checkpoint(path).get_variable_to_shape_map()
        saved = [saved[k] for k in sorted(saved) if k[:4].isdigit()]
        here = self._layout()
        if saved != [shape for _, shape in here]:
            raise ValueError(
                f"the checkpoint in {self.folder} is of another model: it "
                f"holds {len(saved)} arrays, this model and its optimizer "
                f"{len(here)} or of other shapes. Build the model as before, "
                "or pass another folder."
            )


def _states_file(checkpoint):
    return pathlib.Path(f"{checkpoint}{STATES}")
