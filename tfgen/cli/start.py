"""TensorFlow is loaded where a command needs it, after a word about it."""

import os
import sys

import tfgen
from tfgen import plugins
from tfgen.cli.output import show_notes


def start(doing: str) -> None:
    """Loads TensorFlow, all of tfgen and plugins.

    Args:
        doing: what the command does, for the line that a user reads while
            TensorFlow is loaded, which takes seconds.
    """
    is_worker = "KERASTUNER_TUNER_ID" in os.environ  # the chief has said it
    if "tensorflow" not in sys.modules and not is_worker:
        print(f"{doing} (loading TensorFlow) ...", file=sys.stderr, flush=True)
    tfgen._load()
    show_notes()
    plugins.load_plugins()
