"""Plots on matplotlib figures of their own, without pyplot's global state."""

import math

import numpy as np

DATA_COLOR = "#9a9a9a"
MODEL_COLOR = "#1f6fb4"
SECOND_COLOR = "#d1603d"
PIXELS_PER_INCH = 100


def new_figure(width: float, height: float):
    """An empty figure; sizes in pixels."""
    from matplotlib.figure import Figure

    size = (width / PIXELS_PER_INCH, height / PIXELS_PER_INCH)
    return Figure(figsize=size, dpi=PIXELS_PER_INCH, facecolor="white")


def new_panels(count: int, width=330, height=270, columns=4, **kwargs):
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


def tidy(panel) -> None:
    """Light grid behind the data, no frame on the right and on top."""
    panel.grid(True, color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=8)
    panel.title.set_fontsize(10)


def to_array(figure) -> np.ndarray:
    """Draws the figure: uint8 `(height, width, 3)`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def class_colors(num_classes: int) -> np.ndarray:
    """A colour for each class, `(num_classes, 4)`."""
    import matplotlib

    if num_classes <= 10:
        return matplotlib.colormaps["tab10"](np.arange(num_classes))
    if num_classes <= 20:
        return matplotlib.colormaps["tab20"](np.arange(num_classes))
    return matplotlib.colormaps["turbo"](np.linspace(0, 1, num_classes))


def beside_legend(figure, axes, **margins) -> None:
    """Leaves room for a legend right of the panel."""
    figure.subplots_adjust(**margins)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=8,
        markerscale=3,
        borderaxespad=0,
    )


def labelled_rows(grid: np.ndarray, labels, title: str) -> np.ndarray:
    """Writes a label beside each row of an image grid, and a title above.

    The grid's pixels stay as they are.

    Args:
        grid: uint8 `(height, width, 1 or 3)` of `len(labels)` equal rows.
        labels: a text for each row.
        title: of the picture.
    """
    height, width = grid.shape[:2]
    left, top, edge = 14 + 7 * max(map(len, labels)), 34, 6
    full_width = left + max(width, 9 * len(title) - left) + edge
    full_height = top + height + edge
    figure = new_figure(full_width, full_height)
    for row, label in enumerate(labels):
        middle = top + height * (row + 0.5) / len(labels)
        figure.text(
            (left - 6) / full_width,
            1 - middle / full_height,
            label,
            ha="right",
            va="center",
            fontsize=8,
        )
    figure.text(
        edge / full_width, 1 - 0.5 * top / full_height, title, va="center"
    )
    picture = to_array(figure)
    picture[top : top + height, left : left + width] = grid
    return picture
