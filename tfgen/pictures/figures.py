"""Plots on matplotlib figures of their own, without pyplot's global state."""

import io
import math
import re
import typing
from collections.abc import Sequence

import numpy as np

if typing.TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DATA_COLOR = "#9a9a9a"
MODEL_COLOR = "#1f6fb4"
SECOND_COLOR = "#d1603d"
PIXELS_PER_INCH = 100
GAP = 8
MOST_COLUMNS = 12


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure; sizes in pixels."""
    from matplotlib.figure import Figure

    size = (width / PIXELS_PER_INCH, height / PIXELS_PER_INCH)
    return Figure(figsize=size, dpi=PIXELS_PER_INCH, facecolor="white")


def new_panels(
    count: int,
    width: float = 330,
    height: float = 270,
    columns: int = 4,
    **kwargs,
) -> "tuple[Figure, list[Axes]]":
    """A figure of `count` equal panels, row by row; sizes in pixels.

    Returns:
        The figure and the list of its panels' axes.
    """
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    figure = new_figure(columns * width, rows * height + 30)
    axes = figure.subplots(rows, columns, squeeze=False, **kwargs).ravel()
    for extra in axes[count:]:
        extra.remove()
    for panel in axes[:count]:
        tidy(panel)
    return figure, list(axes[:count])


def new_columns(
    names: list[str], title: str, height: float
) -> "tuple[Figure, list[Axes], str]":
    """A figure of a panel for each column of a table, the first 12.

    Args:
        names: names of the columns.
        title: title of the figure; where columns are left out it says so.
        height: height of a panel, in pixels.

    Returns:
        The figure, the list of its panels' axes, and the title.
    """
    count = min(len(names), MOST_COLUMNS)
    figure, panels = new_panels(count, 260, height)
    for axes, name in zip(panels, names, strict=False):
        axes.set_title(name, fontsize=9)
    if len(names) > count:
        title += f" (columns 1 to {count} of {len(names)})"
    return figure, panels, title


def against_truth(
    axes: "Axes", true: np.ndarray, reconstructed: np.ndarray
) -> None:
    """Points of reconstructed over true values, and a line where both agree."""
    ends = [true.min(), true.max()]
    axes.plot(ends, ends, color=DATA_COLOR, lw=1)
    pairs = np.stack([true, reconstructed], axis=1)
    points(axes, pairs, MODEL_COLOR, alpha=0.6)


def points(
    axes: "Axes",
    xy: np.ndarray,
    color: str | np.ndarray,
    label: str | None = None,
    size: float = 9,
    alpha: float = 1.0,
) -> None:
    """Draws points `(n, 2)` without outlines."""
    axes.scatter(*xy.T, s=size, color=color, alpha=alpha, lw=0, label=label)


def tidy(panel: "Axes") -> None:
    """Light grid behind the data, no frame on the right and on top."""
    panel.grid(True, color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=8)
    panel.locator_params(nbins=5)
    panel.title.set_fontsize(10)


def square_panel(
    names: Sequence[str], title: str, legend: bool = False
) -> "tuple[Figure, Axes]":
    """A figure of one square panel, with room for a legend beside it.

    Args:
        names: labels of the two axes.
        title: title of the panel; lines are parted by a newline.
        legend: whether there will be a legend.
    """
    width, height = 600, 580 + 16 * title.count("\n")
    full_width = width + (140 if legend else 0)
    figure = new_figure(full_width, height)
    axes = figure.subplots()
    tidy(axes)
    axes.set_xlabel(names[0], fontsize=9)
    axes.set_ylabel(names[1], fontsize=9)
    axes.set_title(title, fontsize=10)
    figure.subplots_adjust(
        left=60 / full_width,
        right=(width - 15) / full_width,
        bottom=50 / height,
        top=530 / height,
    )
    return figure, axes


def to_array(figure: "Figure") -> np.ndarray:
    """Draws the figure, which is empty then: uint8 `(height, width, 3)`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    # Its parts point at each other: they would stay until they are collected.
    figure.clear()
    return pixels


