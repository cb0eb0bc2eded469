"""Standard output and error whose loss ends no training."""

import contextlib
import errno
import os
import sys

NOBODY_READS = (errno.EIO, errno.EPIPE)
"""A terminal that was closed; a pipe whose reader has ended."""


@contextlib.contextmanager
def lasting_output():
    """In the block, what nobody reads any more goes nowhere."""
    with open(os.devnull, "w") as nowhere:
        # None: closed from the start.
        out = LastingStream(sys.stdout or nowhere)
        errors = LastingStream(sys.stderr or nowhere)
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(errors),
        ):
            try:
                yield
            finally:
                # At the end Python tells of what it cannot write.
                with contextlib.suppress(OSError):
                    out.flush()


class LastingStream:
    """Writes to a stream as long as somebody reads it.

    Args:
        stream: of a file descriptor.
    """

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        """Writes text; its length is returned, as usual."""
        try:
            return self.stream.write(text)
        except OSError as error:
            self._go_nowhere(error)
            return len(text)

    def flush(self):
        """Writes what is buffered."""
        try:
            self.stream.flush()
        except OSError as error:
            self._go_nowhere(error)

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def _go_nowhere(self, error):
        """What is buffered does so too, at the end of the process."""
        if error.errno not in NOBODY_READS:
            raise error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)
