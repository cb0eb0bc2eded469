"""Runs trials one after the other: all of a search, or those of a chief."""

import contextlib
import os
import pathlib
import sys
import time
from collections.abc import Callable

import grpc
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.distribute.oracle_client import OracleClient

from tfgen.training.files import write_text
from tfgen.tuning.failures import (
    FAILURE_FILE,
    is_disk_error,
    one_line,
    reason_of,
)
from tfgen.tuning.heartbeat import HeartbeatWriter
from tfgen.tuning.oracles.durable_oracle import IN_THIS_PROCESS, DurableOracle
from tfgen.tuning.processes import environment
from tfgen.tuning.processes.chief_contact import (
    SECONDS_WITHOUT_CHIEF,
    ChiefWatch,
    Lease,
    TrialLost,
)

RunTrial = Callable[[Trial, Callable[..., None]], tuple[dict, int]]
OnChange = Callable[[dict[str, dict]], None]
SECONDS_TO_WAIT = 0.5
"""Between two questions for a trial, and between two calls of `on_change`."""


def run_in_this_process(
    oracle: DurableOracle,
    run_trial: RunTrial,
    on_change: OnChange | None = None,
) -> None:
    """Runs the trials of a search one after the other.

    Args:
        oracle: says which trial comes next.
        run_trial: (trial, beat) -> (metrics, number of the best epoch from 1).
            It calls `beat(epoch=3, epochs=30, ...)` now and then. Exceptions
            make the trial a failed one, with their text as the reason; that of
            `TrialFailed` as it is. Those of the disk end the search.
        on_change: called with what the running trial said last, by its id,
            when one begins, goes on or ends.

    Raises:
        KeyboardInterrupt: at Ctrl-C or SIGTERM; the trial that ran is waiting
            in the saved state then.
        Exception: of the disk, see `is_disk_error`; the same holds then.
    """
    folder = pathlib.Path(oracle.folder)
    loop = TrialLoop(oracle, run_trial, folder, IN_THIS_PROCESS, on_change)
    with environment.sigterm_raises():
        try:
            loop.run()
        finally:
            oracle.take_over(IN_THIS_PROCESS)


def run_as_worker(oracle: DurableOracle, run_trial: RunTrial) -> int:
    """Runs the trials that a chief gives to this process.

    The chief's address and this worker's name are in KerasTuner's environment
    variables, see `environment`. If the chief is gone, the process ends with
    status 1 and one line, also in the middle of a trial; with 0, if the search
    is over. A trial that the chief has given to another worker is left,
    without a result.

    Args:
        oracle: one made as the chief's; of its state is used only whether the
            search is over.
        run_trial: see `run_in_this_process`.

    Returns:
        Exit status: 0 when the chief said stop, 1 if it refused a call,
        `os.EX_IOERR` if files cannot be written.
    """
    environment.reach_without_proxy()
    watch, lease = ChiefWatch(oracle.is_over), Lease()
    name = environment.own_name()
    client = PatientClient(oracle, lease)
    run_own = _while_own(lease, run_trial)
    loop = TrialLoop(client, run_own, pathlib.Path(oracle.folder), name)
    watch.start()
    lease.start()
    try:
        loop.run()
    except grpc.RpcError as error:
        text = " ".join(str(error.details()).split())
        print(f"worker {name}: the chief refused: {text}.", file=sys.stderr)
        return 1
    except Exception as error:
        if not is_disk_error(error):
            raise
        with contextlib.suppress(OSError):  # of the log, on the same disk
            print(f"worker {name}: {one_line(str(error))}", file=sys.stderr)
        return os.EX_IOERR
    finally:
        watch.stop()
        lease.stop()
    return 0