def to_svg(figure: "Figure", name: str) -> str:
    """Draws the figure as an `<svg>` for a page, its texts as texts.

    Equal figures of equal names give equal SVGs.

    Args:
        figure: figure of matplotlib.
        name: name of the figure, in that page alone: elements are named by it.
    """
    import matplotlib

    file = io.StringIO()
    settings = {"svg.hashsalt": name, "svg.fonttype": "none"}
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context(settings):
        figure.savefig(file, format="svg", metadata=metadata)
    text = file.getvalue()
    text = text[text.index("<svg") :]  # without what makes it a file
    return re.sub('<g id="[^"]*">', "<g>", text)  # equal in all figures


def write(figure: "Figure", text: str, x: float, y: float, **kwargs) -> None:
    """Writes a text on a figure.

    Args:
        figure: figure of matplotlib.
        text: lines are parted by a newline.
        x: pixels from the left to its beginning, or what `ha` says.
        y: pixels from the top to its middle.
        kwargs: further arguments of `Figure.text`.
    """
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    figure.text(x / width, 1 - y / height, text, va="center", **kwargs)


def paste(whole: np.ndarray, part: np.ndarray, left: int, top: int) -> None:
    """Puts a picture into a larger one, its pixels as they are."""
    height, width = part.shape[:2]
    whole[top : top + height, left : left + width] = part


def class_colors(num_classes: int) -> np.ndarray:
    """A colour for each class, `(num_classes, 4)`."""
    import matplotlib

    if num_classes <= 10:
        return matplotlib.colormaps["tab10"](np.arange(num_classes))
    if num_classes <= 20:
        return matplotlib.colormaps["tab20"](np.arange(num_classes))
    return matplotlib.colormaps["turbo"](np.linspace(0, 1, num_classes))


def legend_beside(axes: "Axes") -> None:
    """Puts a legend on the right of the panel."""
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=8,
        markerscale=2,
        borderaxespad=0,
    )


def labelled_rows(
    grids: Sequence[np.ndarray], labels: Sequence[str], title: str
) -> np.ndarray:
    """Writes a label beside each row of an image grid, and a title above.

    The grids' pixels stay as they are.

    Args:
        grids: uint8 arrays `(height, width, 1 or 3)` of one shape, which are
            set below each other.
        labels: a text for each row of each grid, top to bottom.
        title: title of the picture.
    """
    height, width = grids[0].shape[:2]
    left, top, edge = 14 + 7 * max(map(len, labels)), 34, 6
    full_width = left + max(width, 9 * len(title) - left) + edge
    full_height = top + len(grids) * (height + GAP) - GAP + edge
    figure = new_figure(full_width, full_height)
    tops = [top + i * (height + GAP) for i in range(len(grids))]
    rows = len(labels) // len(grids)
    for i, label in enumerate(labels):
        middle = tops[i // rows] + height * (i % rows + 0.5) / rows
        write(figure, label, left - 6, middle, ha="right", fontsize=8)
    write(figure, title, edge, top / 2, fontsize=10)
    picture = to_array(figure)
    for start, grid in zip(tops, grids, strict=True):
        paste(picture, grid, left, start)
    return picture


def shared_labels(
    figure: "Figure", title: str, x_label: str = "", y_label: str = ""
) -> None:
    """Title and labels for all panels, and the room that these take."""
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    figure.suptitle(title, x=0.01, y=0.99, ha="left", va="top", fontsize=11)
    figure.supxlabel(x_label, fontsize=9, y=6 / height, va="bottom")
    figure.supylabel(y_label, fontsize=9, x=6 / width, ha="left")
    figure.subplots_adjust(
        left=(60 if y_label else 20) / width,
        right=1 - 15 / width,
        bottom=(50 if x_label else 32) / height,
        top=1 - 54 / height,
        hspace=0.45,
        wspace=0.25 if y_label else 0.12,
    )
