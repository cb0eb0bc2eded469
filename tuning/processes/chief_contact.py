"""A worker's contact with its chief: is it there, is the trial still mine."""

import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Callable

import grpc
from keras_tuner.src import protos

from tfgen.tuning.processes import environment

SECONDS_WITHOUT_CHIEF = 30.0
LOOKS_BETWEEN = 10
"""At the folder, which may be on another machine."""
SECONDS_TO_START = 12 * 3600.0
"""A chief begins to answer when it has trained what all trials share."""
OVER = "the search is over"
SECONDS_SURE = 20.0
"""So long a worker may rely on an answer."""
SECONDS_DEAD = 30.0
"""After so long without a question a worker counts as dead; longer than
`SECONDS_SURE`, so that no trial is trained twice at a time."""
WORKER = "tfgen-worker"
"""Metadata of a question: who asks."""


class TrialLost(Exception):
    """The chief has given the trial to another worker."""


class _Contact(threading.Thread):
    """Asks the chief every few seconds until it is stopped.

    A thread of its own, since the worker may be in the middle of a training or
    wait for an answer.
    """

    seconds_between: float

    def __init__(self):
        super().__init__(name=type(self).__name__, daemon=True)
        self.address = environment.address()
        self.worker = environment.own_name()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            self._ask()
            self._over.wait(self.seconds_between)

    def stop(self) -> None:
        """The worker has been told to stop; the chief may go."""
        self._over.set()

    def _ask(self):
        raise NotImplementedError


class ChiefWatch(_Contact):
    """Ends this worker when its chief is gone: with status 0 if all is done.

    A chief that started this process is gone when it is no longer the parent;
    another one, when nothing has answered at its address for 30 seconds.

    Args:
        is_over: called while nothing answers, whether the search has no trial
            to run any more.
    """

    seconds_between = 1.0

    def __init__(self, is_over: Callable[[], bool]):
        super().__init__()
        self.is_over = is_over
        self.parent = int(os.environ.get(environment.CHIEF_PID, 0))
        self._answered = time.monotonic()

    def wait_for_start(self) -> None:
        """Waits, half a day long, until the chief answers; says so."""
        host, port = self.address
        end = time.monotonic() + SECONDS_TO_START
        for attempt in itertools.count():
            if self._answers():
                return
            self._check_parent()
            # The chief may have come, found nothing left to do, and gone.
            if attempt % LOOKS_BETWEEN == 0 and self.is_over():
                self._say(OVER)
                sys.exit(0)
            if attempt == 0:
                self._say(f"waiting for the chief at {host}:{port}")
            if time.monotonic() > end:
                self._end(f"no chief has begun to answer at {host}:{port}")
            time.sleep(self.seconds_between)

    def _ask(self):
        self._check_parent()
        if self._answers():
            self._answered = time.monotonic()
        elif time.monotonic() - self._answered > SECONDS_WITHOUT_CHIEF:
            if self.is_over():
                self._end(OVER, status=0)
            host, port = self.address
            self._end(
                f"the chief at {host}:{port} has not answered for "
                f"{SECONDS_WITHOUT_CHIEF:.0f} s"
            )

    def _answers(self):
        try:
            with socket.create_connection(self.address, timeout=5.0):
                return True
        except OSError:
            return False

    def _check_parent(self):
        # An orphan gets another parent: quicker than an answer that is late.
        if self.parent and os.getppid() != self.parent:
            self._end("the chief that started this worker is gone")

    def _end(self, why, status=1):
        if not self._over.is_set():
            self._say(why)
            os._exit(status)  # an exception would end this thread alone

    def _say(self, what):
        print(f"worker {self.worker}: {what}.", file=sys.stderr, flush=True)


def wait_for_chief(is_over: Callable[[], bool]) -> None:
    """Waits until this worker's chief is there; only then it may write.

    If the chief does not come, or a chief that started this process is gone,
    the process ends with status 1 and one line; with status 0, if the chief
    has come and gone.

    Args:
        is_over: see `ChiefWatch`; called now and then.
    """
    ChiefWatch(is_over).wait_for_start()


class Lease(_Contact):
    """Asks the chief every three seconds whether a trial is still one's own.

    The question is KerasTuner's `GetTrial`, with the name of the worker. It
    also tells the chief that the process is alive, in the longest measurement
    too. A worker that was suspended, or cut off from its chief, finds out here
    that it was given up.
    """

    seconds_between = 3.0

    def __init__(self):
        super().__init__()
        host, port = self.address
        # By default, a lost connection is tried again after up to 2 minutes.
        channel = grpc.insecure_channel(
            f"{host}:{port}",
            options=[("grpc.max_reconnect_backoff_ms", 2000)],
        )
        self._chief = protos.get_service_grpc().OracleStub(channel)
        self._held = _Held("", 0.0)

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

    def _ask(self):
        held, asked = self._held, time.monotonic()
        question = protos.get_service().GetTrialRequest(trial_id=held.trial_id)
        try:
            self._chief.GetTrial(
                question, metadata=((WORKER, self.worker),), timeout=5.0
            )
            # From when it was asked: an answer may have been long under way.
            held.sure_until = asked + SECONDS_SURE
        except grpc.RpcError as error:
            held.lost |= error.code() == grpc.StatusCode.FAILED_PRECONDITION


class _Held:
    """One time that a trial is held; an id may come again."""

    def __init__(self, trial_id, sure_until):
        self.trial_id = trial_id
        self.sure_until = sure_until
        self.lost = False
