"""Whose a trial is, and whether the process that trains it is alive."""

import threading
import time

import grpc
from keras_tuner.src import protos

from tfgen.tuning.processes import cluster

SECONDS_BETWEEN = 3.0
SECONDS_SURE = 20.0
"""So long a worker may rely on an answer."""
SECONDS_DEAD = 30.0
"""After so long without a question a worker counts as dead; longer than
`SECONDS_SURE`, so that no trial is trained twice at a time."""
WORKER = "tfgen-worker"
"""Metadata of a question: who asks."""


class TrialLost(Exception):
    """The chief has given the trial to another worker."""


class Lease(threading.Thread):
    """Asks the chief every three seconds whether a trial is still one's own.

    The question is KerasTuner's `GetTrial`, with the name of the worker. It
    also tells the chief that the process is alive, in the longest measurement
    too. A worker that was suspended, or cut off from its chief, finds out here
    that it was given up.
    """

    def __init__(self):
        super().__init__(name="lease", daemon=True)
        self.worker = cluster.own_name()
        host, port = cluster.address()
        # By default, a lost connection is tried again after up to 2 minutes.
        channel = grpc.insecure_channel(
            f"{host}:{port}",
            options=[("grpc.max_reconnect_backoff_ms", 2000)],
        )
        self._chief = protos.get_service_grpc().OracleStub(channel)
        self._held = _Held("", 0.0)
        self._over = threading.Event()

    def begin(self, trial_id: str, asked: float) -> None:
        """The chief has given a trial, or none (""), to this worker.

        Args:
            trial_id: of the trial.
            asked: when it was asked for, in seconds of the monotonic clock.
        """
        self._held = _Held(trial_id, asked + SECONDS_SURE)

    def check(self) -> None:
        """Waits until the trial is known to be this worker's.

        Raises:
            TrialLost: if it is not.
        """
        held = self._held
        while not held.lost and time.monotonic() > held.sure_until:
            time.sleep(0.1)
        if held.lost:
            raise TrialLost(
                f"trial {held.trial_id} has been given to another worker"
            )

    def run(self):
        while not self._over.is_set():
            self._ask(self._held)
            self._over.wait(SECONDS_BETWEEN)

    def stop(self):
        """The worker has been told to stop."""
        self._over.set()

    def _ask(self, held):
        asked = time.monotonic()
        question = protos.get_service().GetTrialRequest(trial_id=held.trial_id)
        try:
            self._chief.GetTrial(
                question, metadata=((WORKER, self.worker),), timeout=5.0
            )
            held.sure_until = asked + SECONDS_SURE
        except grpc.RpcError as error:
            held.lost |= error.code() == grpc.StatusCode.FAILED_PRECONDITION


class _Held:
    """One time that a trial is held; an id may come again."""

    def __init__(self, trial_id, sure_until):
        self.trial_id = trial_id
        self.sure_until = sure_until
        self.lost = False
