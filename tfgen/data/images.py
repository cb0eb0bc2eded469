"""Sizes and colours of images."""

import numpy as np

COLOR_MODES = ("grayscale", "rgb")
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601-2
_RESIZE_ROWS = 1024


def check_image_size(
    image_size: int | tuple[int, int] | None,
) -> tuple[int, int] | None:
    """Return `(height, width)`, or None for None."""
    if image_size is None:
        return None
    pair = (
        tuple(image_size)
        if isinstance(image_size, (tuple, list))
        else (image_size, image_size)
    )
    if len(pair) != 2 or not all(
        isinstance(size, (int, np.integer)) and size > 0 for size in pair
    ):
        raise ValueError(
            f"image_size is {image_size!r}; expected a positive whole number, "
            "or (height, width)."
        )
    return int(pair[0]), int(pair[1])


def channels_of(color_mode: str | None, otherwise: int) -> int:
    """Return the channels of a colour mode, or of None those of the data."""
    return {None: otherwise, "grayscale": 1, "rgb": 3}[color_mode]


def check_color_mode(color_mode: str | None) -> str | None:
    """Return the colour mode; ValueError unless known."""
    if color_mode is not None and color_mode not in COLOR_MODES:
        raise ValueError(
            f"color_mode is {color_mode!r}; expected 'grayscale' or 'rgb'."
        )
    return color_mode


def convert_arrays(
    x: np.ndarray,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
) -> np.ndarray:
    """Return images `(n, h, w, c)` resized and converted, in their dtype."""
    size = check_image_size(image_size)
    channels = channels_of(check_color_mode(color_mode), x.shape[3])
    size = x.shape[1:3] if size is None else size
    if (*size, channels) == x.shape[1:]:
        return x
    converted = np.empty((len(x), *size, channels), x.dtype)
    for start in range(0, len(x), _RESIZE_ROWS):
        rows = np.asarray(x[start : start + _RESIZE_ROWS], np.float32)
        rows = _resize(_convert_colors(rows, channels), size)
        if x.dtype.kind in "ui":
            rows = np.rint(rows)
        converted[start : start + len(rows)] = rows
    return converted


def _convert_colors(x: np.ndarray, channels: int) -> np.ndarray:
    if x.shape[3] == channels:
        return x
    if channels == 3:
        return np.repeat(x, 3, axis=3)
    return (x @ _LUMINANCE)[..., None]


def _resize(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import tensorflow as tf

    if x.shape[1:3] == size:
        return x
    resized = tf.image.resize(x, size, method="bilinear", antialias=True)
    return np.clip(resized.numpy(), x.min(), x.max())
