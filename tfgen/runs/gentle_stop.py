"""Ctrl-C and SIGTERM save before they stop."""

import contextlib
import signal
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class GentleStop(contextlib.AbstractContextManager):
    """Turns the first SIGINT or SIGTERM into a request; the second acts.

    Args:
        checkpoint: a `tfgen.callbacks.Checkpoint`, asked to save and stop.

    Attributes:
        exit_status: what the process should end with, 128 + the signal.
    """

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint
        self.exit_status = 128 + signal.SIGINT
        self._before = {}

    def __enter__(self):
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *error):
        self._restore()

    def _stop(self, number, frame):
        self.exit_status = 128 + number
        self.checkpoint.stop_soon()
        print("\nstopping after this step ...", file=sys.stderr)
        self._restore()

    def _restore(self):
        for number, handler in self._before.items():
            signal.signal(number, handler)
