"""Points between latents, each row with a weight of its own."""

import numpy as np
import tensorflow as tf


def straight(start, end, weight):
    """`start + weight * (end - start)`, as tensors.

    Args:
        start: `(rows, latent_dim)`.
        end: `(rows, latent_dim)`.
        weight: `(rows,)`; 0 gives `start`, 1 gives `end`.
    """
    return start + weight[:, None] * (end - start)


def spherical(start, end, weight):
    """Points on the arcs between Gaussian latents, as tensors.

    A straight line between two normal vectors passes nearer to 0 than any
    draw would; the arc keeps their length. With the angle a between them:

    Formula:
        sin((1 - weight) * a) / sin(a) * start + sin(weight * a) / sin(a) * end

    Where they have the same direction, or opposite ones, the line is straight.

    Args:
        start: float32 `(rows, latent_dim)`.
        end: float32 `(rows, latent_dim)`.
        weight: float32 `(rows,)`.

    Returns:
        float32 `(rows, latent_dim)`.

    Reference:
        White (2016), "Sampling generative networks", section 2.1.
    """
    start, end = tf.cast(start, tf.float64), tf.cast(end, tf.float64)
    weight = tf.cast(weight, tf.float64)[:, None]
    lengths = tf.norm(start, axis=1) * tf.norm(end, axis=1)
    cosine = tf.reduce_sum(start * end, axis=1) / tf.maximum(lengths, 1e-12)
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))[:, None]
    sine = tf.sin(angle)
    near = sine < 1e-6
    safe = tf.where(near, tf.ones_like(sine), sine)
    first = tf.where(near, 1.0 - weight, tf.sin((1.0 - weight) * angle) / safe)
    last = tf.where(near, weight, tf.sin(weight * angle) / safe)
    return tf.cast(first * start + last * end, tf.float32)


def on_lines(name, start, end, steps, labels=None) -> dict[str, np.ndarray]:
    """Inputs of the endpoint `interpolate`: `steps` rows for each pair.

    Args:
        name: of what is given at both ends, `"x"` or `"latent"`.
        start: `(n, ...)`.
        end: `(n, ...)`.
        steps: evenly spaced weights from 0 to 1, both included.
        labels: class of each pair, for conditional models.
    """
    if len(start) != len(end):
        raise ValueError(
            f"start has {len(start)} rows and end {len(end)}; expected as many."
        )
    rows = {
        f"{name}_start": np.repeat(start, steps, axis=0),
        f"{name}_end": np.repeat(end, steps, axis=0),
        "weight": np.tile(np.linspace(0.0, 1.0, steps), len(start)),
    }
    if labels is not None:
        rows["label"] = np.repeat(labels, steps)
    return rows
