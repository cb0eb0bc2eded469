"""SIGTERM as an exception, so that what must be done at the end is done."""

import contextlib
import signal
import threading


class Terminated(KeyboardInterrupt):
    """This process was told to end by SIGTERM."""


@contextlib.contextmanager
def sigterm_raises():
    """Raises `Terminated` in the block when SIGTERM comes.

    In threads other than the first, which get no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
