"""Points in the plane, made on the spot."""

import numpy as np

RING_STDDEV = 0.01
GRID_STDDEV = 0.05
CIRCLES_STDDEV = 0.05
CIRCLES_FACTOR = 0.5


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


def _mixture(centers, stddev: float, n: int, rng: np.random.Generator):
    modes = rng.integers(len(centers), size=n)
    points = centers[modes] + rng.normal(0, stddev, (n, 2))
    return points, modes
