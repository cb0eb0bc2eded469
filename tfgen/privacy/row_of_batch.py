"""One row of a batch, as a batch of its own."""

import tensorflow as tf

from tfgen.training.global_batch import GlobalBatch


class RowOfBatch(GlobalBatch):
    """A row of a batch, with the noise that it has there.

    A model's loss of it is that of the row within the batch, unless the loss
    mixes rows. What asks for other rows is refused.

    Args:
        batch: the whole.
        index: of the row, an int32 scalar; may be that of a loop that is
            vectorized, since noise is drawn for all rows at once.
        times: consecutive rows of `batch` that stand for it.

    Example:
    >>> x = tf.constant([[1.0], [2.0], [6.0]])
    >>> batch = GlobalBatch(x, None, seed=0, step=0)
    >>> row = RowOfBatch(batch, 2)
    >>> noise = [b.normal((1,), "latent") for b in (row, batch)]
    >>> row.x.numpy().tolist(), bool(noise[0][0, 0] == noise[1][2, 0])
    ([[6.0]], True)
    """

    def __init__(
        self, batch: GlobalBatch, index: tf.Tensor | int, times: int = 1
    ):
        self._batch = batch
        self._index, self._times = index, times
        self.x = self._own(batch.x)
        self.labels = None if batch.labels is None else self._own(batch.labels)
        self.weights = None
        self.size = tf.constant(float(times))
        self.num_rows = tf.constant(times, tf.int64)
        self._draws = batch._draws

    @property
    def first_row(self) -> tf.Tensor:
        """Refused: a row does not know its place."""
        raise _mixes_rows()

    def global_mean(self, per_example: tf.Tensor) -> tf.Tensor:
        """Refused: the mean is that of other rows, too."""
        raise _mixes_rows()

    def largest(self, per_example: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        """Refused: other rows may be larger."""
        raise _mixes_rows()

    def groups(self, group_size: int) -> GlobalBatch:
        """Itself; groups of several rows are refused."""
        if group_size > 1:
            raise _mixes_rows()
        return self

    def normal(self, shape: tuple[int, ...], purpose: str) -> tf.Tensor:
        """This row's part of the batch's noise."""
        return self._own(self._batch.normal(shape, purpose))

    def uniform(self, shape: tuple[int, ...], purpose: str) -> tf.Tensor:
        """This row's part of the batch's noise."""
        return self._own(self._batch.uniform(shape, purpose))

    def repeated(self, times: int) -> GlobalBatch:
        """The row so many times, one after the other."""
        many = self._batch.repeated(times)
        return RowOfBatch(many, self._index, self._times * times)

    def _own(self, rows):
        first = self._index * self._times
        return tf.gather(rows, first + tf.range(self._times))


def _mixes_rows():
    return ValueError(
        "a part of the model mixes the rows of a batch, so that no row has a "
        "gradient of its own: leave it out, or train without privacy."
    )
