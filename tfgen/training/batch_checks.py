"""Every batch is looked at before a step learns from it."""

import contextlib
import functools
import re
import typing
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfgen.data import checks

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel

_REFUSAL = re.compile(r"ValueError: (batch \d+ of .*)")


class BatchCheck:
    """Refuses a batch that is not what a model takes.

    In the compiled step it costs a minimum and a maximum, or a sum where no
    range is asked. Where they are out of range, the batch goes to the checks
    that arrays go through, so that the message is theirs. Types, and shapes as
    far as they are static, are looked at while the step is traced. Data in
    memory does without: it is looked at as a whole (`Batches.hold`).

    Args:
        model: a `GenerativeModel`.

    Attributes:
        first: number of the first batch of a call, counted from 1.
        name: what a message calls the data.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(4,), latent_dim=2)
    >>> vae.compile()
    >>> x = tf.data.Dataset.from_tensors(np.full((8, 4), 1e39))
    >>> vae.evaluate(x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: batch 1 of the data has 32 values that are NaN or infinite ...
    """

    def __init__(self, model: "GenerativeModel"):
        self.first = 1
        self.name = "the data"
        # Not the model itself: a graph keeps what its Python functions hold.
        self._takes = Takes.of(model)
        self._skips = model.skipped is not None

    def __call__(
        self, strategy: tf.distribute.Strategy, data: tuple, index: tf.Tensor
    ) -> tuple:
        """The batch, on which all that is made of it waits for the check.

        Args:
            strategy: over whose replicas the batch is spread.
            data: `x`, `(x,)` or `(x, labels)` of each replica.
            index: number of the batch after `first`.
        """
        seems = strategy.run(self._seems, (data,))
        right, inside = (
            functools.reduce(
                tf.logical_and, strategy.experimental_local_results(each)
            )
            for each in seems
        )
        parts = strategy.experimental_local_results(data)

        def look():
            return self._look(parts, index)

        def passed():
            return tf.cond(right, lambda: tf.constant(True), look)

        if strategy.num_replicas_in_sync > 1:
            # Before any replica goes on: those that wait for it would hang.
            return strategy.run(self._passed_on, (data, passed()))
        # Most batches go on as they are, without a copy.
        look_again = passed if self._takes.value_range else look
        x, labels = self._parts(data)
        x = tf.cond(inside, lambda: x, lambda: self._clipped(x, look_again()))
        return self._with_labels(x, labels, data)

    def _seems(self, data):
        """Whether a batch seems right, and is within the range, too."""
        x, labels = self._parts(data)
        shape = self._takes.shape
        right = []
        if not x.shape[1:].is_fully_defined():
            found = tf.concat(
                [tf.shape(x)[1:], tf.zeros(len(shape), "int32")], 0
            )
            right.append(tf.rank(x) == len(shape) + 1)
            right.append(tf.reduce_all(found[: len(shape)] == shape))
        if labels is not None:
            right.append(tf.shape(labels)[0] == tf.shape(x)[0])
            right.append(self._classes(labels)[1])
        if self._takes.value_range is None:
            # Not finite where a value is not; the checks decide.
            seems = [*right, tf.math.is_finite(tf.reduce_sum(x))]
            return (functools.reduce(tf.logical_and, seems),) * 2
        # Both are NaN where a value is, which is within no bounds.
        lowest, highest = tf.reduce_min(x), tf.reduce_max(x)
        return tuple(
            functools.reduce(
                tf.logical_and, [*right, lowest >= low, highest <= high]
            )
            for low, high in (self._takes.bounds, self._takes.value_range)
        )

    def _classes(self, labels):
        """Class numbers, and whether they are some of the model's."""
        hot, plain = (
            lambda: _numbers_of_one_hot(labels, self._takes.num_classes),
            lambda: _numbers(labels, self._takes.num_classes),
        )
        if labels.shape.rank is None:  # traced for labels of both kinds
            is_hot = (tf.rank(labels) == 2) & (tf.shape(labels)[-1] > 1)
            return tf.cond(is_hot, hot, plain)
        return hot() if labels.shape[1:] not in ((), (1,)) else plain()

    def _look(self, parts, index):
        pairs = [self._parts(part) for part in parts]
        x = tf.concat([x for x, _ in pairs], axis=0)
        labels = [y for _, y in pairs if y is not None]
        labels = [tf.concat(labels, axis=0)] if labels else []
        passed = tf.numpy_function(self._refuse, [index, x, *labels], tf.bool)
        return tf.ensure_shape(passed, ())

    def _refuse(self, index, x, labels=None):
        name = f"batch {self.first + index} of {self.name}"
        takes = self._takes
        if self._skips:  # the step shows what is not finite
            x = np.where(np.isfinite(x), x, 0)
        checks.check_examples(
            x, shape=takes.shape, value_range=takes.value_range, name=name
        )
        if labels is not None:
            name = f"{name}: y"
            checks.check_labels(labels, takes.num_classes, len(x), name=name)
        return np.True_

    def _passed_on(self, data, passed):
        x, labels = self._parts(data)
        return self._with_labels(self._clipped(x, passed), labels, data)

    def _clipped(self, x, passed):
        with tf.control_dependencies([passed]):
            if self._takes.value_range is None:
                return tf.identity(x)
            return tf.clip_by_value(x, *self._takes.value_range)

    def _with_labels(self, x, labels, data):
        x = tf.ensure_shape(x, (None, *self._takes.shape))
        if labels is None:
            return (x, *data[1:]) if isinstance(data, tuple) else (x,)
        return x, self._classes(labels)[0]

    def _parts(self, data):
        self._takes.check_kind(data)
        x, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        x = tf.cast(x, tf.float32)
        return x, labels if self._takes.num_classes else None


