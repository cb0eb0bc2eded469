"""Leads workers until a search is over."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence

from tfgen.tuning.heartbeat import read_heartbeats
from tfgen.tuning.oracles.durable_oracle import DurableOracle
from tfgen.tuning.processes import environment
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.trial_loop import OnChange
from tfgen.tuning.processes.worker_process import WorkerProcess, end_all
from tfgen.tuning.processes.workers import LocalWorkers, RemoteWorkers

SECONDS_BETWEEN = 0.5


def run_with_workers(
    oracle: DurableOracle,
    workers: int,
    *,
    command: list[str] | None = None,
    variables: dict[str, str] | None = None,
    gpus: Sequence[str] = (),
    on_change: OnChange | None = None,
    say: Callable[[str], None] | None = None,
    patience_seconds: float = 600.0,
) -> None:
    """Leads workers, which run the trials, until the search is over.

    Starts the workers on this machine. If KerasTuner's environment variables
    make this process the chief of a cluster (a `KERASTUNER_TUNER_ID` with
    "chief" in it), it starts none and waits for workers that others start,
    with the folder of the search shared between the machines.

    Args:
        oracle: says which trial comes next.
        workers: how many processes to start.
        command: that starts a worker, which comes to `run_as_worker`; by
            default that of this process.
        variables: of the workers' environment, besides those of this process.
        gpus: names for `CUDA_VISIBLE_DEVICES`; of several, each worker gets
            one, in turn. By default all workers see all.
        on_change: called with what running trials said last, by their ids,
            when something has changed.
        say: called with a line about what happens to workers; by default it
            is printed to standard error.
        patience_seconds: a worker that has told of no progress for longer
            is reported. One whose process is not heard of either, or has told
            of none for six times as long, is ended if it was started here,
            and loses its trial. A remote one that is not heard of for 30
            seconds does so at once.

    Raises:
        RuntimeError: if workers die again and again before they get a trial,
            or those of a cluster are gone.
        DiskError: if a worker that was started here cannot write its files.
        ValueError: if this program cannot be started again for workers.
        KeyboardInterrupt: at Ctrl-C or SIGTERM, when the workers that were
            started here have ended; their trials are waiting in the saved
            state then.
    """
    say = say or _print
    tell = _teller(oracle, on_change)
    if environment.is_chief():
        host, port = environment.address()
        service = ChiefService(oracle, host, port)
        say(f"leads the workers that ask at {host}:{port}")
        # Trials stay their workers', who go on while the chief is restarted.
        with service, environment.sigterm_raises():
            remote = RemoteWorkers(service, say, patience_seconds)
            _lead(remote, service, tell)
        return
    command = command or environment.own_command()
    service = ChiefService(oracle)
    variables = {
        **os.environ,
        **(variables or {}),
        environment.ADDRESS: "127.0.0.1",
        environment.PORT: str(service.port),
    }
    with service, environment.sigterm_raises(), _kept_state(oracle):
        processes = [
            WorkerProcess(
                f"worker-{number}",
                command,
                {**variables, **environment.gpu_of_worker(number, gpus)},
                oracle.folder,
            )
            for number in range(1, workers + 1)
        ]
        local = LocalWorkers(processes, service, say, patience_seconds)
        try:
            local.start()
            _lead(local, service, tell)
        finally:
            end_all(processes)


def _lead(workers, service, tell):
    while workers.look():
        service.raise_error()
        tell()
        time.sleep(SECONDS_BETWEEN)
    tell()


@contextlib.contextmanager
def _kept_state(oracle):
    """What still runs at the end is waiting in the state that is saved."""
    try:
        yield
    finally:
        for worker in list(oracle.ongoing_trials):
            oracle.take_over(worker)


def _teller(oracle, on_change):
    """Calls `on_change` if trials, or what they say, have changed."""
    before = None

    def tell():
        nonlocal before
        said = {
            heartbeat.trial: heartbeat.said
            for heartbeat in read_heartbeats(oracle.folder)
            # Not that of a trial which the worker has lost since.
            if heartbeat.trial
            and oracle.trial_of(heartbeat.worker) == heartbeat.trial
        }
        if on_change is not None and (oracle.version, said) != before:
            before = (oracle.version, said)
            on_change(said)

    return tell


def _print(line):
    print(line, file=sys.stderr, flush=True)
