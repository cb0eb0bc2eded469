from collections.abc import Sequence

import numpy as np

from tfgen.data import Column, Source
from tfgen.data.row_numbers import are_mixed
from tfgen.models import GenerativeModel
from tfgen.pictures import examples, figures
from tfgen.pictures.images import image_grid
from tfgen.pictures.mixed_columns import column_panels

MOST_CLASSES = 32
MOST_IN_A_ROW = 16
POINTS = 1000


def samples_picture(
    model: GenerativeModel,
    source: Source | None = None,
    num_samples: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Shows what the model generates.

    Images: a grid; of a class-conditional model one row a class (the first
    32). Points in the plane: generated points over real ones. Tables: a
    histogram of each column, the first 12, generated against real, in the
    columns' own units and bounds, booleans as 0 and 1; generated values far
    outside the real ones count in the outermost bars. Of categories their
    shares.

    Args:
        model: a `GenerativeModel`.
        source: a `tfgen.data.Source` of real data to compare with.
        num_samples: how many; default 64 images, 1000 points or table rows.
        seed: seed of `model.sample`.

    Returns:
        uint8 `(height, width, 1 or 3)`.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), network="mlp")
    >>> tfgen.pictures.samples_picture(vae, num_samples=4).shape
    (98, 98, 1)
    """
    source = examples.read(model, source)
    if examples.is_image(model):
        num_samples = 64 if num_samples is None else num_samples
        if model.num_classes:
            return _classes(model, source, num_samples, seed)
        images = model.sample(num_samples, seed=seed)
        value_range = examples.picture_range(model, source, images)
        return image_grid(images, value_range=value_range)
    num_samples = POINTS if num_samples is None else num_samples
    real, labels = None, None
    if source is not None:
        real, labels = examples.fixed_rows(
            source, max(num_samples, POINTS), seed
        )
        real = examples.original_units(source, real)
    if model.num_classes and labels is not None:
        # Classes as often as in the data, else the two could not be compared.
        labels = np.resize(labels, num_samples)
    else:
        labels = None
    generated = model.sample(num_samples, seed=seed, labels=labels)
    generated = examples.original_units(source, generated)
    columns = None if source is None else source.columns
    if not are_mixed(columns):
        generated = _as_in_files(generated, columns)
    names = examples.column_names(model, source)
    return against_real(generated, real, names, columns)


def against_real(
    generated: np.ndarray,
    real: np.ndarray | None,
    names: Sequence[str],
    columns: Sequence[Column] | None = None,
) -> np.ndarray:
    """A scatter plot of two columns, a histogram of each of more.

    Of a mixed table a panel for each column, of categories their shares.

    Args:
        generated: rows, shape `(n, columns)`.
        real: rows in the same units, or None.
        names: of the numbers of a row.
        columns: of the table, if they are known.
    """
    if are_mixed(columns):
        return column_panels(generated, real, columns, _histogram)
    if generated.shape[1] == 2:
        return _scatter(generated, real, names)
    return _histograms(generated, real, names)


def _classes(model, source, num_samples, seed):
    classes = min(model.num_classes, MOST_CLASSES)
    columns = int(np.clip(num_samples // classes, 1, MOST_IN_A_ROW))
    labels = np.repeat(np.arange(classes), columns)
    images = model.sample(len(labels), seed=seed, labels=labels)
    value_range = examples.picture_range(model, source, images)
    grid = image_grid(images, columns, value_range)
    names = [examples.class_name(source, label) for label in range(classes)]
    return figures.labelled_rows([grid], names, "Samples by class")


def _as_in_files(generated, columns):
    """Within the bounds of its column, and booleans as 0 or 1."""
    if not columns:
        return generated
    low, high = zip(*((c.low, c.high) for c in columns), strict=True)
    truth = [column.kind == "boolean" for column in columns]
    return np.where(truth, generated >= 0.5, np.clip(generated, low, high))


def _scatter(generated, real, names):
    figure, axes = figures.square_panel(names, "Samples")
    if real is not None:
        figures.points(axes, real, figures.DATA_COLOR, "real")
    figures.points(axes, generated, figures.MODEL_COLOR, "generated", alpha=0.7)
    _view_of(axes, generated if real is None else real)
    axes.legend(loc="upper right", fontsize=8, markerscale=2)
    return figures.to_array(figure)


def _view_of(axes, points):
    """Keeps the view on the real data, with room around it."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, 0.65 * np.maximum(high - low, 1e-6)
    axes.set_xlim(middle[0] - half[0], middle[0] + half[0])
    axes.set_ylim(middle[1] - half[1], middle[1] + half[1])


def _histograms(generated, real, names):
    figure, panels, title = figures.new_columns(names, "Samples", 200)
    for i, axes in enumerate(panels):
        _histogram(axes, generated[:, i], None if real is None else real[:, i])
        axes.set_yticks([])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper right", ncols=2, frameon=False, fontsize=9
    )
    figures.shared_labels(figure, title)
    return figures.to_array(figure)


def _histogram(axes, generated, real):
    bins = _bins(generated[np.isfinite(generated)] if real is None else real)
    # What lies outside shows as a pile at the border.
    generated = np.clip(np.nan_to_num(generated), bins[0], bins[-1])
    if real is not None:
        axes.hist(
            real, bins, density=True, color=figures.DATA_COLOR, label="real"
        )
    axes.hist(
        generated,
        bins,
        density=True,
        histtype="step",
        linewidth=1.6,
        color=figures.MODEL_COLOR,
        label="generated",
    )


def _bins(values):
    """Edges of equal bins: of the range of values, and a quarter beside it."""
    values = np.float64(values if len(values) else [0, 1])
    low, high = values.min(), values.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    count = int(np.clip(4 / 3 * np.sqrt(len(values)), 7, 24)) | 1
    beside = -(-count // 4)
    # An edge at the least value, and none at the greatest: else those of a
    # common bound, such as the 0 of an income, would show outside of it.
    step = (high - low) / count * (1 + 1e-9)
    return low + step * np.arange(-beside, count + beside + 1)
