"""How far rows are from the nearest of those that a model was trained on."""

import math
import os

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfgen.data import Source, load
from tfgen.data.notes import say
from tfgen.data.table_parts import TableParts
from tfgen.layers.one_hot_codes import OneHotCodes
from tfgen.models import Endpoint, GenerativeModel
from tfgen.models.endpoints import check_inputs

Rows = Source | npt.ArrayLike | str | os.PathLike

NEAREST = 5
"""The distance is to this one, or the last of fewer; files depend on it."""
MOST_ROWS = 10_000
"""Of the training rows; with more, so many are drawn of them."""
MOST_VALUES = 2**24
"""Of all rows together: 64 MiB, in each signature of an export."""
BATCH = 256


class Neighbours:
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
        self._values = _values_of(model)
        self._seen = self._values.seen(tf.constant(self.rows)).numpy()

    @classmethod
    def of_rows(cls, model: GenerativeModel, train: Rows) -> "Neighbours":
        """By at most 10,000 of a model's training rows, of large images fewer.

        Raises:
            ValueError: for rows that the model does not take.
        """
        if isinstance(train, (str, os.PathLike)):
            train = load(train, like=model)
        most = min(MOST_ROWS, MOST_VALUES // math.prod(model.data_shape))
        chosen = _chosen(len(train), most)
        if isinstance(train, Source):
            train = model.read(train, False).subset(chosen)
            return cls(model, train.arrays()[0])
        spec = {"x": model.endpoint_inputs("x")["x"]}
        given = check_inputs(
            model, "the detector", Endpoint(None, spec), {"x": train}
        )
        return cls(model, given["x"][chosen])

    def distance(self, x: tf.Tensor) -> tf.Tensor:
        """Float32 `(rows,)` of `(rows, *data_shape)`."""
        squares = tf.reduce_sum(self._squares(x), axis=1)
        return tf.cast(tf.sqrt(squares), tf.float32)

    def shares(self, x: tf.Tensor) -> tf.Tensor:
        """What each value adds to the distance, of the shape of x."""
        squares = self._squares(x)
        distance = tf.sqrt(tf.reduce_sum(squares, axis=1, keepdims=True))
        shares = self._values.by_place(tf.math.divide_no_nan(squares, distance))
        return tf.cast(tf.reshape(shares, tf.shape(x)), tf.float32)

    def distances(self, x: np.ndarray) -> np.ndarray:
        """`distance` of an array, some rows at a time."""
        found = [np.empty(0, np.float32)]
        for start in range(0, len(x), BATCH):
            rows = tf.constant(x[start : start + BATCH], tf.float32)
            found.append(self.distance(rows).numpy())
        return np.concatenate(found)

    @property
    def of_numbers(self) -> bool:
        """Whether values between two rows are values, as no codes are."""
        return isinstance(self._values, _Plain)

    def nearest(self, x: tf.Tensor) -> tf.Tensor:
        """The five nearest rows, `(rows, 5, *data_shape)`, or fewer."""
        found, _, _ = self._search(x)
        return tf.gather(tf.constant(self.rows), found)

    def _squares(self, x):
        """Squared differences to the fifth nearest row, float64."""
        found, seen, rows = self._search(x)
        # Of near rows the difference is exact, that of squares is not.
        return (seen - tf.gather(rows, found[:, -1])) ** 2

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


class _Plain:
    """Values as they are."""

    def seen(self, x):
        return tf.reshape(x, (-1, np.prod(x.shape[1:], dtype=int)))

    def by_place(self, squares):
        return squares


class _Mixed:
    """Of a mixed table's rows: real numbers, and codes as one-hot vectors.

    Those of two codes are sqrt(2) apart, which is made 1.
    """

    def __init__(self, columns):
        parts = TableParts(tuple(columns))
        self._one_hot = OneHotCodes(parts.parts)
        places, weights = [*parts.numbers], [1.0] * len(parts.numbers)
        for levels, of_codes in parts.codes.items():
            places += [place for place in of_codes for _ in range(levels)]
            weights += [0.5**0.5] * levels * len(of_codes)
        self._weights = np.float32(weights)
        self._to_place = np.eye(parts.width)[places]

    def seen(self, x):
        return self._one_hot(x) * self._weights

    def by_place(self, squares):
        return tf.matmul(squares, self._to_place)


def _chosen(rows, most):
    """Numbers of the rows that are kept."""
    if rows <= most:
        return np.arange(rows)
    say(
        f"of {rows:,} training rows {most:,}, drawn by chance, are kept as "
        "neighbours."
    )
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def _values_of(model):
    # A GAN has them itself, others' likelihoods have them.
    knows = model.likelihood if model.has_likelihood else model
    columns = getattr(knows, "columns", None)
    return _Plain() if columns is None else _Mixed(columns)
