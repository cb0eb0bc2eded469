import math

import numpy as np

SEPARATOR_WIDTH = 2
SEPARATOR_VALUE = 128
READABLE_SIDE = 48
LARGEST_WIDTH = 1600


def image_grid(
    images,
    columns: int | None = None,
    value_range: tuple[float, float] | None = (0, 1),
    scale: int | None = None,
) -> np.ndarray:
    """Arranges images in a grid, row by row, with thin grey lines between.

    Args:
        images: `(n, height, width, 1 or 3)`, grey or colour.
        columns: images in a row; default: as square as it gets.
        value_range: the values shown as black and white; what lies outside
            is clipped. None: the images' smallest and largest value.
        scale: whole factor by which pixels are enlarged; default: so that
            an image is at least 48 pixels wide and high.

    Returns:
        uint8 `(rows * height + ..., columns * width + ..., 1 or 3)`.

    Raises:
        ValueError: if these are no grey or colour images, or a number is not
            positive.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"images have shape {images.shape}, expected (n, height, width, 1) "
            "for grey or (n, height, width, 3) for colour images."
        )
    count, height, width, channels = images.shape
    columns = _positive(columns, math.ceil(math.sqrt(count)), "columns")
    scale = _positive(scale, _readable(height, width, columns), "scale")
    pixels = _enlarged(to_pixels(images, value_range), scale)
    rows = math.ceil(count / columns)
    step_down = height * scale + SEPARATOR_WIDTH
    step_right = width * scale + SEPARATOR_WIDTH
    shape = (
        rows * step_down - SEPARATOR_WIDTH,
        columns * step_right - SEPARATOR_WIDTH,
        channels,
    )
    grid = np.full(shape, SEPARATOR_VALUE, np.uint8)
    for i, image in enumerate(pixels):
        top, left = i // columns * step_down, i % columns * step_right
        grid[top : top + height * scale, left : left + width * scale] = image
    return grid


def to_pixels(images, value_range=None) -> np.ndarray:
    """Brings values to uint8, clipped; values that are not numbers to black.

    Raises:
        ValueError: if the range is empty.
    """
    images = np.asarray(images, np.float64)
    if value_range is None:
        finite = images[np.isfinite(images)]
        low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
        high = high if high > low else low + 1
    else:
        low, high = value_range
    if not low < high:
        raise ValueError(
            f"value_range is {value_range}, expected (low, high) with low "
            "below high."
        )
    shares = np.nan_to_num((images - low) / (high - low), posinf=1, neginf=0)
    return np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _enlarged(images, scale):
    return images.repeat(scale, axis=1).repeat(scale, axis=2)


def _readable(height, width, columns):
    wanted = math.ceil(READABLE_SIDE / min(height, width))
    return max(1, min(wanted, LARGEST_WIDTH // (columns * width)))


def _positive(number, default, name):
    number = default if number is None else number
    if number != int(number) or number < 1:
        raise ValueError(f"{name} is {number}, expected a whole number from 1.")
    return int(number)
