import numpy as np

from tfgen.pictures import figures
from tfgen.pictures.images import image_grid

MOST_IN_A_ROW = 8


def shares_picture(
    images: np.ndarray,
    shares: np.ndarray,
    value_range: tuple[float, float] = (0, 1),
) -> np.ndarray:
    """Shows what in images makes them odd.

    Each image stands above a map of its pixels: the redder, the more the pixel
    adds to how odd the image is, up to the largest of the image's shares.
    Pixels that are as likely as usual, or likelier, are white.

    Args:
        images: `(n, height, width, 1 or 3)`.
        shares: of each value, in the shape of the images, as
            `tfgen.detection.Detector.explain` gives them. Those of a pixel's
            channels are added up.
        value_range: the values shown as black and white.

    Returns:
        uint8 `(height, width, 3)`.

    Example:
    >>> x = np.random.default_rng(0).random((6, 8, 8, 1))
    >>> tfgen.pictures.shares_picture(x, x - 0.5).shape
    (144, 360, 3)
    """
    columns = min(len(images), MOST_IN_A_ROW)
    missing = ((0, -len(images) % columns), (0, 0), (0, 0), (0, 0))
    images = np.pad(images, missing, constant_values=value_range[0])
    maps = np.pad(_red(shares), missing, constant_values=1.0)
    grids = []
    for start in range(0, len(images), columns):
        row = slice(start, start + columns)
        grids.append(image_grid(images[row], columns, value_range))
        grids.append(image_grid(maps[row], columns))
    names = ["data", "shares"] * (len(grids) // 2)
    return figures.labelled_rows(grids, names, "What is odd, and where")


def _red(shares):
    """White where a pixel adds nothing, red where it adds most."""
    each = np.sum(shares, axis=-1, keepdims=True).clip(0)
    most = each.max(axis=(1, 2, 3), keepdims=True)
    strength = each / np.where(most > 0, most, 1.0)
    return 1.0 - strength * np.array([0.0, 1.0, 1.0])
