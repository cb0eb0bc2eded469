"""Stateless noise that belongs to rows, not to batches.

Philox turns (key, counter) into four 32-bit words. Row i of a draw owns the
counter values `i * blocks ... (i + 1) * blocks - 1`, so any range of rows can
be drawn alone and equals the same rows of a larger draw (Salmon et al., 2011,
"Parallel random numbers: as easy as 1, 2, 3").
"""

import math
import zlib

import tensorflow as tf

PHILOX = 1


def stream(
    seed: tf.Tensor | int, purpose: str, step: tf.Tensor | int = 0
) -> tf.Tensor:
    """Seed pair of the noise for one purpose at one step.

    Args:
        seed: the model's seed, below 2**31, or a key of 64 bits as a tensor.
        purpose: what the noise is for; other purposes are independent.
        step: integer or int64 scalar tensor.

    Returns:
        An int64 tensor of shape (2,).
    """
    name = zlib.crc32(purpose.encode())
    if tf.is_tensor(seed):
        first = tf.bitwise.bitwise_xor(seed, tf.constant(name, tf.int64))
    else:
        first = tf.constant((int(seed) << 32) + name, tf.int64)
    return tf.stack([first, tf.cast(step, tf.int64)])


def normal_rows(
    stream: tf.Tensor,
    first_row: tf.Tensor | int,
    num_rows: tf.Tensor | int,
    shape: tuple[int, ...],
) -> tf.Tensor:
    """Standard normal noise of shape (num_rows, *shape), float32."""
    draw = tf.raw_ops.StatelessRandomNormalV2
    return _rows(draw, stream, first_row, num_rows, shape)


def uniform_rows(
    stream: tf.Tensor,
    first_row: tf.Tensor | int,
    num_rows: tf.Tensor | int,
    shape: tuple[int, ...],
) -> tf.Tensor:
    """Noise in [0, 1) of shape (num_rows, *shape), float32."""
    draw = tf.raw_ops.StatelessRandomUniformV2
    return _rows(draw, stream, first_row, num_rows, shape)


def user_stream(seed: tf.Tensor | int, purpose: str) -> tf.Tensor:
    """Seed pair of what `sample(seed=...)` draws; any int64 is a seed."""
    name = tf.constant(zlib.crc32(purpose.encode()), tf.int64)
    return tf.stack([tf.cast(seed, tf.int64), name])


def normal_by_seed(
    seeds: tf.Tensor, purpose: str, shape: tuple[int, ...]
) -> tf.Tensor:
    """Standard normal noise of shape (rows, *shape), each row by its seed."""
    return _by_seed(normal_rows, seeds, purpose, shape)


def uniform_by_seed(
    seeds: tf.Tensor, purpose: str, shape: tuple[int, ...]
) -> tf.Tensor:
    """Noise in [0, 1) of shape (rows, *shape), each row by its seed."""
    return _by_seed(uniform_rows, seeds, purpose, shape)


def _by_seed(draw, seeds, purpose, shape):
    return tf.map_fn(
        lambda seed: draw(user_stream(seed, purpose), 0, 1, shape)[0],
        seeds,
        fn_output_signature=tf.TensorSpec(shape, tf.float32),
    )


def _rows(draw, stream, first_row, num_rows, shape):
    size = math.prod(shape)
    blocks = -(-size // 4)
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=stream)
    offset = tf.cast(tf.cast(first_row, tf.int64) * blocks, tf.uint64)
    counter = tf.stack([counter[0] + offset, counter[1]])
    # TensorFlow's optimizer of graphs follows the number of rows through
    # `concat`, and so finds sums with other rows to need no broadcasting.
    words = draw(
        shape=tf.concat([tf.reshape(num_rows, [1]), [blocks * 4]], axis=0),
        key=key,
        counter=counter,
        alg=PHILOX,
    )
    if size < blocks * 4:
        words = tf.slice(words, [0, 0], [-1, size])
    return words if len(shape) == 1 else tf.reshape(words, (-1, *shape))
