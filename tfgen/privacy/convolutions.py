"""Gradients of convolution kernels, row by row, in one multiplication."""

import contextlib
import threading
from collections.abc import Iterator

import tensorflow as tf
from tensorflow.python.ops.parallel_for import pfor

_KIND = "Conv2DBackpropFilter"
_lock = threading.Lock()


@contextlib.contextmanager
def vectorized_convolutions() -> Iterator[None]:
    """Lets `tf.vectorized_map` take kernels' gradients of all rows at once.

    TensorFlow's own way goes through the rows one by one. A kernel's gradient
    is that of a dense layer on patches: `sum over places of patch^T delta`.
    """
    # Without a public name; where another TensorFlow has none, rows go one
    # by one, to the same result.
    known = getattr(pfor, "_pfor_converter_registry", {})
    if _KIND not in known:
        yield
        return
    with _lock:
        kept = known[_KIND]
        known[_KIND] = _converter(kept)
        try:
            yield
        finally:
            known[_KIND] = kept


def _converter(one_by_one):
    def convert(pfor_input):
        plain = pfor_input.get_attr("data_format") == b"NHWC"
        padding = pfor_input.get_attr("padding")
        images, is_stacked, _ = pfor_input.input(0)
        if not (plain and is_stacked and padding in (b"SAME", b"VALID")):
            return one_by_one(pfor_input)
        pfor_input.stack_inputs(stack_indices=[2])
        kernel = pfor_input.op.outputs[0].shape
        patches = tf.image.extract_patches(
            tf.reshape(images, tf.concat([[-1], tf.shape(images)[2:]], 0)),
            sizes=[1, *kernel[:2], 1],
            strides=pfor_input.get_attr("strides"),
            rates=pfor_input.get_attr("dilations"),
            padding=padding.decode(),
        )
        gradients = _products(patches, pfor_input.stacked_input(2))
        return pfor.wrap(tf.reshape(gradients, (-1, *kernel)), True)

    return convert


def _products(patches, deltas):
    """`sum over places of patch^T delta` of each row, `(rows, ., .)`."""
    rows = tf.shape(deltas)[0]
    patches, deltas = (
        tf.reshape(each, (rows, -1, each.shape[-1]))
        for each in (patches, deltas)
    )
    return tf.matmul(patches, deltas, transpose_a=True)
