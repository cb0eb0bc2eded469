import contextlib
import os
import sys
import time

from tfgen.tuning.processes import cluster
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.gpus import gpu_of_worker
from tfgen.tuning.processes.interruption import sigterm_raises
from tfgen.tuning.processes.local_workers import LocalWorkers
from tfgen.tuning.processes.program import own_command
from tfgen.tuning.processes.remote_workers import RemoteWorkers
from tfgen.tuning.processes.worker_process import WorkerProcess, end_all
from tfgen.tuning.signs_of_life import signs_of_life

SECONDS_BETWEEN = 0.5


def run_with_workers(
    oracle,
    workers: int,
    *,
    command: list[str] | None = None,
    environment: dict[str, str] | None = None,
    gpus: list[str] = (),
    on_change=None,
    say=None,
    patience_seconds: float = 600.0,
) -> None:
    """Leads workers, which run the trials, until the search is over.

    Starts the workers on this machine. If KerasTuner's environment variables
    make this process the chief of a cluster (a `KERASTUNER_TUNER_ID` with
    "chief" in it), it starts none and waits for workers that others start,
    with the folder of the search shared between the machines.

    Args:
        oracle: a `DurableOracle`.
        workers: how many processes to start.
        command: that starts a worker, which comes to `run_as_worker`; by
            default that of this process.
        environment: variables of the workers besides those of this process.
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
    tell = _Teller(oracle, on_change)
    if cluster.is_chief():
        host, port = cluster.address()
        service = ChiefService(oracle, host, port)
        say(f"leads the workers that ask at {host}:{port}")
        # Trials stay their workers', who go on while the chief is restarted.
        with service, sigterm_raises():
            remote = RemoteWorkers(oracle, service, say, patience_seconds)
            _lead(remote, service, tell)
        return
    command = command or own_command()
    service = ChiefService(oracle)
    with service, sigterm_raises(), _kept_state(oracle):
        processes = [
            WorkerProcess(
                f"worker-{number}",
                command,
                {
                    **_environment(environment, service.port),
                    **gpu_of_worker(number, gpus),
                },
                oracle.folder,
            )
            for number in range(1, workers + 1)
        ]
        local = LocalWorkers(oracle, service, processes, say, patience_seconds)
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


def _environment(more, port):
    return {
        **os.environ,
        **(more or {}),
        cluster.ADDRESS: "127.0.0.1",
        cluster.PORT: str(port),
    }


@contextlib.contextmanager
def _kept_state(oracle):
    """What still runs at the end is waiting in the state that is saved."""
    try:
        yield
    finally:
        for worker in list(oracle.ongoing_trials):
            oracle.take_over(worker)


class _Teller:
    """Calls `on_change` if trials, or what they say, have changed."""

    def __init__(self, oracle, on_change):
        self.oracle = oracle
        self.on_change = on_change
        self._before = None

    def __call__(self):
        if self.on_change is None:
            return
        running = {
            worker: trial.trial_id
            for worker, trial in list(self.oracle.ongoing_trials.items())
        }
        signs = {
            sign.trial: sign.said
            for sign in signs_of_life(self.oracle.folder)
            if sign.trial and running.get(sign.worker) == sign.trial
        }
        now = (self.oracle.version, signs)
        if now != self._before:
            self._before = now
            self.on_change(signs)


def _print(line):
    print(line, file=sys.stderr, flush=True)
