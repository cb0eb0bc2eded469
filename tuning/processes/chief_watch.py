import itertools
import os
import socket
import sys
import threading
import time

from tfgen.tuning.processes import cluster

SECONDS_WITHOUT_CHIEF = 30.0
SECONDS_BETWEEN = 1.0
LOOKS_BETWEEN = 10  # at the folder, which may be on another machine
# A chief begins to answer when it has trained what all trials share.
SECONDS_TO_START = 12 * 3600.0
OVER = "the search is over"


class ChiefWatch(threading.Thread):
    """Ends this worker when its chief is gone: with status 0 if all is done.

    A chief that started this process is gone when it is no longer the parent;
    another one, when nothing has answered at its address for 30 seconds.
    A thread of its own, since the worker may be in the middle of a training
    or wait for an answer.

    Args:
        is_over: called while nothing answers, whether the search has no trial
            to run any more.
    """

    def __init__(self, is_over):
        super().__init__(name="chief watch", daemon=True)
        self.address = cluster.address()
        self.is_over = is_over
        self.parent = int(os.environ.get(cluster.CHIEF_PID, 0))
        self._over = threading.Event()

    def wait_for_start(self) -> None:
        """Waits, half a day long, until the chief answers; says so."""
        host, port = self.address
        end = time.monotonic() + SECONDS_TO_START
        for attempt in itertools.count():
            if _answers(self.address):
                return
            self._check_parent()
            if attempt % LOOKS_BETWEEN == 0 and self.is_over():
                self._say(OVER)
                sys.exit(0)
            if attempt == 0:
                self._say(f"waiting for the chief at {host}:{port}")
            if time.monotonic() > end:
                self._end(f"no chief has begun to answer at {host}:{port}")
            time.sleep(SECONDS_BETWEEN)

    def run(self):
        answered = time.monotonic()
        while not self._over.wait(SECONDS_BETWEEN):
            self._check_parent()
            if _answers(self.address):
                answered = time.monotonic()
            elif time.monotonic() - answered > SECONDS_WITHOUT_CHIEF:
                if self.is_over():
                    self._end(OVER, status=0)
                host, port = self.address
                self._end(
                    f"the chief at {host}:{port} has not answered for "
                    f"{SECONDS_WITHOUT_CHIEF:.0f} s"
                )

    def stop(self):
        """The worker has been told to stop; the chief may go."""
        self._over.set()

    def _check_parent(self):
        if self.parent and os.getppid() != self.parent:
            self._end("the chief that started this worker is gone")

    def _end(self, why, status=1):
        if not self._over.is_set():
            self._say(why)
            os._exit(status)

    def _say(self, what):
        line = f"worker {cluster.own_name()}: {what}."
        print(line, file=sys.stderr, flush=True)


def wait_for_chief(is_over) -> None:
    """Waits until this worker's chief is there; only then it may write.

    If the chief does not come, or a chief that started this process is gone,
    the process ends with status 1 and one line; with status 0, if the chief
    has come and gone.

    Args:
        is_over: see `ChiefWatch`; called now and then.
    """
    ChiefWatch(is_over).wait_for_start()


def _answers(address):
    try:
        with socket.create_connection(address, timeout=5.0):
            return True
    except OSError:
        return False
