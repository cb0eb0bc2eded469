"""The promise of a run, in a file of its folder."""

import json
import math
import pathlib

import keras

from tfgen.privacy.accountant import refuse_more
from tfgen.privacy.statement import statement
from tfgen.training.files import write_text


class PrivacyFile(keras.callbacks.Callback):
    """Writes what was promised and what has been spent, after each epoch.

    Args:
        path: of the file.
    """

    def __init__(self, path: pathlib.Path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        said = json.dumps(statement(self.model), indent=2)
        write_text(self.path, said + "\n")


def refuse_more_epochs(path: pathlib.Path, epochs: int) -> None:
    """Raises ValueError if a run that goes on would break its promise.

    Args:
        path: of its `PrivacyFile`; where there is none, nothing is refused.
        epochs: of the whole run.
    """
    if not path.exists():
        return
    said = json.loads(path.read_text(encoding="utf-8"))
    rows, batch_size = said["rows"], said["batch size"]
    refuse_more(
        said["epsilon promised"],
        said["delta"],
        batch_size / rows,
        said["noise multiplier"] / math.sqrt(said["updates of a step"]),
        epochs * math.ceil(rows / batch_size),
    )
