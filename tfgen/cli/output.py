"""What a command prints: lasting output, and an error as one line."""

import contextlib
import errno
import inspect
import os
import re
import sys
import warnings
from collections.abc import Iterator

from tfgen.settings.table import SETTINGS

NOBODY_READS = (errno.EIO, errno.EPIPE)
"""A terminal that was closed; a pipe whose reader has ended."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ROOM = ": make room, and run it again; what was there before is as it was"
NOT_OPTIONS = (
    "model",
    "run",
    "runs",
    "out",
    "to",
    "base",
    "path",
    "settings",
    "arguments",
)
"""Parameters of commands that messages use as plain words."""
LOST_HOST = "Collective ops is aborted"
_LOST = (
    "another host of the training has ended or cannot be reached: see what it "
    "said, and start all of them again with --resume."
)
# What Python code inside a TensorFlow pipeline raised: its type and message,
# between TensorFlow's own words and a traceback.
_FROM_PIPELINE = re.compile(r"\b\w+Error: (.+?)\s*Traceback \(most rec", re.S)


@contextlib.contextmanager
def lasting_output() -> Iterator[None]:
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

    def write(self, text: str) -> int:
        """Writes text; its length is returned, as usual."""
        try:
            return self.stream.write(text)
        except OSError as error:
            self._go_nowhere(error)
            return len(text)

    def flush(self) -> None:
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


def show_notes() -> None:
    """Warnings of how data were read come as plain lines from now on."""
    from tfgen.data import DataNote

    show_otherwise, shown = warnings.showwarning, set()
    if hasattr(show_otherwise, "of_notes"):
        return

    def show(message, category, *where, **kwargs):
        if not issubclass(category, DataNote):
            return show_otherwise(message, category, *where, **kwargs)
        # Each split is read for itself, and guesses the same.
        text = f"note: {_as_options(str(message))}"
        if text not in shown:
            print(text, file=sys.stderr)
        return shown.add(text)

    show.of_notes = True
    warnings.showwarning = show
    warnings.simplefilter("always", DataNote)


def error_line(error: Exception) -> str:
    """What came, what was expected, what to do: on one line.

    Messages name Python arguments; those that are options of a command are
    written as such (`--batch-size` for `batch_size`).
    """
    if isinstance(error, OSError) and error.filename and error.strerror:
        full = error.errno in FULL
        return f"{error.filename}: {error.strerror}{ROOM if full else ''}."
    text = str(error)
    ours = isinstance(error, (ValueError, OSError, FloatingPointError))
    if not ours and (found := _FROM_PIPELINE.search(text)):
        text, ours = found[1], True
    if LOST_HOST in text:
        text, ours = _LOST, True
    text = _as_options(" ".join(text.split())) or type(error).__name__
    if ours:
        return text
    return f"{type(error).__name__}: {text} (--debug shows where)"


def _as_options(text: str) -> str:
    for name in _option_names():
        # A name of one word is an argument only where a value follows.
        end = r"(?![\w/.'\"])" if "_" in name else r"(?==[^=])"
        argument = rf"(?<![-\w/.'\"]){name}{end}"
        text = re.sub(argument, f"--{name.replace('_', '-')}", text)
    # A shell takes no parentheses.
    text = re.sub(
        r"--value-range=\((-?\d), (\d)\)", r"--value-range=\1,\2", text
    )
    text = re.sub(r"--([\w-]+)=True\b", r"--\1", text)
    return re.sub(r"--([\w-]+)=False\b", r"--no-\1", text)


def _option_names():
    from tfgen.cli.main import COMMANDS

    own = (
        name
        for command in COMMANDS
        for name in inspect.signature(command).parameters
    )
    ours = dict.fromkeys((*SETTINGS, *own))
    return [name for name in ours if name not in NOT_OPTIONS]
