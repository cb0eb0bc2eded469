import numpy as np
import tensorflow as tf

from tfgen.training.files import written_whole


def write_png(path, array) -> None:
    """Writes a PNG file, whole or not at all.

    Args:
        path: of the file.
        array: uint8 `(height, width, 1 or 3)`, or `(height, width)`.

    Raises:
        ValueError: if the array is no such picture.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    if (
        array.dtype != np.uint8
        or array.ndim != 3
        or array.shape[-1] not in (1, 3)
    ):
        raise ValueError(
            f"the picture is {array.dtype} of shape {array.shape}, expected "
            "uint8 of shape (height, width, 1 or 3): tfgen.pictures.image_grid "
            "makes one of images."
        )
    with written_whole(path) as temporary:
        temporary.write_bytes(tf.io.encode_png(array).numpy())
