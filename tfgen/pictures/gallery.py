import numpy as np

from tfgen.data import Source
from tfgen.models import GenerativeModel
from tfgen.pictures import examples
from tfgen.pictures.latent_walks import traversals_picture
from tfgen.pictures.latents import latents_picture
from tfgen.pictures.reconstructions import (
    reconstructions_picture,
    side_by_side_picture,
)
from tfgen.pictures.samples import samples_picture


def gallery(
    model: GenerativeModel,
    source: Source | None = None,
    num_samples: int | None = None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Draws all pictures that the model and the source allow.

    `samples` always; with a source, if the model encodes, `reconstructions`,
    `latents` and, for images, `side_by_side` (data, reconstructions and
    samples); `traversals` for images, if it decodes latents.

    Args:
        model: a `GenerativeModel`.
        source: a `tfgen.data.Source`, or None.
        num_samples: see `samples_picture`.
        seed: seed of samples and of the choice of examples.

    Returns:
        Dict of name to uint8 `(height, width, 1 or 3)`; empty for data of
        other shapes, such as images of 4 channels.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), network="mlp")
    >>> ring = tfgen.data.load("ring", "test")
    >>> list(tfgen.pictures.gallery(vae, ring))
    ['samples', 'reconstructions', 'latents']
    """
    if not examples.can_show(model):
        return {}
    pictures = {"samples": samples_picture(model, source, num_samples, seed)}
    is_image = examples.is_image(model)
    labelled = source is not None and (
        not model.num_classes or source.num_classes
    )
    if model.encodes and labelled:
        if is_image:
            pictures["side_by_side"] = side_by_side_picture(
                model, source, seed=seed
            )
        pictures["reconstructions"] = reconstructions_picture(
            model, source, seed=seed
        )
        pictures["latents"] = latents_picture(model, source, seed=seed)
    if is_image and "decode" in model.endpoints():
        pictures["traversals"] = traversals_picture(model, source, seed=seed)
    return pictures
