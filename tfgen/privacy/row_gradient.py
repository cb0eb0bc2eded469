"""What is kept of the gradients of rows: all of each, or two factors."""

import math
import typing

import tensorflow as tf


class Whole(typing.NamedTuple):
    """Gradients of rows by a variable, `(rows, *shape)`."""

    gradients: tf.Tensor

    def squares(self) -> tf.Tensor:
        """Squared Euclidean norms, `(rows,)`."""
        rows = tf.shape(self.gradients)[0]
        flat = tf.reshape(self.gradients, (rows, -1))
        return tf.reduce_sum(flat**2, axis=1)

    def weighted(self, factors: tf.Tensor) -> tf.Tensor:
        """The sum of the rows' gradients times their factors, `shape`."""
        return tf.tensordot(factors, self.gradients, axes=1)


class Product(typing.NamedTuple):
    """Gradients of rows by a kernel, as factors.

    Formula: `g_i = A_i^T D_i`, with A what a dense layer gets in its m uses
    and D the loss's gradients by what it gives; so `|g_i|^2` is the sum of
    `(A_i A_i^T) * (D_i D_i^T)`, and of `c_i g_i` the sum `A^T (c D)`.

    Reference:
        Goodfellow (2015), "Efficient per-example gradient computations"; of
        norms and clipped sums together, Bu et al. (2023), "Differentially
        private optimization on large model at small cost".

    Example:
    >>> a, d = tf.constant([[[1.0, 2.0]]]), tf.constant([[[3.0]]])
    >>> Product(a, d).squares().numpy(), Product(a, d).weighted([0.5]).numpy()
    (array([45.], dtype=float32), array([[1.5],
           [3. ]], dtype=float32))
    """

    inputs: tf.Tensor
    """`(rows, m, in)`."""
    deltas: tf.Tensor
    """`(rows, m, out)`."""

    def squares(self) -> tf.Tensor:
        """Squared Euclidean norms, `(rows,)`."""
        # Uses that nearly cancel have a norm far below their terms, which
        # float32 could take for 0.
        wide = [tf.cast(factor, tf.float64) for factor in self]
        inputs, deltas = (tf.matmul(f, f, transpose_b=True) for f in wide)
        squares = tf.reduce_sum(inputs * deltas, axis=(1, 2))
        return tf.cast(tf.maximum(squares, 0.0), tf.float32)

    def weighted(self, factors: tf.Tensor) -> tf.Tensor:
        """The sum of the rows' gradients times their factors, `(in, out)`."""
        scaled = self.deltas * tf.reshape(factors, (-1, 1, 1))
        inputs, deltas = (
            tf.reshape(factor, (-1, factor.shape[-1]))
            for factor in (self.inputs, scaled)
        )
        return tf.matmul(inputs, deltas, transpose_a=True)


def kept(gradient: tf.Tensor) -> Whole | Product:
    """The least that says a row's gradient, without an axis of rows.

    Args:
        gradient: as a tape gives it in a graph. Where it is a matrix product,
            or a sum of such, its factors stand for it if they are smaller,
            and nobody asks for the product.
    """
    pairs = _factors(gradient)
    if not pairs:
        return Whole(gradient)
    factors = [tf.concat(uses, axis=0) for uses in zip(*pairs, strict=True)]
    sizes = [math.prod(tensor.shape) for tensor in (*factors, gradient)]
    smaller = sizes[0] + sizes[1] < sizes[2]
    return Product(*factors) if smaller else Whole(gradient)


def _factors(gradient):
    """Pairs `(m, in)`, `(m, out)`, or None for what is no sum of products."""
    operation = gradient.op
    if operation.type == "AddN":
        parts = [_factors(part) for part in operation.inputs]
        return None if None in parts else sum(parts, [])
    if operation.type != "MatMul":
        return None
    transposed = [operation.get_attr(f"transpose_{side}") for side in "ab"]
    known = all(f.shape.is_fully_defined() for f in operation.inputs)
    if transposed != [True, False] or not known:
        return None
    return [tuple(operation.inputs)]
