"""The plots of scores: over trials, hyperparameters and epochs."""

import functools
import math
import pathlib

import numpy as np

from tfgen.pictures import figures
from tfgen.reports.short_text import number
from tfgen.tuning.report.view import (
    View,
    has_score,
    scale_of_numbers,
    text_of,
)

MOST_POINTS = 150  # of a learning curve
MANY_TRIALS = 100
MISSING = 1.15  # place of trials without the hyperparameter, right of the axis
MOST_CHARACTERS = 36  # of the texts below a panel, side by side
# Best, middle and worst: told apart by the colour blind too.
RANKS = ("#2f6fde", "#bc4c96", "#f0973a")


def score_over_trials(view: View) -> str:
    """SVG of the score of each trial and of the best until then."""
    figure, axes = _panel(view.score, 1000, 310)
    numbers = _numbers(view.records)
    pairs = list(zip(numbers, view.records, strict=True))
    scored = [(x, record) for x, record in pairs if has_score(record)]
    if scored:
        better = np.maximum if view.direction == "max" else np.minimum
        best = better.accumulate([record.score for _, record in scored])
        axes.step(
            [*(x for x, _ in scored), max(numbers)],
            _within(view.score, [*best, best[-1]]),
            where="post",
            color=figures.DATA_COLOR,
            label="best so far",
            zorder=1,
        )
        _dots(axes, view, {record.trial_id: x for x, record in scored})
    failed = [x for x, record in pairs if record.status == "failed"]
    if failed:
        axes.scatter(
            failed,
            [0.03] * len(failed),
            transform=axes.get_xaxis_transform(),
            marker="x",
            color=figures.SECOND_COLOR,
            label="failed",
        )
    _label(axes, view, "trial", numbers)
    return _svg(figure, "score over trials")


def slices(view: View) -> dict[str, str]:
    """SVG of the score against each hyperparameter, by its name."""
    return {scale.name: _slice(view, scale) for scale in view.scales}


