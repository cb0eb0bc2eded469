"""Histograms of oriented gradients: an image as what its edges look like."""

import math

import numpy as np
import numpy.typing as npt

ORIENTATIONS = 8
CELL = 4
"""Pixels from one histogram to the next."""
BLUR = 0.7
"""Standard deviation in pixels, before gradients are taken."""
POWER = 0.25
"""Of the sums of magnitudes: that an edge is there weighs more than how much
lighter one side of it is."""
CHUNK = 1000


def orientation_histograms(images: npt.ArrayLike) -> np.ndarray:
    """Where in images edges of which orientation lie, as rows of a table.

    The gradient of each pixel counts in two of 8 orientations, by how near
    its angle is to each; light to dark is as dark to light. Magnitudes are
    summed around points 4 pixels apart, under a Gaussian of 2 pixels, and
    the fourth roots of the sums are scaled to a mean square of 1 in each
    row. A density of such rows is to tell odd images from usual ones: edges
    that move by a pixel or change in contrast make none odd.

    Args:
        images: `(n, height, width, channels)`, of 4 pixels or more each way,
            in any range.

    Returns:
        float32 `(n, height // 4 * width // 4 * 8)`, sizes rounded up; zeros
        for an image without edges.

    Raises:
        ValueError: for another shape.

    Reference:
        Dalal and Triggs (2005), "Histograms of oriented gradients for human
        detection", with one scale a row in place of one a block.

    Example:
    >>> x = np.zeros((1, 8, 8, 1))
    >>> x[:, :, 4:] = 1.0  # one upright edge, whose gradient points across
    >>> histograms = tfgen.data.orientation_histograms(x).reshape(2, 2, 8)
    >>> histograms.mean(axis=(0, 1)).argmax()
    np.int64(0)
    """
    images = np.asarray(images)
    if images.ndim != 4 or min(images.shape[1:3]) < CELL:
        raise ValueError(
            f"images have shape {images.shape}, expected (n, height, width, "
            f"channels) of {CELL} pixels or more each way."
        )
    starts = range(0, max(len(images), 1), CHUNK)
    return np.concatenate([_rows(images[i : i + CHUNK]) for i in starts])


def _rows(images):
    sums = _sums(np.float32(images))
    rows = sums.reshape(len(images), math.prod(sums.shape[1:])) ** POWER
    scale = np.sqrt(np.mean(rows**2, axis=1, keepdims=True))
    return rows / np.where(scale > 0, scale, 1.0)


def _sums(images):
    """Magnitudes of each orientation around each point."""
    magnitude, place = _gradients(images)
    half = ORIENTATIONS / 2
    sums = []
    for orientation in range(ORIENTATIONS):
        steps = np.abs((place - orientation + half) % ORIENTATIONS - half)
        share = np.maximum(1.0 - steps, 0.0)
        sums.append(_around_points(np.sum(share * magnitude, axis=3)))
    return np.stack(sums, axis=-1)


def _gradients(images):
    """Magnitudes, and angles counted in steps between orientations."""
    from scipy.ndimage import gaussian_filter

    images = gaussian_filter(images, (0, BLUR, BLUR, 0))
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    angle = np.arctan2(down, across) / np.float32(np.pi)
    return np.hypot(across, down), angle % 1.0 * ORIENTATIONS


def _around_points(x):
    from scipy.ndimage import gaussian_filter

    x = gaussian_filter(x, (0, CELL / 2, CELL / 2))
    top, left = ((size - 1) % CELL // 2 for size in x.shape[1:])
    # Rounding must not fall below 0, which has no root.
    return np.maximum(x[:, top::CELL, left::CELL], 0.0)
