import numpy as np

from tfgen.pictures import examples, figures
from tfgen.pictures.image_grid import image_grid


def interpolations_picture(
    model, source=None, num_examples: int = 8, steps: int = 9, seed: int = 0
) -> np.ndarray:
    """Shows what lies between pairs of images, each in a row.

    Of a model that encodes: two examples of the data at the ends of the row,
    between them the line between their latents, decoded. Of others: the arc
    between two draws of latents. The pairs of class-conditional models are of
    one class.

    Args:
        model: a model of images with `interpolate`.
        source: a `tfgen.data.Source`; models that encode need one.
        num_examples: pairs, one a row.
        steps: images on a line, its ends included.
        seed: of the choice of pairs.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images, or the source is missing or has
            no labels that the model needs.
    """
    if not examples.is_image(model):
        raise ValueError(
            f"the model's data have shape {tuple(model.data_shape)}; "
            "interpolations are shown of images only."
        )
    if "encode" in model.endpoints():
        images, labels = _between_examples(
            model, source, num_examples, steps, seed
        )
        title = "Interpolations between examples (outermost)"
    else:
        images, labels = _between_draws(model, num_examples, steps, seed)
        title = "Interpolations between draws of latents"
    value_range = examples.picture_range(model, source, images[:, 0])
    columns = images.shape[1]
    grid = image_grid(
        images.reshape(-1, *images.shape[2:]), columns, value_range
    )
    names = [str(i + 1) for i in range(len(images))]
    if labels is not None:
        names = [examples.class_name(source, label) for label in labels]
    return figures.labelled_rows([grid], names, title)


def _between_examples(model, source, count, steps, seed):
    if source is None:
        raise ValueError(
            "the model encodes, so its interpolations join examples: pass a "
            "source."
        )
    start, end = _pairs(model, source, count, seed)
    (first, labels), (last, _) = source.rows(start), source.rows(end)
    labels = examples.labels_for(model, labels)
    between = model.interpolate(first, last, steps, labels)
    ends = first[:, None], last[:, None]
    return np.concatenate([ends[0], between, ends[1]], axis=1), labels


def _pairs(model, source, count, seed):
    """Indices of both ends, of one class if the model wants classes."""
    rng = np.random.default_rng(seed)
    start = rng.integers(len(source), size=count)
    end = rng.integers(len(source), size=count)
    labels = examples.labels_for(model, source.labels)
    if labels is not None:
        end = [rng.choice(np.flatnonzero(labels == labels[i])) for i in start]
    return start, np.asarray(end)


def _between_draws(model, count, steps, seed):
    rng = np.random.default_rng(seed)
    start, end = rng.standard_normal((2, count, model.latent_dim), np.float32)
    labels = None
    if model.num_classes:
        labels = np.arange(count) % model.num_classes
    return model.interpolate(start, end, steps, labels), labels
