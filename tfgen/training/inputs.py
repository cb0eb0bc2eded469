"""What `fit` and `evaluate` take, brought to one form."""

import collections.abc
import contextlib
import inspect
import typing
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfgen.data import Batches, Source, checks
from tfgen.data.source import UNNAMED
from tfgen.data.storage import ArrayStorage
from tfgen.optimizers.optimizer_group import NOT_FINITE
from tfgen.privacy.refusals import refuse_unsampled
from tfgen.privacy.spent import PrivacySpent
from tfgen.training import refusals
from tfgen.training.batch_checks import CheckedBatches, Takes
from tfgen.training.directions import settle_directions
from tfgen.training.finite import not_finite

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel

DEFAULT_BATCH_SIZE = 32
Examples = (
    Source | Batches | np.ndarray | tf.data.Dataset | keras.utils.PyDataset
)
"""What `fit` and `evaluate` take: examples, or batches of them."""
_ADVICE = (
    "Look for NaN or huge values in the data, lower the learning rate, or clip "
    "gradients (global_clipnorm=1.0)."
)
_NAMES = {"steps": "the data", "validation_steps": "the validation data"}


def fit_arguments(
    model: "GenerativeModel",
    x: Examples,
    y: np.ndarray | None,
    batch_size: int | None,
    kwargs: dict,
) -> dict:
    """Arguments for `keras.Model.fit`; starts the model's places in epochs."""
    model._assert_compile_called("fit")
    refusals.refuse_other_weights(model)
    kwargs = dict(kwargs)
    _refuse_weights(kwargs)
    validation_data = kwargs.pop("validation_data", None)
    validation_split = kwargs.pop("validation_split", 0.0)
    if validation_split and validation_data is None:
        x, y, validation_data = _hold_out(x, y, validation_split)
    shuffle = kwargs.pop("shuffle", True)
    _refuse_doubles(x, y, batch_size)
    if isinstance(x, (Source, Batches)):
        x = model.read(x)
    data = _batches_of(model, x, y, batch_size, shuffle)
    if isinstance(x, (Source, Batches)) and model.reading is None:
        model.reading = data.source.reading
    initial_epoch = kwargs.pop("initial_epoch", 0)
    found = _steps(data, kwargs.get("steps_per_epoch"), "steps_per_epoch")
    steps = kwargs.pop("steps_per_epoch", None) or found
    ordered = isinstance(data, Batches)
    if model.private_training is not None:
        refuse_unsampled(data)
    place = model.training_place
    _start(model, place, steps, data)
    callbacks = _in_order(kwargs.get("callbacks"))
    guard = _FiniteLosses()
    guard.set_model(model)
    callbacks.insert(0, guard)
    if model.private_training is not None:
        callbacks.insert(1, PrivacySpent())
    settle_directions(model, callbacks)
    for callback in callbacks:
        if hasattr(callback, "watch"):
            callback.watch(callbacks)
        initial_epoch = _restored(model, callback, steps, initial_epoch)
        if getattr(callback, "has_stopped", False):
            initial_epoch = max(initial_epoch, kwargs.get("epochs", 1))
    if not isinstance(kwargs.get("callbacks"), keras.callbacks.CallbackList):
        kwargs["callbacks"] = callbacks
    validation_steps = kwargs.pop("validation_steps", None)
    if validation_data is not None:
        validation_batch_size = kwargs.pop("validation_batch_size", batch_size)
        validation_data, validation_steps = evaluation_data(
            model,
            validation_data,
            None,
            validation_batch_size,
            validation_steps,
            "validation_steps",
        )
    if model.private_training is not None:
        left = max(0, kwargs.get("epochs", 1) - initial_epoch) * steps
        done = model.steps_done - place.steps_to_pass_over
        model.private_training.begin(data, done + left)
        # By its own number: no other step may have the same sample.
        sampled = model.private_training.sampled(data)
        data = sampled.dataset(model.steps_done)
    elif ordered:
        first = place.first_batch(model.steps_done, data.steps_per_epoch)
        data = data.dataset(first)
    kwargs |= {
        "x": data,
        "shuffle": False,
        "validation_data": validation_data,
        "initial_epoch": initial_epoch,
        # A dataset that is one epoch starts anew each epoch.
        "steps_per_epoch": steps if ordered or steps != found else None,
        "validation_steps": validation_steps,
    }
    return kwargs


def evaluation_data(
    model: "GenerativeModel",
    x: Examples | tuple,
    y: np.ndarray | None,
    batch_size: int | None,
    steps: int | None = None,
    argument: str = "steps",
) -> tuple[tf.data.Dataset | keras.utils.PyDataset, int | None]:
    """A finite dataset in the data's own order, and its number of batches.

    Starts the model's place in an evaluation.
    """
    if isinstance(x, tuple) and y is None:
        x, y = (*x, None)[:2]
    if batch_size and hasattr(x, "__len__"):
        batch_size = min(batch_size, len(x)) or None
    if isinstance(x, (Source, Batches)):
        x = model.read(x)
    name = _NAMES[argument]
    data = _batches_of(model, x, y, batch_size, False, name)
    if not isinstance(data, Batches):
        steps = steps or _steps(data, steps, argument)
        _start(model, model.evaluation_place, steps, data, name)
        return data, steps
    in_order = data.source.batches(
        data.batch_size, shuffle=False, labels=data.labels
    )
    steps = min(steps or in_order.steps_per_epoch, in_order.steps_per_epoch)
    _start(model, model.evaluation_place, steps, in_order, name)
    return in_order.dataset().take(steps), steps


