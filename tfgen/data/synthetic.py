"""Points in the plane and drawings of shapes, made on the spot."""

import functools

import numpy as np

RING_STDDEV = 0.01
GRID_STDDEV = 0.05
CIRCLES_STDDEV = 0.05
CIRCLES_FACTOR = 0.5

SIZE = 32
SHAPES = ("square", "ellipse", "heart")
RADII = (4.0, 5.0, 6.0, 7.0)
ANGLES = 12
PLACES = 10
STEP = 2
FACTOR_NAMES = ("shape", "size", "rotation", "x", "y")
LEVELS = (len(SHAPES), len(RADII), ANGLES, PLACES, PLACES)

_SUBPIXELS = 16


def ring_centers() -> np.ndarray:
    """Return the centres of 8 Gaussians on the unit circle, shape (8, 2)."""
    angles = 2 * np.pi * np.arange(8) / 8
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid_centers() -> np.ndarray:
    """Return the centres of 25 Gaussians, 2 apart, shape (25, 2)."""
    ticks = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


def ring(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points `(n, 2)` and modes `(n,)`, standard deviation 0.01."""
    return _mixture(ring_centers(), RING_STDDEV, n, rng)


def grid(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points `(n, 2)` and modes `(n,)`, standard deviation 0.05."""
    return _mixture(grid_centers(), GRID_STDDEV, n, rng)


def circles(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw from two circles of radius 1 and 0.5 with noise 0.05.

    As `sklearn.datasets.make_circles`: class 0 is the outer circle.
    """
    modes = rng.integers(2, size=n)
    angles = rng.uniform(0, 2 * np.pi, n)
    radius = np.where(modes == 0, 1.0, CIRCLES_FACTOR)
    points = radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    return points + rng.normal(0, CIRCLES_STDDEV, (n, 2)), modes


@functools.cache
def draw_shapes() -> tuple[np.ndarray, np.ndarray]:
    """Draw each combination of the factors once.

    A white shape on black: a square, an ellipse of axes 1 : 2 or a heart, of
    4 radii (of the circle around it, in pixels), at 12 angles from 0 to 82.5
    degrees (a square looks the same at 90), in 10 x 10 places 2 pixels apart,
    counted from the left and from the top.

    Returns:
        uint8 images `(14400, 32, 32)`, and int64 factors `(14400, 5)` that
        count from 0 in the order of `FACTOR_NAMES`. Read-only.

    Reference:
        In the spirit of dSprites (Matthey et al., 2017).
    """
    factors = np.indices(LEVELS).reshape(len(LEVELS), -1).T
    images = np.zeros((*LEVELS, SIZE, SIZE), np.uint8)
    for shape, size, rotation in np.ndindex(LEVELS[:3]):
        angle = np.pi / 2 * rotation / ANGLES
        patch = _patch(SHAPES[shape], RADII[size], angle)
        for x, y in np.ndindex(PLACES, PLACES):
            rows = slice(y * STEP, y * STEP + len(patch))
            columns = slice(x * STEP, x * STEP + len(patch))
            images[shape, size, rotation, x, y, rows, columns] = patch
    images = images.reshape(-1, SIZE, SIZE)
    images.flags.writeable = factors.flags.writeable = False
    return images, factors


def _mixture(centers, stddev: float, n: int, rng: np.random.Generator):
    modes = rng.integers(len(centers), size=n)
    points = centers[modes] + rng.normal(0, stddev, (n, 2))
    return points, modes


def _patch(shape: str, radius: float, angle: float) -> np.ndarray:
    """Share of each pixel that lies in a shape, 0 to 255, `(14, 14)`."""
    side = 2 * int(max(RADII))
    ticks = (np.arange(side * _SUBPIXELS) + 0.5) / _SUBPIXELS - side / 2
    # Rows of an image go down; the y of the shapes goes up.
    x, y = np.meshgrid(ticks / radius, -ticks / radius)
    turned = (
        np.cos(angle) * x + np.sin(angle) * y,
        np.cos(angle) * y - np.sin(angle) * x,
    )
    inside = _INSIDE[shape](*turned)
    share = inside.reshape(side, _SUBPIXELS, side, _SUBPIXELS).mean((1, 3))
    return np.rint(255 * share).astype(np.uint8)


def _square(x, y):
    return np.maximum(np.abs(x), np.abs(y)) <= np.sqrt(0.5)


def _ellipse(x, y):
    return x**2 + (2 * y) ** 2 <= 1


def _heart(x, y):
    # (x^2 + y^2 - 1)^3 <= x^2 y^3 reaches 1.425 from the origin.
    x, y = 1.425 * x, 1.425 * y
    return (x**2 + y**2 - 1) ** 3 <= x**2 * y**3


_INSIDE = {"square": _square, "ellipse": _ellipse, "heart": _heart}
