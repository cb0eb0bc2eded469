"""TensorFlow's notes of custom gradients, which it never drops itself."""

import contextlib

from tensorflow.python.framework import ops


@contextlib.contextmanager
def dropped_after_tracing():
    """In the block, a graph is traced that nothing differentiates later.

    Each use of a custom gradient in a graph, as in an optimizer's all-reduce,
    is noted for ever, and with it the graph, the model's weights and the
    optimizers' state. A program that trains one model after another would
    keep them all.
    """
    before = _names()
    try:
        yield
    finally:
        for name in _names() - before:
            _notes().pop(name, None)


def _names():
    return {name for name in _notes() if name.startswith("CustomGradient-")}


def _notes():
    # Without a public name; where another TensorFlow has none, they stay.
    return getattr(ops.gradient_registry, "_registry", {})
