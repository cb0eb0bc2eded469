import numpy as np

from tfgen.pictures import examples, figures
from tfgen.pictures.image_grid import image_grid

REACH = 2.5
STEPS = 11


def traversals_picture(
    model,
    source=None,
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
        seed: of the latents that stay, where the model has no encoder; else
            they are 0.
        label: class shown, for class-conditional models.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if the data are no images.
    """
    if not examples.is_image(model):
        raise ValueError(
            f"the model's data have shape {tuple(model.data_shape)}; "
            "traversals are shown of images only."
        )
    base = np.zeros(model.latent_dim, np.float32)
    if "encode" not in model.endpoints():
        rng = np.random.default_rng(seed)
        base = rng.standard_normal(model.latent_dim).astype(np.float32)
    ends = _decode(model, base, range(model.latent_dim), (-REACH, REACH), label)
    activity = np.square(ends[:, 1] - ends[:, 0]).reshape(len(ends), -1)
    activity = activity.mean(axis=1)
    chosen = np.argsort(-activity, kind="stable")[:num_latents]
    images = _decode(
        model, base, chosen, np.linspace(-REACH, REACH, STEPS), label
    )
    images = images.reshape(-1, *model.data_shape)
    value_range = examples.picture_range(model, source, images)
    grid = image_grid(images, STEPS, value_range)
    title = f"One latent at a time, from -{REACH} to {REACH}"
    if model.num_classes:
        title += f"; class {examples.class_name(source, label)}"
    names = [f"latent {i + 1}" for i in chosen]
    return figures.labelled_rows([grid], names, title)


def _decode(model, base, latents, values, label):
    """Images `(latents, values, *data_shape)`."""
    rows = np.tile(base, (len(latents), len(values), 1))
    for row, latent in zip(rows, latents, strict=True):
        row[:, latent] = values
    rows = rows.reshape(-1, len(base))
    labels = np.full(len(rows), label) if model.num_classes else None
    images = model.decode(rows, labels)
    return images.reshape(len(latents), len(values), *model.data_shape)
