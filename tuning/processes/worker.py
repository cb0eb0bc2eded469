import contextlib
import os
import pathlib
import sys
import time

import grpc
from keras_tuner.engine.trial import TrialStatus

from tfgen.tuning.disk_error import is_disk_error
from tfgen.tuning.oracles.failure_reason import one_line
from tfgen.tuning.processes import cluster
from tfgen.tuning.processes.chief_watch import (
    SECONDS_WITHOUT_CHIEF,
    ChiefWatch,
)
from tfgen.tuning.processes.lease import Lease
from tfgen.tuning.processes.trial_loop import TrialLoop


def run_as_worker(oracle, run_trial) -> int:
    """Runs the trials that a chief gives to this process.

    The chief's address and this worker's name are in KerasTuner's environment
    variables, see `cluster`. If the chief is gone, the process ends with
    status 1 and one line; also in the middle of a trial. (With 0, if the search
    is over.) A trial that the
    chief has given to another worker is left, without a result.

    Args:
        oracle: a `DurableOracle` made as the chief's; of its state is used
            only whether the search is over.
        run_trial: see `run_in_this_process`.

    Returns:
        Exit status: 0 when the chief said stop, 1 if it refused a call,
        `os.EX_IOERR` if files cannot be written.
    """
    cluster.reach_without_proxy()
    watch, lease = ChiefWatch(oracle.is_over), Lease()
    name = cluster.own_name()
    run_own = _while_own(lease, run_trial)
    loop = TrialLoop(oracle, run_own, pathlib.Path(oracle.folder), name)
    loop.oracle = _PatientClient(loop.oracle, lease)
    watch.start()
    lease.start()
    try:
        loop.search()
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


class _PatientClient:
    """Asks again while the chief is being started again."""

    def __init__(self, client, lease):
        self.client = client
        self.lease = lease

    def create_trial(self, tuner_id):
        self.lease.begin("", time.monotonic())
        return _asked(self._create_trial, tuner_id)

    def _create_trial(self, tuner_id):
        asked = time.monotonic()
        trial = self.client.create_trial(tuner_id)
        running = trial.status == TrialStatus.RUNNING
        self.lease.begin(trial.trial_id if running else "", asked)
        return trial

    def update_trial(self, trial_id, metrics, step):
        return _asked(self.client.update_trial, trial_id, metrics, step)

    def end_trial(self, trial):
        return _asked(self.client.end_trial, trial)


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
