import math
import pathlib
from collections.abc import Callable

import keras

from tfgen.callbacks.history_file import read_history


class EarlyEnd(keras.callbacks.Callback):
    """Ends the training when a metric has not got better for some epochs.

    As `keras.callbacks.EarlyStopping`, but what it knows is in the history, so
    that a training that was killed ends where it would have ended.

    Args:
        history_path: the file that `HistoryFile` writes.
        patience: epochs without a lower value; 0: it never ends.
        monitor: name of the metric; the lower, the better.
        report: function of a text that says why it ended; default: `print`.

    Example:
    >>> history = tfgen.callbacks.HistoryFile("run/history.csv")
    >>> end = tfgen.callbacks.EarlyEnd(history.path, patience=10)
    >>> model.fit(
    ...     x, validation_data=v, epochs=500, callbacks=[history, end]
    ... )  # doctest: +SKIP
    """

    def __init__(
        self,
        history_path,
        patience: int,
        monitor: str = "val_loss",
        report: Callable[[str], None] = print,
    ):
        super().__init__()
        self.history_path = pathlib.Path(history_path)
        self.patience = patience
        self.monitor = monitor
        self.report = report
        self._values = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._values = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._values is None:
            # Rows after it are of epochs that will be trained again.
            self._values = self._history()[:epoch]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        value = (logs or {}).get(self.monitor, math.nan)
        self._values.append(float(value))
        best = self._ended_after(self._values)
        if best is not None:
            self.model.stop_training = True
            self.report(self._reason(best, epoch + 1))

    def reason(self) -> str | None:
        """Why the training that the history tells of has ended, or None."""
        values = self._history()
        best = self._ended_after(values)
        return None if best is None else self._reason(best, len(values))

    def _history(self):
        if not self.history_path.exists():
            return []
        return read_history(self.history_path).get(self.monitor, [])

    def _ended_after(self, values):
        """The best epoch, counted from 1, if it is long ago."""
        known = [v if math.isfinite(v) else math.inf for v in values]
        if not self.patience or min(known, default=math.inf) == math.inf:
            return None
        best = known.index(min(known)) + 1
        return best if len(known) - best >= self.patience else None

    def _reason(self, best, done):
        return (
            f"ended after epoch {done}: the {self.monitor} of epoch {best} was "
            f"not beaten in {done - best} epochs (--patience {self.patience}; "
            "0 never ends)"
        )
