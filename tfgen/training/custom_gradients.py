"""TensorFlow's notes of custom gradients, which it never drops itself."""

import functools

import tensorflow as tf
from tensorflow.python.framework import ops


def never_differentiated(step):
    """A function whose graph leaves no notes of custom gradients.

    Each use of a custom gradient in a graph, as in an optimizer's all-reduce,
    is noted for ever, and with it the graph, the model's weights and the
    optimizers' state. A program that trains one model after another would
    keep them all. What is noted of a `tf.function` that the step calls stays:
    others may call and differentiate it too.

    Args:
        step: a function that is traced, or run eagerly.
    """

    @functools.wraps(step)
    def run(*arguments):
        result = step(*arguments)
        if not tf.executing_eagerly():
            _drop_notes(tf.compat.v1.get_default_graph())
        return result

    return tf.autograph.experimental.do_not_convert(run)


def _drop_notes(graph):
    # Without a public name; where another TensorFlow has none, they stay.
    notes = getattr(ops.gradient_registry, "_registry", {})
    for operation in graph.get_operations():
        if operation.type == "IdentityN":
            notes.pop(_noted_name(operation), None)


def _noted_name(operation):
    try:
        return operation.get_attr("_gradient_op_type").decode()
    except ValueError:  # it has none
        return None
