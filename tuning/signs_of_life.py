"""What workers say of themselves while they train: `workers/NAME.json`."""

import dataclasses
import json
import os
import pathlib
import platform
import time

from tfgen.training.files import write_text

SECONDS_BETWEEN = 2.0


@dataclasses.dataclass(frozen=True)
class Beat:
    """A sign of life.

    Attributes:
        worker: its name.
        pid: of its process.
        host: that it runs on.
        trial: id of the trial that it trains; None while it waits for one.
        time: of the sign, in seconds since 1970.
        said: what the trial told, such as `{"epoch": 3, "epochs": 30}`.
    """

    worker: str
    pid: int
    host: str
    trial: str | None
    time: float
    said: dict


class SignOfLife:
    """Writes a worker's signs of life, at most one in two seconds.

    Args:
        folder: of the search.
        worker: its name.
    """

    def __init__(self, folder, worker: str):
        self.path = _path(folder, worker)
        self.worker = worker
        self.trial = None
        self._written = None

    def begin(self, trial: str | None) -> None:
        """Says that another trial is trained, or none, at once."""
        if self._written is None or trial != self.trial:
            self.trial, self._written = trial, None
            self.beat()
        elif trial is None:
            self.beat()

    def beat(self, **said) -> None:
        """Says that the trial goes on, and how far it is."""
        now = time.monotonic()
        if self._written is None or now - self._written >= SECONDS_BETWEEN:
            self._written = now
            sign = Beat(
                self.worker,
                os.getpid(),
                platform.node(),
                self.trial,
                time.time(),
                said,
            )
            text = json.dumps(dataclasses.asdict(sign), default=float)
            write_text(self.path, text)


def signs_of_life(folder) -> list[Beat]:
    """The last sign of each worker, by its name."""
    paths = sorted((pathlib.Path(folder) / "workers").glob("[!.]*.json"))
    signs = [read_sign(folder, path.stem) for path in paths]
    return [sign for sign in signs if sign is not None]


def read_sign(folder, worker: str) -> Beat | None:
    """The last sign of a worker; None without a file that can be read."""
    try:
        return Beat(**json.loads(_path(folder, worker).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _path(folder, worker):
    return pathlib.Path(folder) / "workers" / f"{worker}.json"
