import numpy as np

from tfgen.pictures import examples, figures
from tfgen.pictures.image_grid import image_grid

COLUMNS = 12
NAMES = ("data", "reconstructed", "sampled")


def side_by_side_picture(
    model, source, num_examples: int = 24, seed: int = 0
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
        seed: of the choice of examples and of the samples.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images, or the source has no labels
            that the model needs.
    """
    if not examples.is_image(model):
        raise ValueError(
            f"the model's data have shape {tuple(model.data_shape)}; data, "
            "reconstructions and samples are shown side by side of images "
            "only: see reconstructions_picture and samples_picture."
        )
    x, labels = examples.fixed_rows(source, num_examples, seed)
    labels = examples.labels_for(model, labels)
    value_range = examples.picture_range(model, source, x)
    blocks = (
        x,
        model.reconstruct(x, labels),
        model.sample(len(x), seed=seed, labels=labels),
    )
    columns = min(COLUMNS, len(x))
    grids = [image_grid(block, columns, value_range) for block in blocks]
    return figures.labelled_rows(grids, NAMES, "Data, reconstructions, samples")