class TrialLoop:
    """Asks an oracle for trials and runs them until it says stop.

    Stands for KerasTuner's `BaseTuner`, which keeps a state of its own and,
    where it has to wait for a trial, asks without a pause.

    Args:
        oracle: a `DurableOracle`; in a worker, KerasTuner's `OracleClient`.
        run_trial: see `run_in_this_process`.
        folder: of the search.
        worker: name of who runs the trials.
        on_change: called with what running trials said last, by their ids,
            when they begin, end, or say something.
    """

    def __init__(
        self,
        oracle: DurableOracle | OracleClient,
        run_trial: RunTrial,
        folder: pathlib.Path,
        worker: str,
        on_change: OnChange | None = None,
    ):
        self.oracle = oracle
        self.run_trial = run_trial
        self.folder = folder
        self.worker = worker
        self.heartbeat = HeartbeatWriter(folder, worker)
        self._tell = on_change or _nothing
        self._told = 0.0

    def run(self) -> None:
        """Runs trials until the oracle says stop."""
        self.heartbeat.begin(None)
        while True:
            trial = self.oracle.create_trial(self.worker)
            if trial.status == TrialStatus.STOPPED:
                break
            if trial.status == TrialStatus.RUNNING:
                self._run(trial)
            else:
                time.sleep(SECONDS_TO_WAIT)
            self.heartbeat.begin(None)

    def _run(self, trial):
        failure = self.folder / "trials" / trial.trial_id / FAILURE_FILE
        failure.unlink(missing_ok=True)
        self.heartbeat.begin(trial.trial_id)
        self._tell({trial.trial_id: {}})
        try:
            metrics, best_epoch = self.run_trial(trial, self._beat_of(trial))
            metrics = {name: float(value) for name, value in metrics.items()}
            best_epoch = int(best_epoch)
        except TrialLost as lost:
            print(f"{self.worker}: {lost}.", file=sys.stderr, flush=True)
            return
        except Exception as error:
            if is_disk_error(error):  # all trials to come would meet it
                raise
            trial.status, trial.message = TrialStatus.FAILED, reason_of(error)
            write_text(failure, f"{trial.message}\n")
        else:
            self.oracle.update_trial(trial.trial_id, metrics, step=best_epoch)
            trial.status = TrialStatus.COMPLETED
        self.oracle.end_trial(trial)
        self._tell({})

    def _beat_of(self, trial):
        def beat(**said):
            self.heartbeat.beat(**said)
            now = time.monotonic()
            if now - self._told >= SECONDS_TO_WAIT:
                self._told = now
                self._tell({trial.trial_id: said})

        return beat


class PatientClient(OracleClient):
    """KerasTuner's client; it asks again while the chief is started again.

    Args:
        oracle: see `OracleClient`.
        lease: is told which trial this worker has.
    """

    def __init__(self, oracle: DurableOracle, lease: Lease):
        super().__init__(oracle)
        self.lease = lease

    def create_trial(self, tuner_id: str) -> Trial:
        self.lease.begin("", time.monotonic())
        return _asked(self._create_trial, tuner_id)

    def update_trial(
        self, trial_id: str, metrics: dict, step: int = 0
    ) -> Trial:
        return _asked(super().update_trial, trial_id, metrics, step)

    def end_trial(self, trial: Trial) -> None:
        _asked(super().end_trial, trial)

    def _create_trial(self, tuner_id):
        # The chief counts from when it answers, which is later: on the safe
        # side, this worker is sure of its trial from when it asked.
        asked = time.monotonic()
        trial = super().create_trial(tuner_id)
        running = trial.status == TrialStatus.RUNNING
        self.lease.begin(trial.trial_id if running else "", asked)
        return trial


def _while_own(lease, run_trial):
    """Raises `TrialLost` when the trial is no longer this worker's."""

    def run_own(trial, beat):
        def checked_beat(**said):
            lease.check()
            beat(**said)

        try:
            return run_trial(trial, checked_beat)
        finally:  # what failed might have failed since two trained it
            lease.check()

    return run_own


def _asked(method, *arguments):
    deadline = time.monotonic() + 2 * SECONDS_WITHOUT_CHIEF
    while True:
        try:
            return method(*arguments)
        except grpc.RpcError as error:
            lost = error.code() == grpc.StatusCode.UNAVAILABLE
            if not lost or time.monotonic() > deadline:
                raise
        time.sleep(1.0)


def _nothing(said):
    pass
