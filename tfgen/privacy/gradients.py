"""The gradient of each row, clipped, as a sum."""

import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfgen.privacy.convolutions import vectorized_convolutions
from tfgen.privacy.row_gradient import kept
from tfgen.privacy.row_of_batch import RowOfBatch
from tfgen.training.global_batch import GlobalBatch

CHUNK_BYTES = 2**27
"""Of the gradients of the rows that are taken at once: 128 MiB."""
MOST_ROWS = 128
"""Of a chunk: more are no faster, and the last is filled up with idle ones."""

Losses = Callable[[GlobalBatch], dict[str, tf.Tensor]]
"""Terms of rows by name, `(rows,)`; their gradient is that of `"loss"`."""


def rows_at_once(numbers: int) -> int:
    """How many rows' gradients are held in memory, each of so many numbers.

    Example:
    >>> rows_at_once(1_000_000)
    33
    """
    return min(MOST_ROWS, max(1, CHUNK_BYTES // (4 * max(1, numbers))))


def clipped_sum(
    x: tf.Tensor,
    labels: tf.Tensor | None,
    seed: tf.Tensor | int,
    step: tf.Tensor | int,
    losses_of: Losses,
    variables: Sequence[keras.Variable],
    clip_norm: float,
    track: Callable[[GlobalBatch, dict], None] | None = None,
) -> list[tf.Tensor | None]:
    """Sum of the rows' gradients, each of Euclidean norm `clip_norm` at most.

    Formula: `sum_i g_i min(1, C / |g_i|)`, `g_i` the gradient of row i's loss
    by all the variables together.

    Args:
        x: `(rows, *shape)`; there may be none.
        labels: one-hot, or None.
        seed: of the rows' noise.
        step: number of the step.
        losses_of: of rows.
        variables: of the gradients.
        clip_norm: C.
        track: called with a batch of some of the rows and their terms.

    Returns:
        A sum for each variable, None where the loss does not depend on it.

    Raises:
        ValueError: if the loss mixes rows.

    Reference:
        Abadi et al. (2016), "Deep learning with differential privacy",
        algorithm 1.

    Example:
    >>> w = keras.Variable([0.0])
    >>> def losses_of(batch):
    ...     return {"loss": tf.reduce_sum(w * batch.x, axis=1)}
    >>> x = tf.constant([[0.5], [9.0]])  # gradients .5 and 9, clipped to 1
    >>> clipped_sum(x, None, 0, 0, losses_of, [w], 1.0)[0].numpy()
    array([1.5], dtype=float32)
    """
    rows = tf.shape(x)[0]
    first = _chunk(x, labels, seed, step, 0, 1, rows)
    size = rows_at_once(_numbers_kept(first, losses_of, variables))
    chunks = tf.maximum(1, -(-rows // size))
    x, labels = (_filled_up(part, chunks * size) for part in (x, labels))
    used = []

    def add(number, sums):
        batch = _chunk(x, labels, seed, step, number * size, size, rows)
        gradients, terms = _of_each_row(batch, losses_of, variables, size)
        used[:] = [gradient is not None for gradient in gradients]
        if track is not None:
            track(batch, terms)
        factors = batch.weights * _factors(gradients, clip_norm)
        return number + 1, [
            total if each is None else total + each.weighted(factors)
            for total, each in zip(sums, gradients, strict=True)
        ]

    _, sums = tf.while_loop(
        lambda number, _: number < chunks,
        add,
        (0, [tf.zeros(variable.shape) for variable in variables]),
        parallel_iterations=1,
    )
    return [s if u else None for s, u in zip(sums, used, strict=True)]


def _of_each_row(batch, losses_of, variables, size):
    """What is kept of gradients `(size, ...)`, or None; terms `(size,)`."""
    kept_of_row = []

    def of_row(index):
        row = RowOfBatch(batch, index)
        kept_of_row[:], terms = _of_row(row, losses_of, variables)
        return [each for each in kept_of_row if each is not None], terms

    with vectorized_convolutions():
        found, terms = tf.vectorized_map(of_row, tf.range(size))
    found = iter(found)
    return [each and next(found) for each in kept_of_row], terms


def _of_row(row, losses_of, variables):
    """The same of one row, without an axis of rows."""
    with row, tf.GradientTape() as tape:
        terms = losses_of(row)
        loss = terms["loss"][0]
    gradients = tape.gradient(loss, [v.value for v in variables])
    found = [
        None if gradient is None else kept(tf.convert_to_tensor(gradient))
        for gradient in gradients
    ]
    return found, {name: value[0] for name, value in terms.items()}


def _numbers_kept(batch, losses_of, variables):
    """How many numbers are kept of a row's gradients."""

    @tf.function(autograph=False)
    def of_row():
        found, _ = _of_row(RowOfBatch(batch, 0), losses_of, variables)
        return [each for each in found if each is not None]

    tensors = of_row.get_concrete_function().outputs
    return sum(math.prod(tensor.shape) for tensor in tensors)


def _factors(gradients, clip_norm):
    """`min(1, C / |g_i|)`, `(rows,)`."""
    squares = [each.squares() for each in gradients if each is not None]
    norms = tf.sqrt(tf.add_n(squares))
    return clip_norm / tf.maximum(norms, clip_norm)


def _chunk(x, labels, seed, step, first, size, rows):
    """So many rows from the first on; those beyond the last weigh nothing."""
    part = [None if p is None else p[first : first + size] for p in (x, labels)]
    batch = GlobalBatch(*part, seed, step, first_row=first)
    batch.weights = tf.cast(first + tf.range(size) < rows, tf.float32)
    return batch


def _filled_up(part, rows):
    if part is None:
        return None
    more = tf.zeros((rows - tf.shape(part)[0], *part.shape[1:]), part.dtype)
    return tf.concat([part, more], axis=0)
