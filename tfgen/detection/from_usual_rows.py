"""What values of a row say, by the way from usual rows to it."""

import tensorflow as tf

from tfgen.detection.measures import MEASURES, Given
from tfgen.detection.neighbours import Neighbours
from tfgen.models import GenerativeModel

POINTS = 4
"""On the way from each usual row."""


def integrated_gradients(
    measure: str,
    model: GenerativeModel,
    neighbours: Neighbours,
    x: tf.Tensor,
    label: tf.Tensor | None = None,
) -> tf.Tensor:
    """How much each value adds to a score on the way from the nearest rows.

    Formula: `mean_r((x_i - r_i) integral_0^1 ds/dx_i(r + a (x - r)) da)`

    They sum to the score of x less the mean one of its nearest training rows r,
    but for what four points tell wrong of the integral.

    Args:
        measure: name of the score s.
        model: that gives it.
        neighbours: its training rows, of numbers.
        x: `(rows, *data_shape)`.
        label: classes, for conditional models.

    Returns:
        float32, as x.

    Reference:
        Sundararajan et al. (2017), "Axiomatic attribution for deep networks",
        equation 1; Erion et al. (2021), "Improving performance of deep learning
        models with axiomatic attribution priors and expected gradients", for
        the mean over rows.
    """
    usual = neighbours.nearest(x)
    count = POINTS * usual.shape[1]
    given = {} if label is None else {"label": label}

    def add(number, total):
        way = x - tf.gather(usual, number // POINTS, axis=1)
        left = 1.0 - (tf.cast(number % POINTS, x.dtype) + 0.5) / POINTS
        point = x - left * way
        with tf.GradientTape() as tape:
            tape.watch(point)
            score = MEASURES[measure](model, {"x": point, **given}, Given())
        return number + 1, total + way * tape.gradient(score, point)

    _, total = tf.while_loop(
        lambda number, _: number < count, add, (0, tf.zeros_like(x))
    )
    return total / count
