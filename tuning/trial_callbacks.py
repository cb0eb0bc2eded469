"""What a trial has beside the callbacks of every run."""

import pathlib
from collections.abc import Callable

import keras

from tfgen.callbacks import read_history


class EarlyStopping(keras.callbacks.Callback):
    """Ends a training whose objective has not become better for a while.

    The objective is one of samples or of held-out data; losses of adversaries
    say nothing about progress. What counts is the whole history, so that a
    resumed training ends where an uninterrupted one does. In the list of
    callbacks it stands behind `Measuring` and before `HistoryFile`.

    Where the objective is measured now and then only, a training ends right
    after a measurement: in the epochs between there could be no progress.

    Args:
        objective: an `Objective`.
        patience: number of epochs without a better value.
        history: file that `HistoryFile` writes.
        every: epochs from one measurement to the next.
    """

    def __init__(
        self, objective, patience: int, history: pathlib.Path, every: int = 1
    ):
        super().__init__()
        self.objective = objective
        self.patience = patience
        self.history = history
        self.every = every

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        # A file that a killed training left may hold this epoch already.
        values = [*self._values()[:epoch], logs[self.objective.log_name]]
        self.model.stop_training |= self._is_over(values)

    def was_over(self) -> bool:
        """Whether the history on disk is of a training that has ended so."""
        return self._is_over(self._values())

    def _is_over(self, values):
        best = self.objective.best(values)
        if best is None or len(values) % self.every:
            return False
        return len(values) - 1 - best >= self.patience

    def _values(self):
        if not self.history.exists():
            return []
        return read_history(self.history).get(self.objective.log_name, [])


class Heartbeat(keras.callbacks.Callback):
    """Tells how far a training is, after each step and each epoch.

    Args:
        beat: called with `epoch`, `epochs` and, after epochs, `objective`.
        epochs: number of epochs of the whole training.
        objective: an `Objective`.
    """

    def __init__(self, beat: Callable[..., None], epochs: int, objective):
        super().__init__()
        self.beat = beat
        self.epochs = epochs
        self.objective = objective

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.beat(epoch=self._epoch, epochs=self.epochs)

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.beat(epoch=self._epoch, epochs=self.epochs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        value = self.objective.value(logs)
        self.beat(epoch=epoch + 1, epochs=self.epochs, objective=value)
