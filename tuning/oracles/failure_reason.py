"""Why a trial failed, in a line."""

import math

LONGEST = 300
FILE = "failure.txt"


def one_line(text: str) -> str:
    r"""A text on one line, with its end left out if it is long.

    >>> one_line("two\n  lines")
    'two lines'
    """
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def read_reason(folder) -> str:
    """What a worker left in a trial's folder; empty if nothing."""
    try:
        return one_line((folder / FILE).read_text(encoding="utf-8"))
    except OSError:
        return ""


def score_reason(metrics, objective: str) -> str:
    """Why what a trial reported is no result; empty if it is one.

    Args:
        metrics: KerasTuner's `MetricsTracker`.
        objective: name of the metric that is searched for.
    """
    if not metrics.exists(objective):
        names = ", ".join(metrics.metrics) or "nothing"
        return f"{objective} is missing: the trial reported {names}"
    value = float(metrics.get_last_value(objective))
    if math.isfinite(value):
        return ""
    return f"{objective} is {value} at the best epoch"
