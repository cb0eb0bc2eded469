"""Pictures of the columns of a mixed table."""

from collections.abc import Sequence

import numpy as np

from tfgen.data.column_values import with_frequent
from tfgen.data.columns import Column
from tfgen.data.row_numbers import placed
from tfgen.pictures import figures

MOST_CATEGORIES = 10
LONGEST_NAME = 14
PANEL_HEIGHT, NAMES_HEIGHT = 225, 64
"""In pixels; names of categories stand aslant below a panel."""
NAMES_BESIDE_PANEL = 0.75


def column_panels(
    generated: np.ndarray,
    real: np.ndarray | None,
    columns: Sequence[Column],
    histogram,
) -> np.ndarray:
    """A panel for each of the first 12 columns: shares, or a histogram.

    Of categories the most frequent 10 are shown; a title tells the shares of
    missing numbers.

    Args:
        generated: rows in the columns' units, `(n, numbers)`.
        real: rows in the same units, or None.
        columns: of the table.
        histogram: draws numbers; takes axes, generated and real values.
    """
    shown = [(place, c) for place, c in placed(columns) if c.width]
    names = [column.name for _, column in shown]
    figure, panels, title = figures.new_columns(names, "Samples", PANEL_HEIGHT)
    for axes, (place, column) in zip(panels, shown, strict=False):
        if column.levels:
            _shares(axes, column, generated[:, place], _at(real, place))
            continue
        values = _present(column, generated, place)
        seen = None if real is None else _present(column, real, place)
        histogram(axes, values, seen)
        axes.set_yticks([])
        if column.kind == "datetime":
            _as_dates(axes)
        if column.missing is not None:
            _tell_gaps(axes, column, len(values) / len(generated), seen, real)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper right", ncols=2, frameon=False, fontsize=9
    )
    figures.shared_labels(figure, title)
    height = figure.get_size_inches()[1] * figures.PIXELS_PER_INCH
    figure.subplots_adjust(
        bottom=NAMES_HEIGHT / height, hspace=NAMES_BESIDE_PANEL
    )
    return figures.to_array(figure)


def _at(x, place):
    return None if x is None else x[:, place]


def _present(column, x, place):
    """The numbers that are there, frequent ones among them, as in files."""
    values = np.clip(x[:, place], column.low, column.high)
    if column.width == 1:
        return values
    codes = np.rint(x[:, place + 1])
    values = with_frequent(column, values, codes)
    if column.missing is None:
        return values
    return values[codes != column.specials]


def _tell_gaps(axes, column, share, seen, real):
    text = f"{column.name}, missing {1 - share:.0%}"
    if real is not None:
        text += f" (real {1 - len(seen) / len(real):.0%})"
    axes.set_title(text, fontsize=9)


def _shares(axes, column, generated, real):
    """Bars of the shares of the most frequent categories.

    In the order of their shares, of numbers in that of the numbers.
    """
    count = column.levels
    names = [*column.categories, "(missing)"][:count]
    own = np.bincount(_codes(generated, count), minlength=count)
    theirs = own
    if real is not None:
        theirs = np.bincount(_codes(real, count), minlength=count)
    order = np.argsort(-theirs, kind="stable")[:MOST_CATEGORIES]
    if column.dtype.lower().startswith(("int", "uint", "float")):
        order = np.sort(order)
    places = np.arange(len(order))
    if real is not None:
        shares = theirs[order] / theirs.sum()
        axes.bar(places, shares, 0.8, color=figures.DATA_COLOR, label="real")
    axes.bar(
        places,
        own[order] / own.sum(),
        0.8,
        fill=False,
        edgecolor=figures.MODEL_COLOR,
        linewidth=1.6,
        label="generated",
    )
    texts = [names[i][:LONGEST_NAME] for i in order]
    axes.set_xticks(places, texts, rotation=45, ha="right", fontsize=7)
    axes.set_yticks([])
    if count > len(order):
        more = f"{column.name} ({len(order)} of {count})"
        axes.set_title(more, fontsize=9)


def _codes(values, count):
    return np.clip(np.rint(values), 0, count - 1).astype(int)


def _as_dates(axes):
    low, high = axes.get_xlim()
    ticks = np.linspace(low, high, 4)[1:3]
    days = ticks.astype("datetime64[s]").astype("datetime64[D]")
    axes.set_xticks(ticks, [str(day) for day in days], fontsize=7)
