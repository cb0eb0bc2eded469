"""The command `tfgen launch`: several processes of this machine as hosts."""

import contextlib
import ctypes
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Annotated

import typer

from tfgen.hosts import VARIABLE

Option = typer.Option
SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = tuple(128 + number for number in SIGNALS)
PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.05
STOP_SECONDS = 120.0
"""From the first worker that stopped to the end of those that did not."""
# Loaded here: between fork and exec nothing may be.
_SYSTEM = ctypes.CDLL(None) if sys.platform == "linux" else None


def launch(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="TRAIN",
            help='"train" and its options, after "--".',
        ),
    ],
    workers: Annotated[
        int, Option(min=1, metavar="N", help="Number of processes.")
    ] = 2,
    restarts: Annotated[
        int,
        Option(
            min=0,
            metavar="N",
            help="How often all are started again after one was killed.",
        ),
    ] = 3,
) -> None:
    """Train in several processes of this machine, as several hosts would.

    As in: tfgen launch --workers 2 -- train vae --data digits --out run. Each
    takes its rows of every batch and its share of the cores. When one is
    killed, all go on from the last checkpoint. Ctrl-C or SIGTERM saves and
    stops them.
    """
    first, again = _commands(arguments)
    debug = ["--debug"] if "--debug" in sys.argv else []
    program = [sys.executable, sys.argv[0], *debug]
    launcher = Launcher(
        workers, restarts, [*program, *first], lambda: [*program, *again()]
    )
    sys.exit(launcher.run())


class Launcher:
    """Runs a program on several hosts that are all this machine.

    Worker 0 is the chief, whose output is passed through; of the others it
    is what they write to standard error, behind their number.

    Args:
        workers: number of processes.
        restarts: how often all are started again after one was killed.
        first: words that start the program.
        again: called for the words that start it again.
    """

    def __init__(
        self,
        workers: int,
        restarts: int,
        first: list[str],
        again: Callable[[], list[str]],
    ):
        self.workers = workers
        self.restarts = restarts
        self.first = first
        self.again = again
        self._processes = []
        self._readers = []
        self._asked = None

    def run(self) -> int:
        """Runs to the end; returns the exit status, as a rule the chief's."""
        with self._signals_forwarded():
            self._start(self.first)
            for count in itertools.count(1):
                index, status = self._watch()
                self._end()
                if status >= 0:
                    return status
                if self._asked:
                    return 128 + self._asked
                how = f"worker {index} was ended by {_name(-status)}"
                if count > self.restarts:
                    _say(f"{how}, after {self.restarts} restarts")
                    return 128 - status
                _say(f"{how}; all start again ({count} of {self.restarts})")
                self._start(self.again())

    def _start(self, words):
        addresses = [f"127.0.0.1:{port}" for port in _free_ports(self.workers)]
        threads = str(max(1, len(os.sched_getaffinity(0)) // self.workers))
        self._processes, self._readers = [], []
        for index in range(self.workers):
            task = {"type": "worker", "index": index}
            config = {"cluster": {"worker": addresses}, "task": task}
            process = subprocess.Popen(
                words,
                env={
                    "TF_NUM_INTRAOP_THREADS": threads,
                    "OMP_NUM_THREADS": threads,
                    **os.environ,
                    VARIABLE: json.dumps(config),
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if index else None,
                stderr=subprocess.PIPE if index else None,
                # Ctrl-C at the terminal is for the launcher, which forwards it.
                start_new_session=True,
                preexec_fn=_stop_with_the_launcher,
            )
            self._processes.append(process)
            if index:
                self._readers.append(_read_errors(index, process.stderr))
        if self._asked:  # while they were started
            self._send(self._asked)

    def _watch(self):
        """Waits until all have ended well, or the first that has not.

        Returns:
            Which worker decides, and its exit status, negative for a signal.
        """
        stopped_at = None
        while True:
            status = [process.poll() for process in self._processes]
            killed = [i for i, s in enumerate(status) if s and s < 0]
            failed = [i for i, s in enumerate(status) if s and s not in STOPPED]
            for index in (killed + failed)[:1]:
                if status[index] > 0 and index:
                    _say(f"worker {index} failed, so all are ended")
                return index, status[index]
            if None not in status:
                return 0, status[0]
            if stopped_at is None and any(s in STOPPED for s in status):
                stopped_at = time.monotonic()
            if stopped_at and time.monotonic() - stopped_at > STOP_SECONDS:
                return 0, 128 + (self._asked or signal.SIGTERM)
            time.sleep(LOOK_SECONDS)

    def _end(self):
        """Ends those that are left: without the others they cannot go on."""
        for process in self._processes:
            process.kill()
            process.wait()
        for reader in self._readers:
            reader.join()

    @contextlib.contextmanager
    def _signals_forwarded(self):
        before = {n: signal.signal(n, self._forward) for n in SIGNALS}
        try:
            yield
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _forward(self, number, frame):
        self._asked = number
        self._send(number)

    def _send(self, number):
        for process in self._processes:
            process.send_signal(number)


def _commands(arguments):
    """What is run first, and a function that says what is run again."""
    if arguments[:1] != ["train"]:
        raise ValueError(
            f"tfgen launch got {' '.join(arguments[:1])!r}, expected train and "
            "its options, as in tfgen launch --workers 2 -- train vae --data "
            "digits --out run."
        )
    out = _value_of("--out", arguments)
    if out is None:
        raise ValueError("tfgen launch got no --out: name it after train.")
    resumes = "--resume" in arguments
    first = list(arguments)
    if not resumes and _value_of("--strategy", arguments) is None:
        first += ["--strategy", "multi_worker"]

    def again():
        # Killed before it had written its settings, it has done nothing yet.
        if resumes or not (pathlib.Path(out) / "config.json").exists():
            return first
        return ["train", "--resume", "--out", out]

    return first, again


def _value_of(option, words):
    for word, following in itertools.pairwise([*words, None]):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def _stop_with_the_launcher():
    """In a worker: Linux sends it SIGTERM when the launcher is killed."""
    if _SYSTEM is not None:
        _SYSTEM.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _read_errors(index, stream):
    def read():
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                _write(f"worker {index}: {text}")

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _name(number):
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _say(text):
    _write(f"tfgen: {text}")


def _write(line):
    # In one piece: the chief writes to the same place.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
