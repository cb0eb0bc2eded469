"""Heartbeats of workers: `workers/NAME.json` in a search's folder."""

import dataclasses
import json
import os
import pathlib
import platform
import time

from tfgen.training.files import write_text

SECONDS_BETWEEN = 2.0


@dataclasses.dataclass(frozen=True)
class Heartbeat:
    """What a worker says of itself while it trains.

    Attributes:
        worker: its name.
        pid: of its process.
        host: that it runs on.
        trial: id of the trial that it trains; None while it waits for one.
        time: of the heartbeat, in seconds since 1970.
        said: what the trial told, such as `{"epoch": 3, "epochs": 30}`.
    """

    worker: str
    pid: int
    host: str
    trial: str | None
    time: float
    said: dict


class HeartbeatWriter:
    """Writes a worker's heartbeats, at most one in two seconds.

    Args:
        folder: of the search.
        worker: its name.
    """

    def __init__(self, folder: os.PathLike, worker: str):
        self.path = _path(folder, worker)
        self.worker = worker
        self.trial = None
        self._written = None

    def begin(self, trial: str | None) -> None:
        """Says that another trial is trained, or none, at once."""
        if trial != self.trial:
            self._written = None
        self.trial = trial
        if self._written is None or trial is None:
            self.beat()

    def beat(self, **said) -> None:
        """Says that the trial goes on, and how far it is."""
        now = time.monotonic()
        if self._written is None or now - self._written >= SECONDS_BETWEEN:
            self._written = now
            heartbeat = Heartbeat(
                self.worker,
                os.getpid(),
                platform.node(),
                self.trial,
                time.time(),
                said,
            )
            text = json.dumps(dataclasses.asdict(heartbeat), default=float)
            write_text(self.path, text)


def read_heartbeats(folder: os.PathLike) -> list[Heartbeat]:
    """The last heartbeat of each worker, by its name."""
    paths = sorted((pathlib.Path(folder) / "workers").glob("[!.]*.json"))
    found = [read_heartbeat(folder, path.stem) for path in paths]
    return [heartbeat for heartbeat in found if heartbeat is not None]


def read_heartbeat(folder: os.PathLike, worker: str) -> Heartbeat | None:
    """A worker's last heartbeat; None without a file that can be read."""
    try:
        return Heartbeat(**json.loads(_path(folder, worker).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _path(folder, worker):
    return pathlib.Path(folder) / "workers" / f"{worker}.json"
