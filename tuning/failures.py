"""Why trials fail and searches end, in a line."""

import collections
import contextlib
import math
import os
import pathlib
import re
from collections.abc import Iterator

import tensorflow as tf
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

from tfgen.training.files import disk_error

FAILURE_FILE = "failure.txt"
"""In a trial's folder: the reason, left there by the worker."""
LONGEST = 300
PROC = pathlib.Path("/proc")
CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Where in the graph a failed operation stands, which says nothing of why.
_PLACE = re.compile(
    r"^(\s|Graph execution error|Detected at node|Stack trace for op|Hint:)"
)


class TrialFailed(ValueError):
    """A trial, or a whole search, has no result; the message says why.

    `Search.run` raises it if no trial was completed. A hypermodel may raise it
    to give a trial up: the message, a line, is then the trial's reason, where
    that of other exceptions begins with their type.

    Example:
    >>> raise tfgen.tuning.TrialFailed("more parameters than memory")
    Traceback (most recent call last):
    ...
    tfgen.tuning.failures.TrialFailed: more parameters than memory
    """


class DiskError(OSError):
    """The disk is full or gone: no trial can be trained."""


def all_failed(reasons: list[str], folder: os.PathLike) -> TrialFailed:
    """The error of a search without a completed trial: commonest reasons."""
    if not reasons:
        return TrialFailed(
            f"the search in {folder} has no completed trial: run it."
        )
    listed = "; ".join(
        f"{reason} ({count} times)" if count > 1 else reason
        for reason, count in collections.Counter(reasons).most_common(5)
    )
    return TrialFailed(
        f"all {len(reasons)} trials in {folder} failed: {listed}. Narrow the "
        "search space, or mend what the reasons name, and start a new search."
    )


def one_line(text: str) -> str:
    r"""A text on one line, with its end left out if it is long.

    >>> one_line("two\n  lines")
    'two lines'
    """
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def reason_of(error: Exception) -> str:
    """Why a trial failed, in a line of at most 300 characters.

    >>> reason_of(KeyError("width"))
    "KeyError: 'width'"
    """
    if isinstance(error, TrialFailed):
        return one_line(str(error)) or "it failed without a reason"
    text, kind = str(error), type(error).__name__
    exhausted = (MemoryError, tf.errors.ResourceExhaustedError)
    if isinstance(error, exhausted) or "RESOURCE_EXHAUSTED" in text:
        kind = f"out of memory: {kind}"
    if isinstance(error, tf.errors.OpError):
        lines = error.message.splitlines()
        kept = [line for line in lines if not _PLACE.match(line)]
        text = "\n".join(kept) or error.message
    return one_line(f"{kind}: {text}" if text.strip() else kind)


def read_reason(folder: pathlib.Path) -> str:
    """The reason that a worker left in a trial's folder; empty without one."""
    return one_line(_text(folder / FAILURE_FILE))


def score_reason(metrics: MetricsTracker, objective: str) -> str:
    """Why what a trial reported is no result; empty if it is one.

    Args:
        metrics: that it reported.
        objective: name of the metric that is searched for.
    """
    if not metrics.exists(objective):
        names = ", ".join(metrics.metrics) or "nothing"
        return f"{objective} is missing: the trial reported {names}"
    value = float(metrics.get_last_value(objective))
    if math.isfinite(value):
        return ""
    return f"{objective} is {value} at the best epoch"


def is_disk_error(error: BaseException | None) -> bool:
    """Whether an exception, or what it came from, is an error of the disk."""
    return isinstance(error, DiskError) or disk_error(error) is not None


@contextlib.contextmanager
def disk_errors_in_a_line(folder: os.PathLike) -> Iterator[None]:
    """Says what to do where a search ends for want of its disk.

    Args:
        folder: of the search.

    Raises:
        DiskError: for errors of the disk in the block; others pass.
    """
    try:
        yield
    except Exception as error:
        if not is_disk_error(error):
            raise
        raise DiskError(
            f"the search in {folder} has stopped, since files cannot be "
            f"written: {one_line(str(error)).rstrip('.')}. Make room or mend "
            "the disk, and run the search again: it goes on where it was."
        ) from error


def count_kernel_kills() -> dict[str, int]:
    """Counters of the kernel's out-of-memory killer, by file.

    A process that the kernel ends dies of SIGKILL, as of any other: that
    memory was the reason shows in these counters alone. They are those of the
    machine and of this process's control group, as far as they can be read.

    Returns:
        The counters (none on a system without them), and under `"boot"` a
        number that differs after a reboot, which sets the counters back.
    """
    counters = {}
    for path in (PROC / "vmstat", *_files_of_the_control_group()):
        for line in _text(path).splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill" and value.strip().isdigit():
                counters[str(path)] = int(value)
    boot = _text(PROC / "sys/kernel/random/boot_id").strip().replace("-", "")
    if counters and boot:
        counters["boot"] = int(boot, 16)
    return counters


def kernel_killed_since(before: dict[str, int]) -> bool:
    """Whether a counter has risen since `before`, on the same boot."""
    now = count_kernel_kills()
    if before.get("boot") != now.get("boot"):
        return False
    return any(now[path] > before.get(path, now[path]) for path in now)


def _files_of_the_control_group():
    for line in _text(PROC / "self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        group = group.lstrip("/")
        if not controllers:
            yield CGROUPS / group / "memory.events"
            yield CGROUPS / "unified" / group / "memory.events"
        elif "memory" in controllers.split(","):
            yield CGROUPS / "memory" / group / "memory.oom_control"


def _text(path):
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
