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
NAMES_LEFT, NAMES_BETWEEN_PANELS = 0.12, 0.5


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
    shown, figure, panels, title = _new_panels(columns, "Samples")
    for axes, (place, column) in zip(panels, shown, strict=False):
        if column.levels:
            _shares(axes, column, generated[:, place], _at(real, place))
            continue
        values = _present(column, generated, place)
        seen = None if real is None else _present(column, real, place)
        histogram(axes, values, seen)
        axes.set_yticks([])
        if column.kind == "datetime":
            _as_dates(axes.xaxis)
        if column.missing is not None:
            _tell_gaps(axes, column, len(values) / len(generated), seen, real)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper right", ncols=2, frameon=False, fontsize=9
    )
    figures.shared_labels(figure, title)
    return _with_room(figure)


def reconstructed_panels(
    real: np.ndarray, reconstructed: np.ndarray, columns: Sequence[Column]
) -> np.ndarray:
    """A panel for each of the first 12 columns: what became of true values.

    Numbers that are there in both against each other. Of categories, the most
    frequent 10: the share of each true one that became which.

    Args:
        real: rows in the columns' units, `(n, numbers)`.
        reconstructed: of the same rows.
        columns: of the table.
    """
    shown, figure, panels, title = _new_panels(columns, "Reconstructions")
    for axes, (place, column) in zip(panels, shown, strict=False):
        if column.levels:
            _confusion(axes, column, real[:, place], reconstructed[:, place])
            continue
        both = _there(column, real, place) & _there(
            column, reconstructed, place
        )
        values = [
            _values(column, x[both], place) for x in (real, reconstructed)
        ]
        if both.any():
            figures.against_truth(axes, *values)
        if column.kind == "datetime":
            _as_dates(axes.xaxis)
            _as_dates(axes.yaxis)
    figures.shared_labels(figure, title, "true value", "reconstructed value")
    figure.subplots_adjust(left=NAMES_LEFT, wspace=NAMES_BETWEEN_PANELS)
    return _with_room(figure)


def _new_panels(columns, title):
    """Places and columns that are shown, and `figures.new_columns`."""
    shown = [(place, c) for place, c in placed(columns) if c.width]
    names = [column.name for _, column in shown]
    return shown, *figures.new_columns(names, title, PANEL_HEIGHT)


def _with_room(figure):
    """For names of categories."""
    height = figure.get_size_inches()[1] * figures.PIXELS_PER_INCH
    figure.subplots_adjust(
        bottom=NAMES_HEIGHT / height, hspace=NAMES_BESIDE_PANEL
    )
    return figures.to_array(figure)


def _at(x, place):
    return None if x is None else x[:, place]


def _present(column, x, place):
    """The numbers that are there, frequent ones among them, as in files."""
    return _values(column, x, place)[_there(column, x, place)]


def _values(column, x, place):
    values = np.clip(x[:, place], column.low, column.high)
    if column.width == 1:
        return values
    return with_frequent(column, values, np.rint(x[:, place + 1]))


def _there(column, x, place):
    if column.width == 1 or column.missing is None:
        return np.full(len(x), True)
    return np.rint(x[:, place + 1]) != column.specials


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
    own = np.bincount(_codes(generated, count), minlength=count)
    theirs = own
    if real is not None:
        theirs = np.bincount(_codes(real, count), minlength=count)
    order = _most_frequent(column, theirs)
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
    _name_below(axes, column, order)
    axes.set_yticks([])


def _confusion(axes, column, real, reconstructed):
    """Shares of each true category, in columns, that became which, in rows."""
    count = column.levels
    real, became = _codes(real, count), _codes(reconstructed, count)
    order = _most_frequent(column, np.bincount(real, minlength=count))
    pairs = np.zeros((count, count))
    np.add.at(pairs, (became, real), 1)
    shares = pairs / np.maximum(pairs.sum(axis=0), 1)
    axes.imshow(
        shares[np.ix_(order, order)],
        cmap="Blues",
        vmin=0,
        vmax=1,
        origin="lower",
        aspect="auto",
    )
    axes.grid(False)
    _name_below(axes, column, order)
    names = _short_names(column, order)
    axes.set_yticks(np.arange(len(order)), names, fontsize=7)


def _most_frequent(column, counts):
    order = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    if column.dtype.lower().startswith(("int", "uint", "float")):
        order = np.sort(order)
    return order


def _short_names(column, order):
    names = [*column.categories, "(missing)"][: column.levels]
    return [names[i][:LONGEST_NAME] for i in order]


def _name_below(axes, column, order):
    places, texts = np.arange(len(order)), _short_names(column, order)
    axes.set_xticks(places, texts, rotation=45, ha="right", fontsize=7)
    if column.levels > len(order):
        more = f"{column.name} ({len(order)} of {column.levels})"
        axes.set_title(more, fontsize=9)


def _codes(values, count):
    return np.clip(np.rint(values), 0, count - 1).astype(int)


def _as_dates(axis):
    low, high = axis.get_view_interval()
    ticks = np.linspace(low, high, 7)[[1, 5]]
    days = ticks.astype("datetime64[s]").astype("datetime64[D]")
    axis.set_ticks(ticks, [str(day) for day in days], fontsize=7)
