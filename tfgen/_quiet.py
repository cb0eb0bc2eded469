"""Imports TensorFlow without the chatter of its start-up.

Up to a dozen lines about oneDNN, CUDA and the processor go straight to file
descriptor 2 while the shared libraries load, before any log level is read.
"""

import contextlib
import faulthandler
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_left_out: tuple[str, ...] = ()


def leave_out(*packages: str) -> None:
    """Lets TensorFlow and what is built on it do without packages.

    They import these if they can, used or not: Keras scikit-learn for its
    wrappers, pyplot for its pictures, pandas for frames in `fit`. Together
    they take a third of the time of a start, and 150 MB. Others import them as
    ever.

    Args:
        packages: names of top-level packages.
    """
    global _left_out
    _left_out = packages


@contextlib.contextmanager
def without_left_out() -> Iterator[None]:
    """For a block that imports: what is left out is as if not installed.

    What is imported already stays.
    """
    hidden = [name for name in _left_out if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def import_tensorflow() -> ModuleType:
    """Imports TensorFlow and looks for devices, silently if all goes well.

    Afterwards TensorFlow's C++ code logs what ends the process only: its graph
    optimizer logs as errors what it merely leaves as it was ("remapper
    failed", at leaky ReLUs), and real errors come as exceptions. A caller who
    has set `TF_CPP_MIN_LOG_LEVEL` is shown what it says, at 0 everything.

    Returns:
        The module `tensorflow`.
    """
    wants_everything = os.environ.setdefault(LOG_LEVEL, "3") == "0"
    quiet = contextlib.nullcontext() if wants_everything else held_back_stderr()
    with quiet, without_left_out():
        import tensorflow as tf

        tf.config.list_physical_devices()
    return tf


def is_the_command() -> bool:
    """Whether the command `tfgen` is what runs, and TensorFlow can wait.

    Its help and completion need none; what does need it says so first. In any
    other program `import tfgen` brings all, since Keras can load a saved
    model only where its classes are known.
    """
    program = os.path.basename((getattr(sys, "argv", None) or [""])[0])
    return program == "tfgen" and "tensorflow" not in sys.modules


@contextlib.contextmanager
def no_retracing_warnings() -> Iterator[None]:
    """For a block in which one model is trained after another.

    TensorFlow counts their functions, which have the same code, as one that is
    traced anew each time.
    """

    def is_other(record):
        return "triggered tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)


@contextlib.contextmanager
def held_back_stderr() -> Iterator[None]:
    """Holds back what is written to file descriptor 2.

    It is dropped at the end of the block and shown if the block raises.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # closed, as in a daemon: nothing to hold back
        yield
        return
    # A crash in C++ loses the text, so at least say where it happened.
    watch_for_crash = not faulthandler.is_enabled()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        if watch_for_crash:
            faulthandler.enable(stderr)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            if watch_for_crash:
                faulthandler.disable()
            os.dup2(stderr, 2)
            os.close(stderr)
