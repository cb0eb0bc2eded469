"""How far rows are from the nearest of those that a model was trained on."""

import math

import numpy as np
import tensorflow as tf

from tfgen.detection.row_values import (
    KnownRows,
    Rows,
    row_values,
    some_training_rows,
)
from tfgen.models import GenerativeModel

NEAREST = 5
"""The distance is to this one, or the last of fewer; files depend on it."""
MOST_ROWS = 10_000
"""Of the training rows; with more, so many are drawn of them."""
MOST_VALUES = 2**24
"""Of all rows together: 64 MiB, in each signature of an export."""


class Neighbours(KnownRows):
    """The distance to the fifth nearest of some rows, in a model's units.

    Euclidean: of an image over all pixels; of a mixed table over its real
    numbers, and 1 for each code that is another.

    Args:
        model: whose units, and kinds of columns, these are.
        rows: float32 `(m, *data_shape)`.

    Attributes:
        rows: that of the arguments.

    Reference:
        Ramaswamy et al. (2000), "Efficient algorithms for mining outliers from
        large data sets".
    """

    def __init__(self, model: GenerativeModel, rows: np.ndarray):
        self.rows = np.asarray(rows, np.float32)
        self._values = row_values(model)
        self._seen = self._values.seen(tf.constant(self.rows)).numpy()

    @classmethod
    def of_rows(
        cls, model: GenerativeModel, train: Rows, seed: int = 0
    ) -> "Neighbours":
        """By at most 10,000 of them, of large images fewer."""
        most = min(MOST_ROWS, MOST_VALUES // math.prod(model.data_shape))
        use = "are kept as neighbours"
        return cls(model, some_training_rows(model, train, most, use, seed))

    def oddness(self, x: tf.Tensor) -> tf.Tensor:
        """The distance."""
        return tf.cast(self._distance(x), tf.float32)

    def shares(self, x: tf.Tensor) -> tf.Tensor:
        """How much smaller the distance were without a value.

        The fifth neighbour is looked for anew without each.
        """
        rows = tf.cast(tf.constant(self._seen), tf.float64)
        nearest = min(NEAREST, len(self._seen))

        def without_each(seen):
            by_place = self._values.by_place((rows - seen) ** 2)
            left = tf.reduce_sum(by_place, axis=1) - tf.transpose(by_place)
            return -tf.math.top_k(-left, nearest).values[:, -1]

        seen = tf.cast(self._values.seen(x), tf.float64)
        left = tf.map_fn(without_each, seen, parallel_iterations=1)
        # A sum less nearly all of itself may be below zero.
        without = tf.sqrt(tf.maximum(left, 0.0))
        shares = self._distance(x)[:, None] - without
        return tf.cast(tf.reshape(shares, tf.shape(x)), tf.float32)

    @property
    def of_numbers(self) -> bool:
        """Whether values between two rows are values, as no codes are."""
        return self._values.of_numbers

    def nearest(self, x: tf.Tensor) -> tf.Tensor:
        """The five nearest rows, `(rows, 5, *data_shape)`, or fewer."""
        found, _, _ = self._search(x)
        return tf.gather(tf.constant(self.rows), found)

    def _distance(self, x):
        """To the fifth nearest row, float64."""
        found, seen, rows = self._search(x)
        # Of near rows the difference is exact, that of squares is not.
        squares = (seen - tf.gather(rows, found[:, -1])) ** 2
        return tf.sqrt(tf.reduce_sum(squares, axis=1))

    def _search(self, x):
        """Numbers of the nearest rows; values of x and of rows, float64."""
        seen = tf.cast(self._values.seen(x), tf.float64)
        rows = tf.cast(tf.constant(self._seen), tf.float64)
        # Less the square of x, which is the same for all rows.
        apart = tf.reduce_sum(rows**2, axis=1) - 2.0 * tf.matmul(
            seen, rows, transpose_b=True
        )
        nearest = min(NEAREST, len(self._seen))
        return tf.math.top_k(-apart, nearest).indices, seen, rows
