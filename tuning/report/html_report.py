"""The page of a search."""

import collections
import functools
import pathlib
import typing
from collections.abc import Sequence

import numpy as np

from tfgen.reports.page import data_uri, write_page
from tfgen.reports.short_text import short_duration
from tfgen.tuning.report import plots
from tfgen.tuning.report.importance import importance
from tfgen.tuning.report.result_files import settings
from tfgen.tuning.report.view import text_of, view_of
from tfgen.tuning.trial_record import TrialRecord

if typing.TYPE_CHECKING:
    import keras_tuner

TEMPLATE = pathlib.Path(__file__).with_name("report.html")
PICTURES = 6  # of the best trials
WIDEST_PICTURE = 640
BETTER = {"min": "lower is better", "max": "higher is better"}
STATUSES = ("completed", "failed", "running", "waiting")


def write_report(
    path: pathlib.Path | str,
    records: Sequence[TrialRecord],
    *,
    objective_name: str,
    direction: str,
    hyperparameters: "keras_tuner.HyperParameters",
    summary: dict,
    command: str,
    tensorboard: str,
) -> None:
    """Writes the page of a search, at any time of it.

    It holds the best trial, the score over trials and against each
    hyperparameter, importance, learning curves, samples of the best trials, a
    table of all trials and the failures. The page stands still: to filter
    trials and to see them as parallel coordinates it names TensorBoard.

    Args:
        path: path of the file, which is there whole or not at all.
        records: the trials in the order in which they were drawn. Their
            folders may hold `history.csv`, with a column `objective_name`,
            and `samples.png`.
        objective_name: such as `"val_negative_elbo"`.
        direction: `"min"` or `"max"`.
        hyperparameters: the `keras_tuner.HyperParameters` of the search;
            what it does not name is taken from the records.
        summary: what was searched, by name: model, data, tuner, ...
        command: that goes on with the best trial, or code that does.
        tensorboard: command that shows the trials in TensorBoard.
    """
    view = view_of(records, objective_name, direction, hyperparameters)
    write_page(
        path,
        TEMPLATE,
        title="Hyperparameter search",
        facts=summary | _facts(view),
        view=view,
        best=_best(view),
        command=command,
        tensorboard=tensorboard,
        beyond=_beyond(view),
        score_over_trials=plots.score_over_trials(view) if records else "",
        slices=plots.slices(view) if view.completed else {},
        learning_curves=plots.learning_curves(view),
        importance=importance(records, view.scales),
        pictures=_pictures(view),
        table_of_trials=_table(view),
        failed=[r for r in records if r.status == "failed"],
    )


def _facts(view):
    counts = collections.Counter(record.status for record in view.records)
    trials = [f"{counts[s]} {s}" for s in STATUSES if counts[s]]
    seconds = sum(record.seconds for record in view.records)
    return {
        "objective": f"{view.score.name}, {BETTER[view.direction]}",
        "so far": ", ".join(trials) or "no trial",
        "training time": short_duration(seconds),
    }


def _best(view):
    """The trial with the best score, in texts; None without one."""
    if not view.completed:
        return None
    best = view.completed[0]
    return {
        "record": best,
        "settings": _texts(settings(best.values)),
        "metrics": _texts(best.metrics),
    }


def _texts(values):
    return [(name, text_of(value)) for name, value in values.items()]


def _beyond(view):
    """How many trials are not to be seen where they belong."""
    low, high = view.score.low, view.score.high
    return sum(not low <= record.score <= high for record in view.completed)


def _pictures(view):
    """Trials with their samples, the best first."""
    found = [
        (record, _picture(pathlib.Path(record.folder) / "samples.png"))
        for record in view.completed[:PICTURES]
    ]
    return [(record, uri) for record, uri in found if uri]


def _table(view):
    """All trials, the best first, then those without a score."""
    values = _names(settings(record.values) for record in view.records)
    metrics = _names(record.metrics for record in view.records)
    return {
        "names": values,
        "metrics": metrics,
        "rows": [
            {
                "record": record,
                "score": text_of(record.score),
                "seconds": text_of(round(record.seconds, 1)),
                "settings": [text_of(record.values.get(v)) for v in values],
                "metrics": [text_of(record.metrics.get(m)) for m in metrics],
            }
            for record in [*view.completed, *view.others]
        ],
    }


def _names(dictionaries):
    return list(dict.fromkeys(name for each in dictionaries for name in each))


def _picture(file):
    try:
        return _read_picture(file, file.stat().st_mtime_ns)
    except OSError:  # none, or no picture
        return None


@functools.lru_cache(maxsize=64)
def _read_picture(file, mtime):
    """Read again only if the file has changed."""
    from PIL import Image

    with Image.open(file) as picture:
        picture.load()
        picture.thumbnail((WIDEST_PICTURE, 2 * WIDEST_PICTURE))
        return data_uri(np.asarray(picture))
