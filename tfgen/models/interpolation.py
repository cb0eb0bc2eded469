"""Paths between latents."""

import numpy as np


def spherical(start, end, steps: int):
    """Points on the arcs between Gaussian latents.

    A straight line between two normal vectors passes nearer to 0 than any
    draw would; the arc keeps their length.

    Args:
        start: `(n, latent_dim)`.
        end: `(n, latent_dim)`.
        steps: points on each arc, both ends included.

    Returns:
        float32 `(n, steps, latent_dim)`.

    Reference:
        White (2016), "Sampling generative networks", section 2.1.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    lengths = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
    cosine = np.sum(start * end, axis=1) / np.maximum(lengths, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[:, None, None]
    weight = np.linspace(0.0, 1.0, steps)[None, :, None]
    sine = np.sin(angle)
    near = sine < 1e-6  # the same direction, or opposite: a straight line
    safe = np.where(near, 1.0, sine)
    first = np.where(near, 1.0 - weight, np.sin((1 - weight) * angle) / safe)
    last = np.where(near, weight, np.sin(weight * angle) / safe)
    points = first * start[:, None] + last * end[:, None]
    return points.astype(np.float32)
