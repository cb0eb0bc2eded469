"""The batch over all replicas, seen from one of them."""

import collections
import copy
import threading

import tensorflow as tf

from tfgen.training import random
from tfgen.training.largest_rows import are_largest

_current = threading.local()  # every replica has a thread of its own


class GlobalBatch:
    """The rows of this replica, and what they are a part of.

    Keras adds gradients up over replicas. With losses reduced by `mean`
    that sum is exactly the gradient of one big batch, also when replicas hold
    different numbers of rows, or none. (A replica without rows gets one of
    zeros with weight 0: some kernels cannot take an empty batch.)

    Layers that mix rows or draw noise find the batch they work on by
    `GlobalBatch.current()`, within `with batch:`.

    Args:
        x: this replica's rows, float32, `(rows, *input_shape)`.
        labels: one-hot labels `(rows, num_classes)` or None.
        seed: the model's seed.
        step: number of the step, an int64 scalar.
        first_row: number of the global batch's first row within the step's
            noise; evaluation counts on from batch to batch.
        group_size: rows that belong together (see `groups`). Those left over
            at the end of a replica's rows weigh nothing.

    Example:
    >>> x = np.array([[1.0], [2.0], [6.0]], "float32")
    >>> batch = tfgen.training.GlobalBatch(x, None, seed=0, step=0)
    >>> float(batch.mean(batch.x[:, 0]))
    3.0
    >>> batch.normal((2,), "latent").shape
    TensorShape([3, 2])
    """

    def __init__(
        self,
        x: tf.Tensor,
        labels: tf.Tensor | None,
        seed: int,
        step: tf.Tensor | int,
        first_row: tf.Tensor | int = 0,
        group_size: int = 1,
    ):
        before, rows, used = _count_rows(tf.shape(x)[0], group_size)
        self.weights = None
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync > 1 or group_size > 1:
            x, labels, self.weights = _whole_groups(x, labels, group_size)
        self.x = x
        self.labels = labels
        self._seed = seed
        self._step = step
        self._rows = tf.shape(x)[:1]
        self._draws = collections.Counter()
        self._group_size = 1
        self.size = tf.cast(tf.maximum(used, 1), tf.float32)
        self.num_rows = tf.cast(rows, tf.int64)
        self._first_row = tf.cast(first_row, tf.int64) + tf.cast(
            before, tf.int64
        )

    @staticmethod
    def current() -> "GlobalBatch | None":
        """The batch that this replica's step is at work on."""
        stack = getattr(_current, "stack", None)
        return stack[-1] if stack else None

    def __enter__(self):
        if not hasattr(_current, "stack"):
            _current.stack = []
        _current.stack.append(self)
        return self

    def __exit__(self, *error):
        _current.stack.pop()

    @property
    def first_row(self) -> tf.Tensor:
        """Number of this replica's first row within the global batch."""
        return self._first_row

    def mean(self, per_example: tf.Tensor) -> tf.Tensor:
        """This replica's sum over the number of rows on all replicas."""
        if self.weights is not None:
            per_example = per_example * self.weights
        return tf.reduce_sum(per_example) / self.size

    def global_mean(self, per_example: tf.Tensor) -> tf.Tensor:
        """Mean over the rows of all replicas; no gradient goes through it.

        Args:
            per_example: `(rows, ...)`.

        Returns:
            `(...)`, the same on every replica.
        """
        total = tf.cast(per_example, tf.float32)
        if self.weights is not None:
            total = total * _per_row(self.weights, total)
        total = tf.stop_gradient(tf.reduce_sum(total, axis=0))
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync > 1:
            total = context.all_reduce(tf.distribute.ReduceOp.SUM, total)
        return total / self.size

    def largest(self, per_example: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        """Which rows have the largest values over the rows of all replicas.

        Args:
            per_example: `(rows,)`.
            count: how many, fewer than `size`. Of equal values, where some
                would be one too many, none are.

        Returns:
            `(rows,)`, bool.
        """
        return are_largest(per_example, count, self.weights)

    def normal(self, shape: tuple[int, ...], purpose: str) -> tf.Tensor:
        """Standard normal noise `(rows, *shape)` for this replica's rows."""
        noise = random.normal_rows(*self._draw(purpose), shape)
        return self._of_groups(noise)

    def uniform(self, shape: tuple[int, ...], purpose: str) -> tf.Tensor:
        """Noise in [0, 1), `(rows, *shape)`, for this replica's rows."""
        noise = random.uniform_rows(*self._draw(purpose), shape)
        return self._of_groups(noise)

    def each(self, value: tf.Tensor | float) -> tf.Tensor:
        """One value for every row, as `(rows,)`."""
        return tf.fill(tf.shape(self.x)[:1], tf.cast(value, tf.float32))

    def groups(self, group_size: int) -> "GlobalBatch":
        """The batch whose rows are this one's groups of consecutive rows.

        Its `x` and `labels` lie side by side on the last axis; its noise is
        that of each group's first row. Equal on any number of replicas if
        each holds whole groups.
        """
        if group_size == 1:
            return self
        groups = copy.copy(self)
        groups.x = self.grouped(self.x, group_size)
        if self.labels is not None:
            groups.labels = self.grouped(self.labels, group_size)
        groups.weights = self.weights[::group_size]
        groups.size = self.size / group_size
        groups._group_size = group_size
        return groups

    def repeated(self, times: int) -> "GlobalBatch":
        """The batch that has each row so many times, one after the other.

        For layers that see several draws of each example.
        """
        many = copy.copy(self)
        many.x, many.labels, many.weights = (
            None if rows is None else tf.repeat(rows, times, axis=0)
            for rows in (self.x, self.labels, self.weights)
        )
        many.size = self.size * times
        many.num_rows = self.num_rows * times
        many._rows = self._rows * times
        many._first_row = self._first_row * times
        return many

    def grouped(self, rows: tf.Tensor, group_size: int) -> tf.Tensor:
        """Each `group_size` consecutive rows as one, side by side.

        Args:
            rows: `(n * group_size, ..., channels)`.
            group_size: how many.

        Returns:
            `(n, ..., group_size * channels)`.
        """
        return rows if group_size == 1 else _side_by_side(rows, group_size)

    def next_purpose(self, name: str) -> str:
        """A purpose of its own for each use of a layer in a step."""
        self._draws[name] += 1
        return f"{name}_{self._draws[name]}"

    def _of_groups(self, noise):
        size = self._group_size
        return noise if size == 1 else noise[::size]

    def _draw(self, purpose):
        stream = random.stream(self._seed, purpose, self._step)
        return stream, self._first_row, self._rows


def _per_row(values, x):
    return tf.reshape(values, [-1] + [1] * (len(x.shape) - 1))


def _side_by_side(rows, group_size):
    *middle, channels = rows.shape[1:]
    rows = tf.reshape(rows, (-1, group_size, *middle, channels))
    last = len(middle) + 1
    rows = tf.transpose(rows, (0, *range(2, last + 1), 1, last + 1))
    return tf.reshape(rows, (-1, *middle, group_size * channels))


def _whole_groups(x, labels, group_size):
    """Rows of weight 0 up to a whole number of groups, and at least one."""
    rows = tf.shape(x)[0]
    extra = -rows % group_size
    extra = tf.where(tf.equal(rows, 0), group_size, extra)
    used = rows - rows % group_size
    weights = tf.concat([tf.ones(used), tf.zeros(rows - used + extra)], axis=0)

    def padded(tensor):
        zeros = tf.zeros((extra, *tensor.shape[1:]), tensor.dtype)
        return tf.concat([tensor, zeros], axis=0)

    return padded(x), None if labels is None else padded(labels), weights


def _count_rows(rows, group_size):
    """Rows on the replicas before this one, on all of them, and used ones."""
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return 0, rows, rows - rows % group_size
    here = context.replica_id_in_sync_group
    mine = tf.one_hot(here, replicas, on_value=rows, off_value=0)
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, mine)
    before = tf.reduce_sum(tf.where(tf.range(replicas) < here, counts, 0))
    used = tf.reduce_sum(counts - counts % group_size)
    return before, tf.reduce_sum(counts), used
