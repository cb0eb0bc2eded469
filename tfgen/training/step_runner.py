"""Runs training and test steps over the replicas."""

import contextlib
import functools
import threading
import types
import typing
from collections.abc import Callable, Iterator

import tensorflow as tf
from tensorflow.python.framework import ops

from tfgen.training.batch_checks import BatchCheck, named_batches
from tfgen.training.epoch_place import EpochPlace

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel

_lock = threading.Lock()
_users = 0
_kept = None


class StepRunner:
    """The model's train or test function.

    Runs up to `steps_per_execution` steps in one compiled call, on every
    replica, and reports the metrics over all of them.

    Args:
        model: a `GenerativeModel`.
        step: `"train_step"` or `"test_step"`.
        place: where in the epoch the steps are.
    """

    def __init__(self, model: "GenerativeModel", step: str, place: EpochPlace):
        self._model = model
        self._step = step
        self._training = step == "train_step"
        self._place = place
        self._check = BatchCheck(model)
        self._functions = {}

    def build(self) -> "StepRunner":
        """Compiles the steps; returns the function that Keras calls."""
        self._functions = {
            checked: self._compile(checked) for checked in (False, True)
        }
        return self

    def __call__(self, iterator: Iterator) -> dict:
        """Runs the next steps; returns the metrics as they then stand.

        Raises:
            ValueError: for a batch that is not what the model takes.
        """
        place = self._place
        with named_batches():
            count = place.advance(self._model.steps_per_execution, iterator)
            self._check.first = place.done - count + 1
            self._check.name = place.data_name
            if count:
                return self._functions[place.checked](iterator, count)
        return self._model.logs(self._training)

    def _compile(self, checked):
        """The steps, on data that was looked at before or is now."""
        model = self._model
        strategy = model.distribute_strategy
        # AutoGraph is for the loop over steps alone.
        step = tf.autograph.experimental.do_not_convert(
            getattr(model, self._step)
        )
        if model.jit_compile:
            step = tf.function(never_differentiated(step), jit_compile=True)

        check = self._check
        skips = self._training and model.skipped is not None
        skipped = model.skipped if skips else contextlib.nullcontext()

        @never_differentiated
        def run_step(data, index=0):
            # Outside of what XLA compiles, which would leave it out.
            if not checked:
                data = check(strategy, data, index)
            with biases_in_float32(), skipped:
                strategy.run(step, (data,))

        def metrics():
            # Outside the replicas, reading a metric adds all of them up.
            return model.logs(self._training)

        def on_data(data):
            run_step(data)
            return metrics()

        def one(iterator):
            return on_data(next(iterator))

        def several(iterator, count):
            for index in tf.range(count):
                run_step(next(iterator), index)
            return metrics()

        if model.run_eagerly:
            return lambda iterator, count: [
                one(iterator) for _ in range(count)
            ][-1]
        on_data = tf.function(on_data, reduce_retracing=True, autograph=False)
        one = tf.function(one, reduce_retracing=True, autograph=False)
        several = tf.function(several, reduce_retracing=True)
        # Each model traces it once, and few calls may train a small one.
        several._omit_frequent_tracing_warning = True

        def run(iterator, count):
            # One function whatever the number, where the model chooses it:
            # TensorFlow's optimizer of graphs rounds otherwise in a loop.
            generated = isinstance(iterator, types.GeneratorType)
            chosen = model.chooses_steps and self._place.never_short
            if model.steps_per_execution > 1 or (chosen and not generated):
                return several(iterator, tf.constant(count))
            # Where data may end, it is fetched first: within one function the
            # step would be counted before the end is noticed.
            if generated or not self._place.ordered:
                return on_data(next(iterator))
            return one(iterator)

        return run


def never_differentiated(step: Callable) -> Callable:
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
