import csv
import io
import math
import pathlib
import time

import keras
import numpy as np

from tfgen.optimizers.schedules import rate_of
from tfgen.training.files import write_text, writes_files


class HistoryFile(keras.callbacks.Callback):
    """Keeps all logs of a training in a CSV file, one row an epoch.

    Columns: `epoch` (1 after the first), all logs, `learning_rate` (one for
    each optimizer if there are several) and `seconds`. The file is there
    whole or not at all. A training that starts or goes on at some epoch
    keeps the rows before it and drops those from it on, so that the file
    of a resumed training equals that of an uninterrupted one but for
    `seconds`. For that it stands before `Checkpoint` in the list of
    callbacks.

    Args:
        path: path of the file, such as `run/history.csv`.
        every_seconds: least time between two files; it is written whenever a
            `Checkpoint` saves and at the end, too. Default: after each epoch,
            which of hundreds in a minute may be a tenth of the time.

    Raises:
        ValueError: in `fit`, if there is a file of another kind.

    Example:
    >>> history = tfgen.callbacks.HistoryFile("run/history.csv")
    >>> model.fit(x, epochs=9, callbacks=[history])  # doctest: +SKIP
    >>> tfgen.callbacks.read_history(history.path)  # doctest: +SKIP
    """

    def __init__(self, path, every_seconds: float = 0.0):
        super().__init__()
        self.path = pathlib.Path(path)
        self.every_seconds = every_seconds
        self._rows = None
        self._outdated, self._written_at = False, -math.inf

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._rows = None
        self._outdated, self._written_at = False, -math.inf

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._began = time.monotonic()
        if self._rows is None:
            earlier = _read_rows(self.path) if self.path.exists() else []
            self._rows = [row for row in earlier if int(row["epoch"]) <= epoch]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        row = {"epoch": epoch + 1}
        row |= {name: float(value) for name, value in (logs or {}).items()}
        row |= learning_rates(self.model.optimizer)
        row["seconds"] = round(time.monotonic() - self._began, 3)
        self._rows.append(row)
        self._outdated = True
        if time.monotonic() - self._written_at >= self.every_seconds:
            self.write()

    def get_state(self) -> dict:
        """Writes the file for a `Checkpoint` that saves; it holds all."""
        self.write()
        return {}

    def on_train_end(self, logs: dict | None = None) -> None:
        self.write()

    def write(self) -> None:
        """Writes the file, if it lacks epochs."""
        if self._outdated and writes_files(self.model):
            write_text(self.path, _to_csv(self._rows))
        self._outdated, self._written_at = False, time.monotonic()


def read_history(path: pathlib.Path | str) -> dict[str, list]:
    r"""Reads a history file.

    Args:
        path: path of the file that `HistoryFile` wrote.

    Returns:
        Dict of column name to its values: `epoch` as int, others as float,
        NaN where an epoch has none.

    Raises:
        ValueError: if there is no such file, or it is no history.

    Example:
    >>> import pathlib
    >>> text = "epoch,loss,val_loss\n1,0.75,\n2,0.5,0.625\n"
    >>> _ = pathlib.Path("history.csv").write_text(text)
    >>> tfgen.callbacks.read_history("history.csv")
    {'epoch': [1, 2], 'loss': [0.75, 0.5], 'val_loss': [nan, 0.625]}
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise ValueError(f"{path} does not exist: train first.")
    rows = _read_rows(path)
    names = list(rows[0]) if rows else []
    try:
        return {
            name: [
                int(row[name]) if name == "epoch" else float(row[name] or "nan")
                for row in rows
            ]
            for name in names
        }
    except ValueError as error:
        raise ValueError(f"{path} holds what is no number: {error}.") from error


def learning_rates(optimizer: keras.optimizers.Optimizer) -> dict[str, float]:
    """The rates in force: `learning_rate`, or one for each of several.

    Several optimizers give `learning_rate_generator` and so on.
    """
    group = getattr(optimizer, "by_network", None)
    if not isinstance(group, dict) or len(group) == 1:
        return {"learning_rate": _rate(optimizer)}
    return {f"learning_rate_{name}": _rate(one) for name, one in group.items()}


def _rate(optimizer):
    # 0.001, not the 0.0010000000474974513 that float32 makes of it.
    return float(str(np.float32(rate_of(optimizer))))


def _read_rows(path):
    """The rows as texts, so that those which are kept stay as they are."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not all(str(row.get("epoch")).isdecimal() for row in rows):
        raise ValueError(
            f"{path} is no history of a training: expected a CSV file with a "
            "column epoch, as tfgen.callbacks.HistoryFile writes. Move it "
            "away, or pass another path."
        )
    return rows


def _to_csv(rows):
    # Some logs are not there in every epoch (validation_freq=2).
    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=("seconds",).count)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
