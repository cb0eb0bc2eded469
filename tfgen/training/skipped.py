"""Steps that leave everything as it was, since their numbers overflowed."""

import typing

import tensorflow as tf

from tfgen.training.finite import SUMS

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel
    from tfgen.optimizers import OptimizerGroup


class Skipped:
    """In its block, a step whose losses or gradients are not finite is undone.

    Weights, optimizers and metrics are put back on every replica; the model's
    step counts on, so that the next step has another batch and other noise.
    Gradients are added up over replicas before they are looked at, so that all
    see what one of them found.

    Args:
        model: a `GenerativeModel`.
        group: its optimizers, which then look at gradients without a stop.
    """

    def __init__(self, model: "GenerativeModel", group: "OptimizerGroup"):
        self._model = model
        self._group = group
        applied = int(tf.convert_to_tensor(group.iterations))
        self._steps_of_before = model.steps_done - applied
        group.seen_finite = tf.Variable(
            True,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def count(self) -> tf.Tensor:
        """How many of the model's steps were skipped."""
        steps = tf.convert_to_tensor(self._model.step)
        applied = tf.cast(self._group.iterations, steps.dtype)
        return steps - applied - self._steps_of_before

    def __enter__(self):
        for part in self._parts([self._group.seen_finite]):
            part.assign(True)
        self._before = [tf.identity(v) for v in self._parts(self._state())]

    def __exit__(self, kind, error, traceback):
        before = self._before
        del self._before  # of a graph
        if error is None:
            tf.cond(self._is_finite(), lambda: None, lambda: self._undo(before))

    def _is_finite(self):
        sums = [
            variable.value
            for name, tracker in self._model.trackers.items()
            if name.endswith(SUMS)
            for variable in tracker.variables
        ]
        seen = self._parts([self._group.seen_finite])
        finite = [
            tf.reduce_all(tf.math.is_finite(s)) for s in self._parts(sums)
        ]
        return tf.reduce_all([*seen, *finite])

    def _undo(self, before):
        for part, value in zip(self._parts(self._state()), before, strict=True):
            part.assign(value)

    def _state(self):
        model = self._model
        metrics = [v for metric in model.metrics for v in metric.variables]
        return [
            variable.value
            for variable in [*model.variables, *self._group.variables, *metrics]
            if variable is not model.step
        ]

    def _parts(self, variables):
        local = self._model.distribute_strategy.experimental_local_results
        return [part for variable in variables for part in local(variable)]
