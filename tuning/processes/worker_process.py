"""Processes of workers that this process starts."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

from tfgen.tuning.processes import environment

SECONDS_TO_END = 10.0


class WorkerProcess:
    """One process of workers, which may be started again and again.

    It has a session of its own, so that Ctrl-C at the terminal reaches the
    chief alone. What it prints goes to `workers/NAME.log`.

    Args:
        name: of the worker.
        command: program and arguments.
        variables: all of its environment.
        folder: of the search.

    Attributes:
        started: when, in seconds of the monotonic clock.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        variables: dict[str, str],
        folder: os.PathLike,
    ):
        self.name = name
        self.command = command
        self.variables = {
            **variables,
            environment.NAME: name,
            environment.CHIEF_PID: str(os.getpid()),
            environment.SEARCH: str(pathlib.Path(folder).resolve()),
        }
        self.log = pathlib.Path(folder) / "workers" / f"{name}.log"
        self.started = 0.0
        self._process = None

    def start(self) -> None:
        """Starts a process."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def poll(self) -> int | None:
        """None while it runs; its exit status, negative for a signal."""
        return self._process.poll()

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()

    def terminate(self) -> None:
        """Asks it to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, deadline: float) -> None:
        """Waits for its end, and kills it at a time."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._process.kill()
        self._process.wait()  # else it stays as a zombie

    def last_line(self) -> str:
        """Last line of its log; says so if there is none."""
        with contextlib.suppress(OSError):
            text = self.log.read_bytes()[-10000:].decode(errors="replace")
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-1][:200]
        return "it printed nothing"


def cause_of_death(status: int) -> str:
    """An exit status in words.

    >>> cause_of_death(-9), cause_of_death(3)
    ('signal SIGKILL', 'exit status 3')
    """
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def end_all(processes: list[WorkerProcess]) -> None:
    """SIGTERM to all, and SIGKILL to those that are left after 10 seconds."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + SECONDS_TO_END
    for process in processes:
        process.wait(deadline)
