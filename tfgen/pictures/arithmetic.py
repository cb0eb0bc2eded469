import numpy as np

from tfgen.pictures import examples, figures
from tfgen.pictures.image_grid import image_grid


def arithmetic_picture(
    model,
    source,
    start: int,
    end: int,
    num_examples: int = 6,
    steps: int = 7,
    seed: int = 0,
) -> np.ndarray:
    """Shows examples of a class becoming examples of another, by latents.

    The difference between the mean latents of the two classes is added to
    the latents of examples of the first, in equal steps from none of it to
    all of it. In each row the example itself comes first.

    Args:
        model: a model of images that encodes and decodes, not conditional.
        source: a `tfgen.data.Source` with labels.
        start: label of the class that is left.
        end: label of the class that is entered.
        num_examples: rows.
        steps: decoded images in a row.
        seed: of the choice of examples.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images, the source has no labels or no
            examples of a class, or the model is conditional: its latents
            leave out what the class says.

    Reference:
        Larsen et al. (2016), "Autoencoding beyond pixels using a learned
        similarity metric", section 4.2 (attribute vectors).
    """
    _check(model, source, start, end)
    x = [_of_class(source, label, seed) for label in (start, end)]
    means = [model.encode(each).mean(axis=0) for each in x]
    shown = x[0][:num_examples]
    weights = np.linspace(0.0, 1.0, steps, dtype=np.float32)[None, :, None]
    latents = model.encode(shown)[:, None] + weights * (means[1] - means[0])
    decoded = model.decode(latents.reshape(-1, latents.shape[-1]))
    decoded = decoded.reshape(len(shown), steps, *decoded.shape[1:])
    images = np.concatenate([shown[:, None], decoded], axis=1)
    grid = image_grid(
        images.reshape(-1, *images.shape[2:]),
        steps + 1,
        examples.picture_range(model, source, shown),
    )
    names = [examples.class_name(source, label) for label in (start, end)]
    title = f"Data, then latents + t (mean of {names[1]} - mean of {names[0]})"
    labels = [str(i + 1) for i in range(len(shown))]
    return figures.labelled_rows([grid], labels, title)


def _of_class(source, label, seed):
    """At most 1000 examples of a class, in an order by the seed."""
    rows = np.flatnonzero(source.labels == label)
    order = np.random.default_rng(seed).permutation(len(rows))
    return source.rows(rows[order[: examples.MOST_EXAMPLES]])[0]


def _check(model, source, start, end):
    if not examples.is_image(model):
        raise ValueError(
            f"the model's data have shape {tuple(model.data_shape)}; sums of "
            "latents are shown of images only."
        )
    if model.num_classes:
        raise ValueError(
            "the model is conditional, so that its latents leave out what "
            "the class says: decode the latents with another label instead."
        )
    if source.labels is None:
        raise ValueError("the source has no labels: pass one that has.")
    for label in (start, end):
        if label not in source.labels:
            raise ValueError(
                f"the source has no examples of class {label}, expected one "
                f"of {', '.join(map(str, np.unique(source.labels)))}."
            )