def _restored(model, callback, steps, epoch):
    """The epoch that training goes on with; the state is the callback's."""
    if isinstance(callback, keras.callbacks.BackupAndRestore):
        # Keras restores after the data has been lined up with the step.
        callback.set_model(model)
        callback.on_train_begin()
    if hasattr(callback, "restore"):
        callback.set_model(model)
        epoch = callback.restore(steps, epoch)
    return epoch


def _start(model, place, steps, data, name="the data"):
    if steps is None and model.steps_per_execution > 1:
        raise ValueError(
            f"steps_per_execution is {model.steps_per_execution}, but the "
            "data does not tell how many batches it has: pass "
            "steps_per_epoch, or compile with steps_per_execution=1."
        )
    ordered = isinstance(data, Batches)
    place.start(
        steps,
        ordered,
        name,
        _rows(data),
        _never_short(data, steps),
        checked=_checked(data, name),
    )


def _checked(data, name):
    """Looks at data in memory as a whole; whether that was done."""
    if not isinstance(data, Batches) or not data.in_memory:
        return False
    source = data.source.name
    data.hold(name if source == UNNAMED else f"{name} of {source}")
    return True


def _never_short(data, steps):
    """Whether the data is sure to have all the steps of each epoch."""
    if isinstance(data, Batches):
        return True
    if isinstance(data, keras.utils.PyDataset):
        return data.num_batches == steps
    return int(data.cardinality()) in (tf.data.INFINITE_CARDINALITY, steps)


def _rows(data):
    """Rows of a batch; None where the data does not tell."""
    if isinstance(data, Batches):
        return data.batch_size
    if not isinstance(data, tf.data.Dataset):
        return None
    first, *_ = tf.nest.flatten(data.element_spec)
    return first.shape[0] if first.shape.rank else None


@contextlib.contextmanager
def explained_errors(model: "GenerativeModel") -> Iterator[None]:
    """Turns the failed check on gradients into one line."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if NOT_FINITE not in str(error):
            raise
        network = str(error).split(NOT_FINITE)[1].split("'")[0].split("]")[0]
        raise FloatingPointError(
            f"the gradients of network {network.strip(': ')} are not finite "
            f"at step {model.steps_done} ({_batch_reached(model)}); its "
            f"weights are those before it. {_ADVICE}"
        ) from None


class _FiniteLosses(keras.callbacks.Callback):
    """Stops a training whose losses are not finite, or that skips all steps."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._began, self._skipped = (
            self.model.steps_done,
            self._skipped_steps(),
        )

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        steps = self.model.steps_done - self._began
        if 0 < steps == self._skipped_steps() - self._skipped:
            raise FloatingPointError(
                f"all {steps} steps of epoch {epoch + 1} were skipped, since "
                f"losses or gradients were not finite. {_ADVICE}"
            )

    def _skipped_steps(self):
        skipped = self.model.skipped
        return 0 if skipped is None else int(skipped.count())

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        found = not_finite(logs or {})
        if found:
            raise FloatingPointError(
                f"{' and '.join(found)} not finite at step "
                f"{self.model.steps_done} (up to "
                f"{_batch_reached(self.model, last=True)}). {_ADVICE}"
            )


def _batch_reached(model, last=False):
    """The batch of the next step, or of the last one, in words."""
    place = model.training_place
    number = model.steps_done - place.first_step + (not last)
    return f"batch {number} of {place.data_name}"


def _refuse_weights(arguments):
    for name in ("sample_weight", "class_weight"):
        if arguments.get(name) is not None:
            raise ValueError(
                f"fit() got {name}, but every example counts the same here: "
                "leave it out, or repeat rows in the data."
            )


def _refuse_doubles(x, y, batch_size):
    """Labels and batch sizes that the data itself brings along."""
    kind = type(x).__name__
    batched = isinstance(x, (Batches, tf.data.Dataset, keras.utils.PyDataset))
    if y is not None and (batched or isinstance(x, Source)):
        raise ValueError(
            f"y was given beside a {kind}, which brings its own labels: "
            "leave y out."
        )
    if batch_size is not None and batched:
        raise ValueError(
            f"batch_size is {batch_size}, but a {kind} brings its own "
            "batches: leave batch_size out."
        )


