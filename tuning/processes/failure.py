"""What an exception of a trial says, in a line."""

import re

import tensorflow as tf

from tfgen.tuning.oracles.failure_reason import one_line
from tfgen.tuning.trial_failed import TrialFailed

# Where in the graph a failed operation stands, which says nothing of why.
_PLACE = re.compile(
    r"^(\s|Graph execution error|Detected at node|Stack trace for op|Hint:)"
)


def reason_of(error: Exception) -> str:
    """Why a trial failed, in a line of at most 300 characters.

    >>> reason_of(KeyError("width"))
    "KeyError: 'width'"
    """
    if isinstance(error, TrialFailed):
        return one_line(str(error)) or "it failed without a reason"
    text = str(error)
    if isinstance(error, tf.errors.OpError):
        text = _without_place(error.message)
    kind = type(error).__name__
    if _is_out_of_memory(error):
        kind = f"out of memory: {kind}"
    return one_line(f"{kind}: {text}" if text.strip() else kind)


def _is_out_of_memory(error):
    types = (MemoryError, tf.errors.ResourceExhaustedError)
    return isinstance(error, types) or "RESOURCE_EXHAUSTED" in str(error)


def _without_place(message):
    lines = [line for line in message.splitlines() if not _PLACE.match(line)]
    return "\n".join(lines) or message
