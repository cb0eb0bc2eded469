import keras

from tfgen.callbacks import read_history


class NoProgress(keras.callbacks.Callback):
    """Ends a training whose objective has not become better for a while.

    The objective is one of samples or of held-out data; losses of adversaries
    say nothing about progress. What counts is the whole history, so that a
    resumed training ends where an uninterrupted one does. In the list of
    callbacks it stands behind `Measuring`.

    Args:
        objective: an `Objective`.
        patience: epochs without a better value.
        history: file that `HistoryFile` writes.

    Attributes:
        stopped: whether it has ended the training.
    """

    def __init__(self, objective, patience: int, history):
        super().__init__()
        self.objective = objective
        self.patience = patience
        self.history = history
        self.stopped = False
        self._best = None

    def on_train_begin(self, logs=None):
        self._best, self.stopped = None, False

    def on_epoch_begin(self, epoch, logs=None):
        if epoch and self._best is None:
            values = read_history(self.history)[self.objective.log_name]
            for number, value in enumerate(values[:epoch]):
                self._note(number, value)

    def on_epoch_end(self, epoch, logs=None):
        self._note(epoch, logs[self.objective.log_name])
        if epoch - self._best_epoch >= self.patience:
            self.stopped = self.model.stop_training = True

    def _note(self, epoch, value):
        if self.objective.is_better(value, self._best):
            self._best, self._best_epoch = value, epoch
