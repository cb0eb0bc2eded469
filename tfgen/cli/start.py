"""TensorFlow is loaded where a command needs it, after a word about it."""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

import tfgen
from tfgen import _quiet, plugins
from tfgen.cli.output import show_notes
from tfgen.hosts import is_chief


def announce(doing: str) -> None:
    """Says what a command does, before a wait of seconds.

    Args:
        doing: for the line that a user reads while files are read and
            TensorFlow is loaded.
    """
    # Of others, the chief has said it.
    speaks = "KERASTUNER_TUNER_ID" not in os.environ and is_chief()
    if "tensorflow" not in sys.modules and speaks:
        print(f"{doing} (loading TensorFlow) ...", file=sys.stderr, flush=True)


def start(doing: str | None = None) -> None:
    """Loads TensorFlow, all of tfgen and plugins.

    Args:
        doing: see `announce`; None if that was called.
    """
    if doing is not None:
        announce(doing)
    if not plugins.any_plugins():  # which may use all of Keras
        _quiet.leave_out("matplotlib", "pandas", "sklearn")
    with _not_looked_through():
        tfgen._load()
    show_notes()
    plugins.load_plugins()


@contextlib.contextmanager
def _not_looked_through() -> Iterator[None]:
    """For a block that imports TensorFlow: Python's collector leaves it out.

    What stays to the end is no garbage, but each look through it takes more
    than a tenth of a second, a fifth of a short training.
    """
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