def learning_curves(view: View) -> str | None:
    """SVG of the objective over the epochs of each trial.

    The curves are the column of the objective in `history.csv` of each
    trial's folder.

    Returns:
        None if no trial has such a column.
    """
    curves = [
        (rank, curve)
        for rank, record in enumerate([*view.completed, *view.others])
        if (curve := _curve(record.folder, view.score.name))
    ]
    if not curves:
        return None
    # The first epochs are far off: their part of the axis would be empty.
    values = [v for _, curve in curves for _, v in curve[len(curve) // 3 :]]
    figure, axes = _panel(scale_of_numbers("", values), 1000, 380)
    thin = 0.8 if len(curves) > MANY_TRIALS else 1.2
    for rank, curve in reversed(curves):  # the best are drawn last
        step = -(-len(curve) // MOST_POINTS)
        axes.plot(
            *zip(*curve[::-step][::-1], strict=True),
            marker="o" if len(curve) == 1 else None,
            linewidth=3 if rank == 0 and view.completed else thin,
            **_style(view, rank),
        )
    _label(axes, view, "epoch", [at for _, curve in curves for at, _ in curve])
    return _svg(figure, "learning curves")


def _panel(scale, width, height):
    """A figure with the scale as its y axis; sizes in pixels."""
    figure = figures.new_figure(width, height)
    axes = figure.subplots()
    figures.tidy(axes)
    axes.tick_params(labelsize=9)
    axes.ticklabel_format(useOffset=False)
    margin = 0.1 * (scale.high - scale.low)
    if margin:
        axes.set_ylim(scale.low - margin, scale.high + margin)
    return figure, axes


def _svg(figure, name):
    figure.tight_layout()
    return figures.to_svg(figure, name)


def _within(scale, values):
    """Values beyond an axis stand at its ends."""
    return np.clip(values, scale.low, scale.high)


def _plain(text):
    """Text in which matplotlib finds no formula."""
    return text.replace("$", r"\$")


def _label(axes, view, name, values):
    """Names of the axes, the x axis one of whole numbers, and a legend."""
    axes.set_ylabel(_plain(view.score.name))
    axes.set_xlabel(name)
    axes.locator_params(axis="x", nbins=12, integer=True)
    low, high = min(values), max(values)
    margin = max(0.5, 0.04 * (high - low))
    axes.set_xlim(low - margin, high + margin)
    handles, labels = axes.get_legend_handles_labels()
    # What was drawn last, such as the best, stands on top.
    named = dict(zip(labels[::-1], handles[::-1], strict=True))
    axes.legend(
        named.values(),
        named.keys(),
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9,
    )


def _numbers(records):
    """The trials' names, if these are numbers."""
    names = [record.trial_id for record in records]
    if all(name.isdecimal() for name in names):
        return [int(name) for name in names]
    return list(range(len(names)))


def _dots(axes, view, x):
    """Scores at the places x, by trial id; the best one is larger."""
    x = np.array([x[record.trial_id] for record in view.completed], float)
    y = _within(view.score, [record.score for record in view.completed])
    many = len(x) > MANY_TRIALS
    axes.scatter(
        x[1:],
        y[1:],
        s=14 if many else 26,
        alpha=0.6 if many else 0.8,
        color=figures.MODEL_COLOR,
        linewidths=0,
        label="score" if len(x) > 1 else None,
    )
    axes.scatter(
        x[:1],
        y[:1],
        s=70,
        color=RANKS[0],
        edgecolors="black",
        label=f"best: trial {view.completed[0].trial_id}",
        zorder=3,
    )


def _slice(view, scale):
    """The x axis has the places of `Scale.position`, from 0 to 1."""
    figure, axes = _panel(view.score, 280, 225)
    places, ticks = {}, _ticks(scale)
    for i, record in enumerate(view.completed):
        place = scale.position(record.values.get(scale.name))
        if place is None:
            place = MISSING
            ticks[place] = "none"
        elif scale.categories is not None:
            place += _aside(i) / len(scale.categories)
        places[record.trial_id] = place
    _dots(axes, view, places)
    axes.set_xticks(list(ticks), [_plain(text) for text in ticks.values()])
    if sum(map(len, ticks.values())) > MOST_CHARACTERS:
        axes.tick_params(axis="x", labelrotation=25)
    axes.set_xlim(-0.06, max(1.06, *(place + 0.06 for place in ticks)))
    axes.set_xlabel(_plain(scale.name))
    return _svg(figure, scale.name)


def _aside(index):
    """Points of a category stand beside each other, not on top."""
    return 0.3 * (0.618034 * index % 1 - 0.5)


def _ticks(scale):
    """Places on an axis with their texts."""
    if scale.categories is not None:
        values, texts = scale.categories, map(text_of, scale.categories)
        return dict(zip(map(scale.position, values), texts, strict=True))
    if scale.low == scale.high:
        values = [scale.low]
    else:
        values = _powers(scale) if scale.log else _round_numbers(scale)
    texts = [number(value) for value in values]
    if len(set(texts)) < len(texts):
        texts = [f"{value:.10g}" for value in values]
    return dict(zip(map(scale.position, values), texts, strict=True))


def _powers(scale):
    """Powers of ten, of short axes with their multiples by 2 and 5."""
    low, high = math.log10(scale.low), math.log10(scale.high)
    exponents = range(math.floor(low), math.ceil(high) + 1)
    step = 1 + len(exponents) // 6
    for factors in ((1,), (1, 2, 5)):
        found = [f * 10.0**e for e in exponents[::step] for f in factors]
        # A little more, or 1e-3 would not reach 0.001.
        found = [v for v in found if low - 1e-9 <= math.log10(v) <= high + 1e-9]
        if len(found) > 2:
            return found
    return found if len(found) > 1 else [scale.low, scale.high]


def _round_numbers(scale):
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(4, integer=scale.whole, steps=(1, 2, 5, 10))
    found = locator.tick_values(scale.low, scale.high)
    return [v for v in found.tolist() if scale.low <= v <= scale.high]


def _style(view, rank):
    """How a curve is drawn, by the rank of its trial."""
    from matplotlib.colors import LinearSegmentedColormap

    last = len(view.completed) - 1
    if rank > last:
        color = figures.DATA_COLOR
        return {"color": color, "linestyle": "--", "label": "without a score"}
    names = {last: "worst", last // 2: "middle", 0: "best"}
    label = None
    if rank in names:
        label = f"{names[rank]}, {number(view.completed[rank].score)}"
    colors = LinearSegmentedColormap.from_list("ranks", RANKS)
    place = rank / max(last, 1)
    return {"color": colors(place), "alpha": 0.8, "label": label}


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