class Takes(typing.NamedTuple):
    """What a model takes: of which shape, range and classes.

    Example:
    >>> Takes((4,), (0.0, 1.0), None).check_kind(np.zeros((8, 5), "float32"))
    Traceback (most recent call last):
    ValueError: the dataset yields x of shape (8, 5), expected (None, 4): ...
    """

    shape: tuple[int, ...]
    value_range: tuple[float, float] | None
    num_classes: int | None

    @classmethod
    def of(cls, model: "GenerativeModel") -> "Takes":
        """That of a model."""
        return cls(tuple(model.data_shape), model.data_range, model.num_classes)

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest value that pass, where a range is."""
        low, high = self.value_range
        return low - checks.RANGE_TOLERANCE, high + checks.RANGE_TOLERANCE

    def check_kind(self, data: tuple, name: str = "the dataset") -> None:
        """Looks at the structure, types and shapes of a batch.

        Args:
            data: `x`, `(x,)` or `(x, labels)`: arrays, tensors or specs.
            name: what a message calls the data.

        Raises:
            ValueError: for others than the model takes.
        """
        if isinstance(data, dict):
            raise ValueError(
                f"{name} yields dicts with keys {', '.join(data)}; expected "
                "batches of x or (x, y): map it, as in "
                "dataset.map(lambda row: row['image'])."
            )
        parts = data if isinstance(data, (tuple, list)) else (data,)
        parts = [part for part in parts if part is not None]
        if len(parts) > 2:
            raise ValueError(
                f"{name} yields {len(parts)} things a batch; expected x or "
                "(x, y), since every example counts the same here: leave out "
                "weights, or repeat rows in the data."
            )
        expected = tf.TensorShape((None, *self.shape))
        shape = tf.TensorShape(parts[0].shape)
        if not shape.is_compatible_with(expected):
            raise ValueError(
                f"{name} yields x of shape {tuple(shape)}, expected "
                f"{tuple(expected)}: batch or reshape it."
            )
        if not tf.as_dtype(parts[0].dtype).is_floating:
            raise ValueError(
                f"{name} yields x of dtype {tf.as_dtype(parts[0].dtype).name}, "
                "expected floating-point numbers: map it to float32 in the "
                f"range {self.value_range or 'of the data'}."
            )
        if self.num_classes:
            self._check_labels(parts[1:], name)

    def _check_labels(self, labels, name):
        if not labels:
            raise ValueError(
                f"the model is conditional on {self.num_classes} classes, but "
                f"{name} yields x alone: yield (x, labels)."
            )
        shape = tf.TensorShape(labels[0].shape)
        dtype = tf.as_dtype(labels[0].dtype)
        classes = (None, 1), (None, self.num_classes)
        if not any(shape.is_compatible_with(s) for s in ((None,), *classes)):
            raise ValueError(
                f"{name} yields labels of shape {tuple(shape)}, expected class "
                f"numbers of shape (None,) or one-hot rows of shape "
                f"{classes[1]}: reshape them."
            )
        if not (dtype.is_integer or dtype.is_floating or dtype == tf.bool):
            raise ValueError(
                f"{name} yields labels of dtype {dtype.name}, expected class "
                f"numbers from 0 to {self.num_classes - 1}: number them, or "
                "let tfgen.data.from_arrays(x, y) do it."
            )


class CheckedBatches(keras.utils.PyDataset):
    """A `PyDataset` of which every batch is looked at as it comes.

    It runs where the batches are made, in threads or processes.

    Args:
        batches: the data.
        takes: what is expected of it.
        name: what a message calls it.

    Example:
    >>> class Data(keras.utils.PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...
    ...     def __getitem__(self, index):
    ...         return np.zeros((8, 4 + index))
    >>> data = CheckedBatches(Data(), Takes((4,), None, None))
    >>> data[0][0].dtype
    dtype('float32')
    >>> data[1]
    Traceback (most recent call last):
    ValueError: batch 2 of the data yields x of shape (8, 5), expected ...
    """

    def __init__(
        self,
        batches: keras.utils.PyDataset,
        takes: Takes,
        name: str = "the data",
    ):
        super().__init__(
            workers=batches.workers,
            use_multiprocessing=batches.use_multiprocessing,
            max_queue_size=batches.max_queue_size,
        )
        self._batches = batches
        self._takes = takes
        self._name = name

    def __getitem__(self, index: int) -> tuple:
        batch = self._batches[index]
        name = f"batch {index + 1} of {self._name}"
        if not isinstance(batch, dict):
            parts = batch if isinstance(batch, (tuple, list)) else (batch,)
            batch = tuple(p if p is None else np.asarray(p) for p in parts)
        self._takes.check_kind(batch, name)
        x, *labels = batch
        return x.astype(np.float32), *labels

    @property
    def num_batches(self) -> int | None:
        return self._batches.num_batches

    def on_epoch_begin(self) -> None:
        self._batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._batches.on_epoch_end()


@contextlib.contextmanager
def named_batches() -> Iterator[None]:
    """Raises what a batch was refused for, without TensorFlow's traces."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        refusal = _REFUSAL.search(str(error))
        if refusal is None:
            raise
        raise ValueError(refusal[1]) from None


def _numbers_of_one_hot(labels, num_classes):
    hot = tf.cast(labels, tf.float32)
    right = tf.shape(hot)[-1] == num_classes
    right &= tf.reduce_all(tf.reduce_sum(hot, axis=-1) == 1)
    right &= tf.reduce_all(hot * hot == hot)
    return tf.reshape(tf.argmax(hot, axis=-1), (-1,)), right


def _numbers(labels, num_classes):
    numbers = tf.cast(labels, tf.int64)
    right = (numbers >= 0) & (numbers < num_classes)
    if labels.dtype.is_floating:
        right &= tf.cast(numbers, labels.dtype) == labels
    return tf.reshape(numbers, (-1,)), tf.reduce_all(right)
