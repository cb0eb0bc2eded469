"""Gradients of biases that do not stop at 256."""

import contextlib
import threading
from collections.abc import Iterator

import tensorflow as tf
from tensorflow.python.framework import ops

_lock = threading.Lock()
_users = 0
_kept = None


@contextlib.contextmanager
def biases_in_float32() -> Iterator[None]:
    """Sums what biases get in float32 while a step is traced, or run eagerly.

    In `mixed_bfloat16`, TensorFlow's kernel adds the gradients of a bias up in
    bfloat16. Of 8 binary digits, a sum that has reached 256 times its terms
    does not grow any more: with thousands of rows or pixels, most are lost.
    Adam, which divides by the gradient's size, hides it. Sums in other kernels
    are exact.

    Elsewhere TensorFlow's gradient stays what it is.
    """
    _change(+1)
    try:
        yield
    finally:
        _change(-1)


def _change(by):
    global _users, _kept
    # Without a public name; where another TensorFlow has none, sums stay.
    entry = getattr(ops.gradient_registry, "_registry", {}).get("BiasAdd")
    if entry is None or "type" not in entry:
        return
    with _lock:
        before, _users = _users, _users + by
        if not before:
            _kept = entry["type"]
            entry["type"] = _in_float32(_kept)
        elif not _users:
            entry["type"] = _kept


def _in_float32(gradient_of):
    def gradient(op, received):
        if received.dtype != tf.bfloat16:
            return gradient_of(op, received)
        _, of_bias = gradient_of(op, tf.cast(received, tf.float32))
        return received, tf.cast(of_bias, received.dtype)

    return gradient
