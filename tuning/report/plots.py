"""The plots of scores: over trials, hyperparameters and epochs."""

import functools
import math
import pathlib

from tfgen.tuning.report.panel import Panel, path
from tfgen.tuning.report.scale import Scale, scale_of_numbers
from tfgen.tuning.report.view import has_score
from tfgen.tuning.trial_record import best_of

MOST_POINTS = 150  # of a learning curve


def score_over_trials(view) -> str:
    """SVG of the score of each trial and of the best until then."""
    numbers = _numbers(view.records)
    failures = any(record.status == "failed" for record in view.records)
    panel = Panel(
        Scale("trial", min(numbers), max(numbers), whole=True),
        view.score,
        width=1000,
        missing_y="failed" if failures else "",
    )
    marks, steps, best = [], [], None
    for number, record in zip(numbers, view.records, strict=True):
        x = panel.across(panel.x.position(number))
        if record.status == "failed":
            marks.append(_cross(view, record, x, panel.up(None)))
        if not has_score(record):
            continue
        before, best = best, _better(view, best, record)
        y = panel.up(view.score.position(record.score))
        marks.append(_dot(view, record, x, y))
        if best is not before:
            steps += [(x, steps[-1][1])] if steps else []
            steps.append((x, y))
    if steps:
        steps.append((panel.across(1), steps[-1][1]))
        marks.insert(0, f'<path class="best-so-far" d="{path(steps)}"/>')
    return panel.svg("Score of each trial, and the best until then", *marks)


def slices(view) -> list[str]:
    """SVG of the score against each hyperparameter."""
    return [_slice(view, scale) for scale in view.scales]


def learning_curves(view) -> str | None:
    """SVG of the objective over the epochs of each trial.

    The curves are the column of the objective in `history.csv` of each
    trial's folder.

    Returns:
        None if no trial has such a column.
    """
    curves = [
        (record, curve)
        for record in reversed([*view.completed, *_others(view)])
        if (curve := _curve(record.folder, view.objective_name))
    ]
    if not curves:
        return None
    # The first epochs are far off: their part of the axis would be empty.
    values = [v for _, curve in curves for _, v in curve[len(curve) // 3 :]]
    last = max(curve[-1][0] for _, curve in curves)
    panel = Panel(
        Scale("epoch", 1, max(last, 2), whole=True),
        scale_of_numbers(view.objective_name, values),
        width=1000,
        height=380,
    )
    lines = []
    for record, curve in curves:
        step = -(-len(curve) // MOST_POINTS)
        shown = _near(panel.y, curve[::-step][::-1])
        points = [panel.point(*pair) for pair in shown]
        if len(points) == 1:
            lines.append(_dot(view, record, *points[0]))
        else:
            lines.append(view.tag("path", record, d=path(points)))
    return panel.svg("The objective over the epochs of each trial", *lines)


def _numbers(records):
    """Of the trials: their names, if these are numbers."""
    names = [record.trial_id for record in records]
    if all(name.isdecimal() for name in names):
        return [int(name) for name in names]
    return list(range(len(names)))


def _better(view, *records):
    return best_of(filter(None, records), view.direction)


def _near(scale, curve):
    """Without stretches beyond the axis, but for the way there and back."""
    out = [not scale.low <= value <= scale.high for _, value in curve]
    around = zip([True, *out], out, [*out[1:], True], strict=False)
    near = [
        pair for pair, each in zip(curve, around, strict=True) if not all(each)
    ]
    return near or curve


def _slice(view, scale):
    values = [
        scale.position(record.values.get(scale.name))
        for record in view.completed
    ]
    panel = Panel(
        scale,
        view.score,
        width=330,
        height=230,
        missing_x="none" if None in values else "",
    )
    dots = [
        _dot(
            view,
            record,
            panel.across(_apart(scale, place, i)),
            panel.up(view.score.position(record.score)),
        )
        for i, (record, place) in enumerate(
            zip(view.completed, values, strict=True)
        )
    ]
    return panel.svg(f"The score by {scale.name}", *reversed(dots))


def _apart(scale, place, index):
    """Points of a category beside each other, not on top."""
    if place is None or scale.categories is None:
        return place
    golden = 0.618034 * index % 1 - 0.5
    return place + 0.3 * golden / len(scale.categories)


def _others(view):
    return [record for record in view.records if not has_score(record)]


def _dot(view, record, x, y):
    return view.tag("circle", record, cx=x, cy=y, r=4)


def _cross(view, record, x, y):
    d = f"M{x - 4:g},{y - 4:g}l8,8m0,-8l-8,8"
    return view.tag("path", record, d=d)


def _curve(folder, column):
    file = pathlib.Path(folder) / "history.csv"
    try:
        stat = file.stat()
    except OSError:
        return []
    return _read_curve(file, column, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=4096)
def _read_curve(file, column, mtime, size):
    """Epochs and finite values; read again only if the file has changed."""
    from tfgen.callbacks.history_file import read_history

    try:
        history = read_history(file)
    except (ValueError, OSError):
        return []
    pairs = zip(history.get("epoch", []), history.get(column, []), strict=False)
    return [pair for pair in pairs if math.isfinite(pair[1])]
