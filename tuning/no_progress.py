import keras

from tfgen.callbacks import read_history


class NoProgress(keras.callbacks.Callback):
    """Ends a training whose objective has not become better for a while.

    The objective is one of samples or of held-out data; losses of adversaries
    say nothing about progress. What counts is the whole history, so that a
    resumed training ends where an uninterrupted one does. In the list of
    callbacks it stands behind `Measuring`.

    Where that measures now and then only, a training ends right after a
    measurement: in the epochs between there could be no progress.

    Args:
        objective: an `Objective`.
        patience: epochs without a better value.
        history: file that `HistoryFile` writes.
        every: epochs from one measurement to the next.
    """

    def __init__(self, objective, patience: int, history, every: int = 1):
        super().__init__()
        self.objective = objective
        self.patience = patience
        self.history = history
        self.every = every
        self._values = None

    def on_train_begin(self, logs=None):
        self._values = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._values is None:
            self._values = self._earlier()[:epoch]

    def on_epoch_end(self, epoch, logs=None):
        self._values.append(logs[self.objective.log_name])
        self.model.stop_training |= self._is_over(self._values)

    def was_over(self) -> bool:
        """Whether the history on disk is of a training that has ended so."""
        return self._is_over(self._earlier())

    def _is_over(self, values):
        best = self.objective.best(values)
        if best is None or len(values) % self.every:
            return False
        return len(values) - 1 - best >= self.patience

    def _earlier(self):
        if not self.history.exists():
            return []
        return read_history(self.history).get(self.objective.log_name, [])
