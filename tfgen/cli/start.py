"""TensorFlow is loaded where a command needs it, after a word about it."""

import os
import sys

import tfgen
from tfgen import plugins
from tfgen.cli.output import show_notes


def announce(doing: str) -> None:
    """Says what a command does, before a wait of seconds.

    Args:
        doing: for the line that a user reads while files are read and
            TensorFlow is loaded.
    """
    is_worker = "KERASTUNER_TUNER_ID" in os.environ  # the chief has said it
    if "tensorflow" not in sys.modules and not is_worker:
        print(f"{doing} (loading TensorFlow) ...", file=sys.stderr, flush=True)


def start(doing: str | None = None) -> None:
    """Loads TensorFlow, all of tfgen and plugins.

    Args:
        doing: see `announce`; None if that was called.
    """
    if doing is not None:
        announce(doing)
    tfgen._load()
    show_notes()
    plugins.load_plugins()