def _batches_of(model, x, y, batch_size, shuffle, name="the data"):
    if isinstance(x, Source):
        _check_source(model, x)
        x = x.batches(_fitting(batch_size, len(x)), model.seed, shuffle)
    if isinstance(x, Batches):
        _check_source(model, x.source)
        if x.labels == bool(model.num_classes):
            return x  # with the tensors that it may have made
        return x.of(x.source, labels=bool(model.num_classes))
    if isinstance(x, tf.data.Dataset):
        _check_dataset(model, x, name)
        return x
    if isinstance(x, keras.utils.PyDataset):
        return CheckedBatches(x, Takes.of(model), name)
    if isinstance(x, collections.abc.Iterator) or inspect.isgenerator(x):
        raise ValueError(
            f"x is a {type(x).__name__}, which yields its batches once and "
            "cannot start again at an epoch or a resume: pass an array, a "
            "tf.data.Dataset or a tfgen.data source."
        )
    return _array_batches(model, x, y, batch_size, shuffle, name)


def _array_batches(model, x, y, batch_size, shuffle, name):
    x_name, y_name = ("x", "y") if name == "the data" else (name, f"{name}: y")
    x = checks.check_examples(
        x, shape=model.data_shape, value_range=model.data_range, name=x_name
    )
    labels = names = None
    if model.num_classes:
        if y is None:
            raise ValueError(
                f"the model is conditional on {model.num_classes} classes, "
                "but there are no labels: pass them as y."
            )
        labels = checks.check_labels(y, model.num_classes, len(x), name=y_name)
        names = tuple(str(i) for i in range(model.num_classes))
    source = Source(ArrayStorage(x, labels), "table", class_names=names)
    return source.batches(
        _fitting(batch_size, len(x)),
        model.seed,
        shuffle,
        labels=bool(model.num_classes),
    )


def _fitting(batch_size, rows):
    """The batch size asked for, else the default or fewer rows."""
    return min(DEFAULT_BATCH_SIZE, rows) if batch_size is None else batch_size


def check_shape(model: "GenerativeModel", source: Source) -> None:
    """Raises ValueError for examples of another shape than the model's."""
    if source.shape != tuple(model.data_shape):
        raise ValueError(
            f"{source.name} holds examples of shape {source.shape}, but the "
            f"model takes {tuple(model.data_shape)}: build it with "
            f"input_shape={source.shape}."
        )


def _check_source(model, source):
    check_shape(model, source)
    wanted = model.data_range
    if wanted and source.value_range != tuple(wanted):
        raise ValueError(
            f"{source.name} has the range {source.value_range}, but the "
            f"model takes {tuple(wanted)}: "
            + (
                f"pass source.to_range({tuple(wanted)})."
                if source.value_range
                else _for_real_data(model)
            )
        )
    if model.num_classes and source.num_classes != model.num_classes:
        raise ValueError(
            f"{source.name} has {source.num_classes or 'no'} classes, but the "
            f"model was built with num_classes={model.num_classes}."
        )


def _for_real_data(model):
    if model.has_likelihood:
        return "use likelihood='gaussian' for real data."
    return "rescale the data, or build it with output_activation='linear'."


def _check_dataset(model, dataset, name):
    takes = Takes.of(model)
    takes.check_kind(dataset.element_spec)
    first = next(iter(dataset.take(1)), None)
    if first is None:
        raise ValueError("the dataset is empty; expected at least one batch.")
    x = first[0] if isinstance(first, tuple) else first
    checks.check_examples(
        np.asarray(x),
        shape=takes.shape,
        value_range=takes.value_range,
        name=f"batch 1 of {name}",
    )


def _hold_out(x, y, fraction):
    if isinstance(x, Source):
        x, held = x.divide((1.0 - fraction, fraction))
        return x, y, held
    if isinstance(x, (Batches, tf.data.Dataset, keras.utils.PyDataset)):
        raise ValueError(
            "validation_split works on arrays and sources, got "
            f"{type(x).__name__}: pass validation_data."
        )
    count = int(len(x) * (1.0 - fraction))
    held_labels = None if y is None else y[count:]
    held = (x[count:], held_labels)
    return x[:count], None if y is None else y[:count], held


def _steps(data, given, argument):
    """Number of batches that the data has, None if it does not tell."""
    if isinstance(data, Batches):
        return data.steps_per_epoch
    if isinstance(data, keras.utils.PyDataset):
        return data.num_batches
    cardinality = int(data.cardinality())
    if cardinality == tf.data.INFINITE_CARDINALITY and not given:
        raise ValueError(
            f"the dataset repeats without end: pass {argument}, or leave out "
            "repeat()."
        )
    return cardinality if cardinality >= 0 else None


def _in_order(callbacks):
    """Callbacks as a list, at the end those that act after the others."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.callbacks.sort(key=_acts_last)
        return callbacks.callbacks
    if callbacks is None:
        return []
    if not isinstance(callbacks, (list, tuple)):
        callbacks = [callbacks]
    return sorted(callbacks, key=_acts_last)


def _acts_last(callback):
    return getattr(callback, "acts_last", False)
