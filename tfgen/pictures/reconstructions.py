import numpy as np

from tfgen.pictures import examples, figures
from tfgen.pictures.image_grid import image_grid

MOST_COLUMNS = 12
POINTS = 300


def reconstructions_picture(
    model, source, num_examples: int | None = None, seed: int = 0
) -> np.ndarray:
    """Shows data beside what the model makes of it.

    Images: rows of data, each above the row of its reconstructions. Points
    in the plane: each joined to its reconstruction by a line. Tables: of each
    column, the first 12, the reconstructed against the true value.

    Args:
        model: a model with `reconstruct`.
        source: a `tfgen.data.Source`.
        num_examples: how many; default 32 images, 300 points or rows.
        seed: of the choice of examples.

    Returns:
        uint8 `(height, width, 1 or 3)`.
    """
    if num_examples is None:
        num_examples = 32 if examples.is_image(model) else POINTS
    x, labels = examples.fixed_rows(source, num_examples, seed)
    labels = examples.labels_for(model, labels)
    reconstructed = model.reconstruct(x, labels)
    if examples.is_image(model):
        return _pairs(model, source, x, reconstructed)
    x = examples.original_units(source, x)
    reconstructed = examples.original_units(source, reconstructed)
    names = examples.column_names(model, source)
    if examples.is_plane(model):
        return _lines(x, reconstructed, names)
    return _panels(x, reconstructed, names)


def _pairs(model, source, x, reconstructed):
    columns = min(len(x), 8 if len(x) <= 32 else 16)
    rows = -(-len(x) // columns)
    shape = (rows, 2, columns, *x.shape[1:])
    low, high = examples.picture_range(model, source, x)
    images = np.full((2, rows * columns, *x.shape[1:]), low, np.float32)
    images[0, : len(x)] = x
    images[1, : len(x)] = reconstructed
    images = images.reshape(2, *shape[:1], *shape[2:]).swapaxes(0, 1)
    grid = image_grid(images.reshape(-1, *x.shape[1:]), columns, (low, high))
    names = ["data", "model"] * rows
    return figures.labelled_rows(grid, names, "Reconstructions")


def _lines(x, reconstructed, names):
    figure = figures.new_figure(620, 600)
    axes = figure.subplots()
    figures.tidy(axes)
    pairs = np.stack([x, reconstructed], axis=1)
    for pair in pairs:
        axes.plot(*pair.T, color="#cccccc", linewidth=0.8, zorder=1)
    axes.scatter(*x.T, s=12, color=figures.DATA_COLOR, lw=0, label="data")
    axes.scatter(
        *reconstructed.T,
        s=12,
        color=figures.MODEL_COLOR,
        lw=0,
        label="reconstructed",
    )
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_title("Reconstructions", fontsize=10)
    axes.legend(loc="upper right", fontsize=8, markerscale=2)
    figure.subplots_adjust(left=0.1, right=0.97, bottom=0.09, top=0.94)
    return figures.to_array(figure)


def _panels(x, reconstructed, names):
    count = min(len(names), MOST_COLUMNS)
    figure, panels = figures.new_panels(count, 260, 240)
    for i, axes in enumerate(panels):
        low, high = x[:, i].min(), x[:, i].max()
        axes.plot([low, high], [low, high], color=figures.DATA_COLOR, lw=1)
        axes.scatter(
            x[:, i],
            reconstructed[:, i],
            s=9,
            color=figures.MODEL_COLOR,
            alpha=0.6,
            lw=0,
        )
        axes.set_title(names[i], fontsize=9)
    figure.suptitle(
        "Reconstructed (upwards) against true value (to the right)",
        x=0.02,
        y=0.99,
        ha="left",
        va="top",
        fontsize=11,
    )
    height = figure.get_figheight() * figures.PIXELS_PER_INCH
    figure.subplots_adjust(
        left=0.05,
        right=0.98,
        bottom=32 / height,
        top=1 - 54 / height,
        hspace=0.4,
        wspace=0.25,
    )
    return figures.to_array(figure)
