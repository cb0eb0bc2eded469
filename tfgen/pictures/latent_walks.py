"""Pictures of what the decoder makes of moves through the latents."""

import numpy as np

from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.pictures import examples, figures
from tfgen.pictures.images import image_grid

REACH = 2.5
STEPS = 11


def traversals_picture(
    model: GenerativeModel,
    source: Source | None = None,
    num_latents: int = 8,
    seed: int = 0,
    label: int = 0,
) -> np.ndarray:
    """Shows what single latents do to an image.

    One row for each of the most active latents, the most active on top: it
    goes from -2.5 to 2.5 standard deviations of the prior while the others
    stay. A latent is the more active, the more the image changes between the
    two ends (mean squared difference).

    Args:
        model: a model of images with `decode`.
        source: a `tfgen.data.Source`, for the range and the class names.
        num_latents: most rows.
        seed: seed of the latents that stay, where the model has no encoder;
            else they are 0.
        label: class shown, for class-conditional models.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), network="mlp")
    >>> tfgen.pictures.traversals_picture(vae).shape
    (438, 631, 3)
    """
    examples.check_images(model, "traversals")
    base = np.zeros(model.latent_dim, np.float32)
    if not model.encodes:
        rng = np.random.default_rng(seed)
        base = rng.standard_normal(model.latent_dim).astype(np.float32)
    ends = _decode(model, base, range(model.latent_dim), (-REACH, REACH), label)
    activity = np.square(ends[:, 1] - ends[:, 0]).reshape(len(ends), -1)
    activity = activity.mean(axis=1)
    chosen = np.argsort(-activity, kind="stable")[:num_latents]
    values = np.linspace(-REACH, REACH, STEPS)
    images = _decode(model, base, chosen, values, label)
    value_range = examples.picture_range(model, source, images)
    title = f"One latent at a time, from -{REACH} to {REACH}"
    if model.num_classes:
        title += f"; class {examples.class_name(source, label)}"
    names = [f"latent {i + 1}" for i in chosen]
    return _rows(images, value_range, names, title)


def interpolations_picture(
    model: GenerativeModel,
    source: Source | None = None,
    num_examples: int = 8,
    steps: int = 9,
    seed: int = 0,
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
        seed: seed of the choice of pairs.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images, or the source is missing or has
            no labels that the model needs.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), network="mlp")
    >>> digits = tfgen.data.load("digits", "test")
    >>> tfgen.pictures.interpolations_picture(vae, digits, 2, steps=5).shape
    (138, 393, 3)
    """
    examples.check_images(model, "interpolations")
    if model.encodes:
        between = _between_examples
        title = "Interpolations between examples (outermost)"
    else:
        between = _between_draws
        title = "Interpolations between draws of latents"
    images, labels = between(model, source, num_examples, steps, seed)
    value_range = examples.picture_range(model, source, images[:, 0])
    names = range(1, 1 + len(images))
    if labels is not None:
        names = [examples.class_name(source, label) for label in labels]
    return _rows(images, value_range, names, title)


def arithmetic_picture(
    model: GenerativeModel,
    source: Source,
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
        seed: seed of the choice of examples.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images, the source has no labels or no
            examples of a class, or the model is conditional: its latents
            leave out what the class says.

    Reference:
        Larsen et al. (2016), "Autoencoding beyond pixels using a learned
        similarity metric", section 4.2 (attribute vectors).

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), network="mlp")
    >>> digits = tfgen.data.load("digits", "test")
    >>> tfgen.pictures.arithmetic_picture(vae, digits, 3, 8, 2).shape
    (138, 425, 3)
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
    value_range = examples.picture_range(model, source, shown)
    names = [examples.class_name(source, label) for label in (start, end)]
    title = f"Data, then latents + t (mean of {names[1]} - mean of {names[0]})"
    return _rows(images, value_range, range(1, 1 + len(images)), title)


def _rows(images, value_range, names, title):
    """Images `(rows, columns, *data_shape)`, a name beside each row."""
    columns = images.shape[1]
    images = images.reshape(-1, *images.shape[2:])
    grid = image_grid(images, columns, value_range)
    return figures.labelled_rows([grid], list(map(str, names)), title)


def _decode(model, base, latents, values, label):
    """Images `(latents, values, *data_shape)`."""
    rows = np.tile(base, (len(latents), len(values), 1))
    for row, latent in zip(rows, latents, strict=True):
        row[:, latent] = values
    rows = rows.reshape(-1, len(base))
    labels = np.full(len(rows), label) if model.num_classes else None
    images = model.decode(rows, labels)
    return images.reshape(len(latents), len(values), *model.data_shape)


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


def _between_draws(model, source, count, steps, seed):
    rng = np.random.default_rng(seed)
    start, end = rng.standard_normal((2, count, model.latent_dim), np.float32)
    labels = None
    if model.num_classes:
        labels = np.arange(count) % model.num_classes
    return model.interpolate(start, end, steps, labels), labels


def _of_class(source, label, seed):
    """At most 1000 examples of a class, in an order by the seed."""
    rows = np.flatnonzero(source.labels == label)
    order = np.random.default_rng(seed).permutation(len(rows))
    return source.rows(rows[order[: examples.MOST_EXAMPLES]])[0]


def _check(model, source, start, end):
    examples.check_images(model, "sums of latents")
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
