"""Runs training and test steps over the replicas."""

import contextlib
import types

import tensorflow as tf

from tfgen.training.custom_gradients import never_differentiated


class StepRunner:
    """The model's train or test function.

    Runs up to `steps_per_execution` steps in one compiled call, on every
    replica, and reports the metrics over all of them. After a resume in the
    middle of an epoch, the steps that were already done are passed over.

    Args:
        model: a `GenerativeModel`.
        step: `"train_step"` or `"test_step"`.
    """

    def __init__(self, model, step: str):
        self._model = model
        self._step = step
        self._training = step == "train_step"
        self._function = None
        self._steps_per_epoch = None
        self._ordered = True
        self._done = 0
        self._skip = 0
        self._restore_metrics = None

    def start(self, steps_per_epoch: int | None, ordered: bool = True):
        """Called before fit or evaluate.

        Args:
            steps_per_epoch: number of steps, None if unknown.
            ordered: whether the data itself starts at the model's step.
        """
        self._steps_per_epoch = steps_per_epoch
        self._ordered = ordered
        if steps_per_epoch is None and self._model.steps_per_execution > 1:
            raise ValueError(
                "steps_per_execution is "
                f"{self._model.steps_per_execution}, but the data does not "
                "tell how many batches it has: pass steps_per_epoch, or "
                "compile with steps_per_execution=1."
            )

    def begin_epoch(self):
        self._done = 0

    @contextlib.contextmanager
    def paused(self):
        """Keeps the place in the epoch while something else is evaluated."""
        place = self._steps_per_epoch, self._ordered, self._done
        try:
            yield
        finally:
            self._steps_per_epoch, self._ordered, self._done = place

    def skip(self, steps: int, restore_metrics):
        """Passes over the next epoch's first steps, done before a resume."""
        self._skip = steps
        self._restore_metrics = restore_metrics

    @property
    def done(self) -> int:
        """Steps of this epoch that are done."""
        return self._done

    @property
    def resumes(self) -> bool:
        """Whether the next epoch goes on in its middle."""
        return self._skip > 0

    def build(self):
        """Compiles the steps; returns the function that Keras calls."""
        self._function = self._compile()
        return self

    def __call__(self, iterator):
        count = self._model.steps_per_execution
        if self._steps_per_epoch is not None:
            count = min(count, self._steps_per_epoch - self._done)
        self._done += count
        count -= self._pass_over(count, iterator)
        if count:
            return self._function(iterator, count)
        return self._model.logs(self._training)

    def _pass_over(self, count, iterator):
        skipped = min(self._skip, count)
        self._skip -= skipped
        if skipped and not self._ordered:
            for _ in range(skipped):
                next(iterator)
        if skipped and not self._skip:
            self._restore_metrics()
        return skipped

    def _compile(self):
        model = self._model
        strategy = model.distribute_strategy
        # AutoGraph is for the loop over steps alone.
        step = tf.autograph.experimental.do_not_convert(
            getattr(model, self._step)
        )
        if model.jit_compile:
            step = tf.function(never_differentiated(step), jit_compile=True)

        @never_differentiated
        def run_step(data):
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
            for _ in tf.range(count):
                run_step(next(iterator))
            return metrics()

        if model.run_eagerly:
            return lambda iterator, count: [
                one(iterator) for _ in range(count)
            ][-1]
        on_data = tf.function(on_data, reduce_retracing=True, autograph=False)
        one = tf.function(one, reduce_retracing=True, autograph=False)
        several = tf.function(several, reduce_retracing=True)

        def run(iterator, count):
            if model.steps_per_execution > 1:
                return several(iterator, tf.constant(count))
            # Where data may end, it is fetched first: within one function the
            # step would be counted before the end is noticed.
            if not self._ordered or isinstance(iterator, types.GeneratorType):
                return on_data(next(iterator))
            return one(iterator)

        return run
