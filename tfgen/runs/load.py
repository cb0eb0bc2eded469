"""load: a trained model by its run's folder or its file."""

import os
import pathlib

import keras

from tfgen.models import GenerativeModel
from tfgen.runs.on_files import read_model


def load(path: str | os.PathLike) -> GenerativeModel:
    """Return the model of a run, or of a `.keras` file.

    It knows how its data were read, so
    `tfgen.data.load(file, like=model)` reads others like them.

    Args:
        path: folder of a run of `tfgen train`, of a trial of `tfgen tune`, or
            a `.keras` file.

    Raises:
        ValueError: if there is no such model, or it cannot be loaded.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), latent_dim=1)
    >>> vae.save("vae.keras")
    >>> tfgen.load("vae.keras").sample(3, seed=0).shape
    (3, 2)
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        return read_model(path)
    if not path.is_file():
        raise ValueError(
            f"No file at {str(path)!r}; expected a .keras file, or the folder "
            "of a run."
        )
    return keras.models.load_model(path)
