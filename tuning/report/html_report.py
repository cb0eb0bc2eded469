"""The report of a search: one file, nothing loaded from outside."""

import collections
import functools
import html
import io
import pathlib

from tfgen.reports.page import data_uri, number, page, table
from tfgen.reports.short_text import short_duration
from tfgen.training.files import write_text
from tfgen.tuning.report.best_json import settings
from tfgen.tuning.report.importance import importance
from tfgen.tuning.report.parallel_coordinates import parallel_coordinates
from tfgen.tuning.report.plots import (
    learning_curves,
    score_over_trials,
    slices,
)
from tfgen.tuning.report.scale import text_of
from tfgen.tuning.report.tables import failures, importance_table, trial_table
from tfgen.tuning.report.view import blend, view_of

STYLE = pathlib.Path(__file__).with_name("report.css")
SCRIPT = pathlib.Path(__file__).with_name("report.js")
PICTURES = 6  # of the best trials
WIDEST_PICTURE = 640
BETTER = {"min": "lower is better", "max": "higher is better"}


def write_report(
    path,
    records,
    *,
    objective_name: str,
    direction: str,
    hyperparameters,
    summary: dict,
    command: str,
) -> None:
    """Writes the page of a search, at any time of it.

    It holds the best trial, all trials as parallel coordinates, the score
    over trials and against each hyperparameter, importance, learning curves,
    samples of the best trials, a table of all trials and the failures.
    Pointing at a trial shows it everywhere; dragging along an axis leaves
    the trials of that range. Without JavaScript the page shows the same but
    stands still.

    Args:
        path: of the file, which is there whole or not at all.
        records: `TrialRecord`s in the order in which they were drawn. Their
            folders may hold `history.csv`, with a column `objective_name`,
            and `samples.png`.
        objective_name: such as `"val_negative_elbo"`.
        direction: `"min"` or `"max"`.
        hyperparameters: the `keras_tuner.HyperParameters` of the search;
            what it does not name is taken from the records.
        summary: what was searched, by name: model, data, tuner, ...
        command: that goes on with the best trial, or code that does.
    """
    view = view_of(records, objective_name, direction, hyperparameters)
    body = "\n".join(
        [
            _facts(view, summary),
            _best(view, command),
            _all_trials(view),
            _importance(view),
            _slices(view),
            _curves(view),
            _pictures(view),
            _table(view),
            _failures(view),
            f"<script>\n{SCRIPT.read_text(encoding='utf-8')}</script>",
        ]
    )
    style = STYLE.read_text(encoding="utf-8")
    write_text(path, page("Hyperparameter search", body, style))


def _facts(view, summary):
    counts = collections.Counter(record.status for record in view.records)
    order = ("completed", "failed", "running", "waiting")
    trials = ", ".join(f"{counts[s]} {s}" for s in order if counts[s])
    seconds = sum(record.seconds for record in view.records)
    rows = {
        **summary,
        "objective": f"{view.objective_name}, {BETTER[view.direction]}",
        "so far": trials or "no trial",
        "training time": short_duration(seconds),
    }
    return table(["", ""], [[key, str(value)] for key, value in rows.items()])


def _best(view, command):
    best = view.best
    if best is None:
        return (
            "<h2>Best trial</h2>\n"
            '<p class="warning">No trial has completed.</p>'
        )
    values = settings(best.values).items()
    metrics = best.metrics.items()
    return (
        f"<h2>Best trial: {html.escape(best.trial_id)}</h2>\n"
        f"<p>{html.escape(view.objective_name)} "
        f'<b class="score">{number(best.score)}</b> in epoch '
        f"{best.best_epoch} of {best.epochs}. To go on with it:</p>\n"
        f"<pre>{html.escape(command)}</pre>\n"
        '<div class="beside">\n'
        + table(["setting", ""], [[name, text_of(v)] for name, v in values])
        + table(["metric", ""], [[name, text_of(v)] for name, v in metrics])
        + "\n</div>"
    )


