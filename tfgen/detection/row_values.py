"""Values of rows that distances and densities are taken of."""

import abc
import functools
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
BATCH = 1024


def some_training_rows(
    model: GenerativeModel, train: Rows, most: int, use: str, seed: int
) -> np.ndarray:
    """At most so many of a model's training rows, drawn by chance.

    Args:
        model: in whose units they are.
        train: the training rows.
        most: that are taken.
        use: what for, in words, where it is fewer than all.
        seed: by which these are drawn.

    Returns:
        float32 `(m, *data_shape)`.

    Raises:
        ValueError: for rows that the model does not take.
    """
    if isinstance(train, (str, os.PathLike)):
        train = load(train, like=model)
    chosen = _chosen(len(train), most, use, seed)
    if isinstance(train, Source):
        train = model.read(train, False).subset(chosen)
        return train.arrays()[0]
    spec = {"x": model.endpoint_inputs("x")["x"]}
    given = check_inputs(
        model, "the detector", Endpoint(None, spec), {"x": train}
    )
    return given["x"][chosen]


def _chosen(rows, most, use, seed):
    if rows <= most:
        return np.arange(rows)
    say(f"of {rows:,} training rows {most:,}, drawn by chance, {use}.")
    random = np.random.default_rng(seed)
    return np.sort(random.choice(rows, most, replace=False))


class RowValues:
    """Values as they are.

    Args:
        shape: of one row.

    Attributes:
        of_numbers: whether values between two rows are values, as no codes
            are.
        shape: that of the arguments.
        groups: of each place in a row the numbers of its values.
    """

    of_numbers = True

    def __init__(self, shape: tuple[int, ...]):
        self.shape = shape
        self.groups = np.arange(math.prod(shape))[:, None]

    @property
    def size(self) -> int:
        """How many values are seen of a row."""
        return sum(map(len, self.groups))

    def seen(self, x: tf.Tensor) -> tf.Tensor:
        """`(rows, values)` of `(rows, *shape)`."""
        return tf.reshape(x, (-1, len(self.groups)))

    def by_place(self, values: tf.Tensor) -> tf.Tensor:
        """Sums over the values of each place, `(rows, places)`."""
        return values


class MixedRowValues(RowValues):
    """Of a mixed table's rows: real numbers, and codes as one-hot vectors.

    Those of two codes are sqrt(2) apart, which is made 1.

    Args:
        columns: of the table, as `TableParts` has them.
    """

    of_numbers = False

    def __init__(self, columns: tuple[int | str, ...]):
        parts = TableParts(tuple(columns))
        self.shape = (parts.width,)
        self._one_hot = OneHotCodes(parts.parts)
        places, weights = [*parts.numbers], [1.0] * len(parts.numbers)
        for levels, of_codes in parts.codes.items():
            places += [place for place in of_codes for _ in range(levels)]
            weights += [0.5**0.5] * levels * len(of_codes)
        self._weights = np.float32(weights)
        self._to_place = np.eye(parts.width)[places]
        self.groups = [
            np.flatnonzero(of_place) for of_place in self._to_place.T
        ]

    def seen(self, x: tf.Tensor) -> tf.Tensor:
        return self._one_hot(x) * self._weights

    def by_place(self, values: tf.Tensor) -> tf.Tensor:
        return tf.matmul(values, self._to_place)


def row_values(model: GenerativeModel) -> RowValues:
    """Those of a model's rows."""
    # A GAN has them itself, others' likelihoods have them.
    knows = model.likelihood if model.has_likelihood else model
    columns = getattr(knows, "columns", None)
    if columns is None:
        return RowValues(model.data_shape)
    return MixedRowValues(columns)


class KnownRows(abc.ABC):
    """What a measure knows of the rows that a model was trained on."""

    _values: RowValues

    @classmethod
    @abc.abstractmethod
    def of_rows(
        cls, model: GenerativeModel, train: Rows, seed: int = 0
    ) -> "KnownRows":
        """By some of a model's training rows.

        Args:
            model: in whose units rows are.
            train: the training rows.
            seed: by which they are drawn of more.

        Raises:
            ValueError: for rows that the model does not take.
        """

    @abc.abstractmethod
    def oddness(self, x: tf.Tensor) -> tf.Tensor:
        """Float32 `(rows,)` of `(rows, *data_shape)`, larger for odder rows."""

    @abc.abstractmethod
    def shares(self, x: tf.Tensor) -> tf.Tensor:
        """What each value says of it, float32 of the shape of x."""

    def oddness_of_arrays(self, x: np.ndarray) -> np.ndarray:
        """`oddness` of an array, some rows at a time."""
        found = [np.empty(0, np.float32)]
        for start in range(0, len(x), BATCH):
            rows = tf.constant(x[start : start + BATCH], tf.float32)
            found.append(self._compiled(rows).numpy())
        return np.concatenate(found)

    @functools.cached_property
    def _compiled(self):
        # One trace each: TensorFlow takes those of several detectors for one
        # function that is traced again and again, and warns.
        spec = tf.TensorSpec((None, *self._values.shape), tf.float32)
        return tf.function(self.oddness).get_concrete_function(spec)

    def __getstate__(self) -> dict:
        """Without what is made when it is asked for, and cannot be pickled."""
        return {k: v for k, v in vars(self).items() if k != "_compiled"}
