import numpy as np

from tfgen.data import Source
from tfgen.data.row_numbers import are_mixed
from tfgen.models import GenerativeModel
from tfgen.pictures import examples, figures
from tfgen.pictures.images import image_grid
from tfgen.pictures.mixed_columns import reconstructed_panels

MOST_IN_A_ROW = 8
POINTS = 300
BLOCK_COLUMNS = 12
BLOCKS = ("data", "reconstructed", "sampled")


def reconstructions_picture(
    model: GenerativeModel,
    source: Source,
    num_examples: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Shows data beside what the model makes of it.

    Images: rows of data, each above the row of its reconstructions. Points
    in the plane: each joined to its reconstruction by a line. Tables: of each
    column, the first 12, the reconstructed against the true value; of
    categories how often each true one becomes which.

    Args:
        model: a model with `reconstruct`.
        source: a `tfgen.data.Source`.
        num_examples: how many; default 32 images, 300 points or rows.
        seed: seed of the choice of examples.

    Returns:
        uint8 `(height, width, 1 or 3)`.

    Raises:
        ValueError: if the source has no labels that the model needs.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), network="mlp")
    >>> digits = tfgen.data.load("digits", "test")
    >>> tfgen.pictures.reconstructions_picture(vae, digits, 8).shape
    (138, 453, 3)
    """
    source = examples.read(model, source)
    if num_examples is None:
        num_examples = 32 if examples.is_image(model) else POINTS
    x, labels = examples.fixed_rows(source, num_examples, seed)
    labels = examples.labels_for(model, labels)
    reconstructed = model.reconstruct(x, labels)
    if examples.is_image(model):
        return _pairs(model, source, x, reconstructed)
    x = examples.original_units(source, x)
    reconstructed = examples.original_units(source, reconstructed)
    if are_mixed(source.columns):
        return reconstructed_panels(x, reconstructed, source.columns)
    names = examples.column_names(model, source)
    if examples.is_plane(model):
        return _lines(x, reconstructed, names)
    return _panels(x, reconstructed, names)


def side_by_side_picture(
    model: GenerativeModel,
    source: Source,
    num_examples: int = 24,
    seed: int = 0,
) -> np.ndarray:
    """Shows data, what the model makes of it, and what it draws by itself.

    Three blocks of images: examples, their reconstructions in the same
    places, samples. Sharp reconstructions above samples of nothing tell of
    latents that the prior does not reach; samples sharper than the
    reconstructions of an encoder that says little.

    Args:
        model: a model of images with `reconstruct`.
        source: a `tfgen.data.Source`.
        num_examples: images in a block. Those of a class-conditional model
            are of the same classes in all three.
        seed: seed of the choice of examples and of the samples.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images, or the source has no labels
            that the model needs.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), network="mlp")
    >>> digits = tfgen.data.load("digits", "test")
    >>> tfgen.pictures.side_by_side_picture(vae, digits, 12).shape
    (200, 709, 3)
    """
    examples.check_images(
        model,
        "data, reconstructions and samples side by side",
        ": see reconstructions_picture and samples_picture",
    )
    source = examples.read(model, source)
    x, labels = examples.fixed_rows(source, num_examples, seed)
    labels = examples.labels_for(model, labels)
    value_range = examples.picture_range(model, source, x)
    blocks = (
        x,
        model.reconstruct(x, labels),
        model.sample(len(x), seed=seed, labels=labels),
    )
    columns = min(BLOCK_COLUMNS, len(x))
    grids = [image_grid(block, columns, value_range) for block in blocks]
    return figures.labelled_rows(
        grids, BLOCKS, "Data, reconstructions, samples"
    )


def _pairs(model, source, x, reconstructed):
    columns = min(len(x), MOST_IN_A_ROW)
    value_range = examples.picture_range(model, source, x)
    missing = ((0, -len(x) % columns), (0, 0), (0, 0), (0, 0))
    black = value_range[0]
    x = np.pad(x, missing, constant_values=black)
    reconstructed = np.pad(reconstructed, missing, constant_values=black)
    grids = []
    for start in range(0, len(x), columns):
        row = slice(start, start + columns)
        pairs = np.concatenate([x[row], reconstructed[row]])
        grids.append(image_grid(pairs, columns, value_range))
    names = ["data", "model"] * len(grids)
    return figures.labelled_rows(grids, names, "Reconstructions")


def _lines(x, reconstructed, names):
    from matplotlib.collections import LineCollection

    figure, axes = figures.square_panel(names, "Reconstructions")
    pairs = np.stack([x, reconstructed], axis=1)
    axes.add_collection(
        LineCollection(pairs, colors="#cccccc", linewidths=0.8, zorder=1)
    )
    figures.points(axes, x, figures.DATA_COLOR, "data", 12)
    figures.points(
        axes, reconstructed, figures.MODEL_COLOR, "reconstructed", 12
    )
    axes.legend(loc="upper right", fontsize=8, markerscale=2)
    return figures.to_array(figure)


def _panels(x, reconstructed, names):
    figure, panels, title = figures.new_columns(names, "Reconstructions", 240)
    for i, axes in enumerate(panels):
        figures.against_truth(axes, x[:, i], reconstructed[:, i])
    figures.shared_labels(figure, title, "true value", "reconstructed value")
    return figures.to_array(figure)
