"""Batches: one epoch after the other, as a function of (seed, position)."""

import functools
import numbers
import typing
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfgen.data import checks
from tfgen.data.storage import MEMORY_LIMIT

if typing.TYPE_CHECKING:
    from tfgen.data.source import Source

PHILOX = 1


class Batches:
    """Shuffled batches of a source, without end and from any step.

    Batch number `step` is a pure function of `(seed, step)`: epoch
    `step // steps_per_epoch` is the permutation number `(seed, epoch)` of all
    rows. Nothing is kept between batches, so a run that starts at step k sees
    what an uninterrupted one sees. The last batch of an epoch holds the
    remaining rows.

    Args:
        source: the examples.
        batch_size: rows in a batch, at most `len(source)`.
        seed: which order.
        shuffle: a new order each epoch, or the order of the source.
        labels: whether a batch is `(x, labels)` rather than `x`.
        memory_limit: bytes up to which the examples are held in memory;
            larger sources are read in the background. Default: 1 GiB.

    Raises:
        ValueError: a batch size that is no positive whole number or exceeds
            the rows; labels asked of a source without.

    Example:
    >>> batches = tfgen.data.load("digits").batches(128, seed=0)
    >>> for x in batches.dataset(start_step=5).take(2):
    ...     print(x.shape)
    (128, 8, 8, 1)
    (128, 8, 8, 1)
    """

    def __init__(
        self,
        source: "Source",
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        labels: bool = False,
        memory_limit: int | None = None,
    ):
        self.source = source
        self.batch_size = _check_batch_size(batch_size, len(source))
        self.seed = _check_whole(seed, "seed")
        self.shuffle = bool(shuffle)
        self.labels = bool(labels)
        self._held = None
        self.memory_limit = (
            MEMORY_LIMIT if memory_limit is None else memory_limit
        )
        if self.labels and source.num_classes is None:
            raise ValueError(
                f"labels=True, but {source.name!r} has no labels: pass "
                "labels=False, or load data with labels."
            )

    def of(self, source: "Source", labels: bool | None = None) -> "Batches":
        """Return the same batches of another source."""
        return Batches(
            source,
            self.batch_size,
            seed=self.seed,
            shuffle=self.shuffle,
            labels=self.labels if labels is None else labels,
            memory_limit=self.memory_limit,
        )

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch, the smaller last one included."""
        return -(-len(self.source) // self.batch_size)

    def __len__(self) -> int:
        return self.steps_per_epoch

    def __iter__(self) -> Iterator:
        return iter(self.dataset().take(self.steps_per_epoch))

    @property
    def in_memory(self) -> bool:
        """Whether the examples are held in memory."""
        size = self.source.storage.row_bytes * len(self.source)
        return size <= self.memory_limit

    @property
    def element_spec(self) -> tf.TensorSpec | tuple[tf.TensorSpec, ...]:
        """`tf.TensorSpec` of `x`, or of `(x, labels)`."""
        x = tf.TensorSpec((None, *self.source.shape), tf.float32)
        if not self.labels:
            return x
        return x, tf.TensorSpec((None,), tf.int64)

    def dataset(self, start_step: int = 0) -> tf.data.Dataset:
        """Return the batches from number `start_step` on, without end.

        Args:
            start_step: number of the first batch, counted over all epochs.

        Returns:
            A dataset of float32 `x` of shape `(b, *source.shape)`, or of
            `(x, labels)` with int64 labels of shape `(b,)`.
        """
        start_step = _check_whole(start_step, "start_step")
        if start_step < 0:
            raise ValueError(f"start_step is {start_step}; expected 0 or more.")
        options = tf.data.Options()
        options.deterministic = True
        # Graph rewrites gain nothing here and would copy the examples.
        options.experimental_optimization.apply_default_optimizations = False
        # Nothing here is to be tuned, and with a tuner's thread the end of a
        # training waits for that thread's next look, up to a minute later.
        options.autotune.enabled = False
        # Workers share one order: each takes its part of every batch.
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        if self.in_memory and not self.shuffle:
            batches = self._in_order().skip(start_step % self.steps_per_epoch)
        else:
            # By kernels alone: `counter` runs a function for each number.
            steps = tf.data.Dataset.range(start_step, tf.int64.max).repeat()
            batches = steps.map(self._batch, num_parallel_calls=2).prefetch(4)
        return batches.with_options(options)

    def _in_order(self):
        """Batches in the source's order, which take no function.

        To make an iterator with one takes ten milliseconds, longer than a
        small model takes for its validation data.
        """
        x, labels = self.hold()
        rows = (x, labels) if self.labels else x
        batches = tf.data.Dataset.from_tensor_slices(rows)
        batches = batches.batch(self.batch_size)
        if self._in_bytes:
            batches = batches.map(
                lambda x, labels=None: self._element(self._scaled(x), labels)
            )
        return batches.repeat()

    @functools.cached_property
    def _batch(self):
        """Batch number `step`: a function that is traced once."""
        read = self._read_memory() if self.in_memory else self._read_stream()

        @tf.function(
            input_signature=[tf.TensorSpec((), tf.int64)], autograph=False
        )
        def batch(step):
            return read(self._positions(step))

        return batch

    def _positions(self, step: tf.Tensor) -> tf.Tensor:
        """Return the row numbers of batch `step`."""
        rows = tf.constant(len(self.source), tf.int64)
        epoch, step = step // self.steps_per_epoch, step % self.steps_per_epoch
        first = step * self.batch_size
        positions = tf.range(first, tf.minimum(first + self.batch_size, rows))
        if not self.shuffle:
            return positions
        # index_shuffle sees only the low bits of its seed (8 of each word for
        # 60,000 rows), so (seed, epoch) is mixed into three whole words first.
        key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(
            seed=tf.stack([tf.constant(self.seed % 2**63, tf.int64), epoch])
        )
        words = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=[3], key=key, counter=counter, alg=PHILOX, dtype=tf.int32
        )
        return tf.raw_ops.RandomIndexShuffle(
            index=positions, seed=words, max_index=rows - 1, rounds=8
        )

    def _read_memory(self):
        x, labels = self.hold()

        def read(positions):
            rows = self._scaled(tf.gather(x, positions))
            return self._element(
                rows, tf.gather(labels, positions) if self.labels else None
            )

        return read

    def hold(
        self, name: str = "the data"
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Bring the examples into memory, once, and look at all of them.

        Args:
            name: what a message calls them.

        Returns:
            The examples as they are stored, or else scaled, and the labels, if
            batches have any, as tensors on the host. Eager tensors enter the
            pipeline as captured inputs: they are neither copied nor written
            into its graph, whatever their size.

        Raises:
            ValueError: for values or labels that the source does not promise.
        """
        if self._held is None:
            with tf.device("CPU:0"):
                self._held = self._examples(name), self._class_numbers(name)
        return self._held

    def _examples(self, name):
        source = self.source
        if self._in_bytes:
            return tf.convert_to_tensor(source.stored())
        x = checks.check_examples(
            source.arrays()[0], value_range=source.value_range, name=name
        )
        return tf.convert_to_tensor(x)

    def _class_numbers(self, name):
        if not self.labels:
            return None
        source = self.source
        numbers = checks.check_labels(
            source.labels, source.num_classes, len(source), name=f"{name}: y"
        )
        return tf.constant(numbers)

    def _read_stream(self):
        def numpy_rows(positions):
            read = (
                self.source.stored_rows if self._in_bytes else self.source.rows
            )
            x, labels = read(positions)
            return (x, labels) if self.labels else x

        x_type = tf.uint8 if self._in_bytes else tf.float32
        types = (x_type, tf.int64) if self.labels else x_type

        def read(positions):
            found = tf.numpy_function(numpy_rows, [positions], types)
            x, labels = found if self.labels else (found, None)
            return self._element(self._scaled(x), labels)

        return read

    @property
    def _in_bytes(self) -> bool:
        """Whether rows are bytes up to here: a quarter of the memory."""
        source = self.source
        return source.storage.dtype == np.uint8 and not source.standardized

    def _scaled(self, x: tf.Tensor) -> tf.Tensor:
        if not self._in_bytes:
            return x
        shift = tf.constant(self.source.shift, tf.float32)
        scale = tf.constant(self.source.scale, tf.float32)
        return (tf.cast(x, tf.float32) - shift) / scale

    def _element(self, x: tf.Tensor, labels: tf.Tensor | None):
        x = tf.ensure_shape(x, (None, *self.source.shape))
        if labels is None:
            return x
        return x, tf.ensure_shape(labels, (None,))


def _check_whole(value, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} is {value!r}; expected a whole number.")
    return int(value)


def _check_batch_size(batch_size, rows: int) -> int:
    batch_size = _check_whole(batch_size, "batch_size")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; expected at least 1.")
    if rows < batch_size:
        raise ValueError(
            f"{rows} rows are fewer than one batch of {batch_size}: pass "
            f"batch_size <= {rows}."
        )
    return batch_size
