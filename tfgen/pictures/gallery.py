import numpy as np

from tfgen.pictures import examples
from tfgen.pictures.latents import latents_picture
from tfgen.pictures.reconstructions import reconstructions_picture
from tfgen.pictures.samples import samples_picture
from tfgen.pictures.side_by_side import side_by_side_picture
from tfgen.pictures.traversals import traversals_picture


def gallery(
    model, source=None, num_samples: int | None = None, seed: int = 0
) -> dict[str, np.ndarray]:
    """Draws all pictures that the model and the source allow.

    `samples` always; with a source, if the model has these endpoints,
    `reconstructions`, `latents` and, for images, `side_by_side` (data,
    reconstructions and samples); `traversals` for images, if it decodes.

    Args:
        model: a `GenerativeModel`.
        source: a `tfgen.data.Source`, or None.
        num_samples: see `samples_picture`.
        seed: of samples and of the choice of examples.

    Returns:
        Dict of name to uint8 `(height, width, 1 or 3)`; empty for data of
        other shapes, such as images of 4 channels.
    """
    if not examples.can_show(model):
        return {}
    endpoints = model.endpoints()
    pictures = {"samples": samples_picture(model, source, num_samples, seed)}
    labelled = source is not None and (
        not model.num_classes or source.num_classes
    )
    if labelled and "reconstruct" in endpoints:
        if examples.is_image(model):
            pictures["side_by_side"] = side_by_side_picture(
                model, source, seed=seed
            )
        pictures["reconstructions"] = reconstructions_picture(
            model, source, seed=seed
        )
    if labelled and "encode" in endpoints:
        pictures["latents"] = latents_picture(model, source, seed=seed)
    if examples.is_image(model) and "decode" in endpoints:
        pictures["traversals"] = traversals_picture(model, source, seed=seed)
    return pictures