def _all_trials(view):
    if not view.records:
        return ""
    return "\n".join(
        [
            "<h2>All trials</h2>",
            _legend(view),
            _beyond(view),
            '<p class="with-script">Point at a line to see its trial. Drag '
            "along an axis to keep the trials of that range, here and "
            "everywhere below; click on the axis to let it go. "
            '<output id="kept"></output></p>',
            f'<div class="wide">{parallel_coordinates(view)}</div>',
            "<h3>Score over trials</h3>",
            f'<div class="wide">{score_over_trials(view)}</div>',
        ]
    )


def _legend(view):
    if not view.completed:
        return "<p>Grey: trials without a score.</p>"
    ends = (view.completed[0].score, view.completed[-1].score)
    best, worst = map(number, ends)
    ramp = ", ".join(blend(place) for place in (0, 0.25, 0.5, 0.75, 1))
    return (
        f'<p class="legend">best, {best} <span class="ramp" style="'
        f'background:linear-gradient(to right, {ramp})"></span> {worst}, '
        "worst. Grey: trials without a score.</p>"
    )


def _beyond(view):
    """Says what is not to be seen where it belongs."""
    count = sum(
        not view.score.low <= record.score <= view.score.high
        for record in view.completed
    )
    if not count:
        return ""
    are = "score is" if count == 1 else "scores are"
    return (
        f"<p>{count} {are} so far off the others that the axes end before: "
        "they are drawn at the end.</p>"
    )


def _importance(view):
    if not view.records:
        return ""
    found = importance(view.records, view.scales)
    note = f'<p class="warning">{html.escape(found.note)}</p>'
    parts = ["<h2>Importance</h2>", note if found.note else ""]
    if found.total:
        parts += [
            "<p>How much of the score's variance over the search space is "
            "due to each hyperparameter: <b>alone</b> (dark), and with what "
            "it does together with others (light). By Sobol's indices of a "
            f"random forest fitted to {len(view.completed)} trials, which "
            "foretells a trial that it has not seen with R2 "
            f"{found.explained:.2f} (1 is perfect, 0 is useless). &plusmn;: "
            "standard deviation over draws of the trials.</p>",
            importance_table(found),
        ]
    return "\n".join(parts)


def _slices(view):
    if not view.completed or not view.scales:
        return ""
    return (
        "<h2>Score by hyperparameter</h2>\n"
        f'<div class="multiples">{"".join(slices(view))}</div>'
    )


def _curves(view):
    if not view.records:
        return ""
    drawn = learning_curves(view)
    shown = (
        f'<div class="wide">{drawn}</div>'
        if drawn
        else f"<p>No trial has {html.escape(view.objective_name)} in its "
        "history.csv.</p>"
    )
    return f"<h2>Learning curves</h2>\n{shown}"


def _pictures(view):
    figures = [
        f'<figure><img alt="samples of trial {name}" src="{uri}">'
        f"<figcaption>trial {name}, {number(record.score)}</figcaption>"
        "</figure>"
        for record in view.completed[:PICTURES]
        if (uri := _picture(pathlib.Path(record.folder) / "samples.png"))
        for name in [html.escape(record.trial_id)]
    ]
    if not figures:
        return ""
    return (
        "<h2>Samples of the best trials</h2>\n"
        f'<div class="pictures">{"".join(figures)}</div>'
    )


def _table(view):
    if not view.records:
        return ""
    hint = '<p class="with-script">Click on a column to sort by it.</p>'
    return f"<h2>Trials</h2>\n{hint}\n{trial_table(view)}"


def _failures(view):
    if not any(record.status == "failed" for record in view.records):
        return ""
    return f"<h2>Failed trials</h2>\n{failures(view)}"


def _picture(file):
    try:
        return _read_picture(file, file.stat().st_mtime_ns)
    except OSError:  # none, or no picture
        return None


@functools.lru_cache(maxsize=64)
def _read_picture(file, mtime):
    from PIL import Image

    with Image.open(file) as picture:
        picture.load()
        picture.thumbnail((WIDEST_PICTURE, 2 * WIDEST_PICTURE))
        shrunk = io.BytesIO()
        picture.save(shrunk, "PNG")
    return data_uri(shrunk.getvalue())
