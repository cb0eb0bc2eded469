"""How many steps one compiled call runs, where the model may choose."""

import contextlib
import math
import typing
from collections.abc import Iterator

import keras

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel
    from tfgen.training.epoch_place import EpochPlace

MULTIPLICATIONS = 1e9
"""Of one pass in a call: a tenth of a second of training, or less."""
MOST_STEPS = 32
"""Beyond, calls cost nothing next to what they run."""
_BATCH_HOOKS = tuple(
    f"on_{kind}batch_{when}"
    for kind in ("", "train_", "test_")
    for when in ("begin", "end")
)


@contextlib.contextmanager
def steps_chosen(
    model: "GenerativeModel",
    places: list["EpochPlace"],
    callbacks: list[keras.callbacks.Callback]
    | keras.callbacks.CallbackList
    | None = None,
) -> Iterator[None]:
    """Sets `model.steps_per_execution` for a training or an evaluation.

    Only of a model that was compiled with `"auto"`. Starting a call takes
    about a millisecond, as long as a whole step of a small network. One step
    a call remains where data may end before an epoch does, and where a
    callback wants to see each batch; those of Keras and tfgen that look at
    batches do with any number. One with `watches_first_step` gets a first call
    of one step.

    Args:
        model: a compiled model.
        places: the model's in the data that it goes through, first in that
            which is counted.
        callbacks: those of the training.
    """
    before = model.steps_per_execution
    callbacks = getattr(callbacks, "callbacks", callbacks) or []
    known = all(place.never_short for place in places)
    if (
        model.chooses_steps
        and known
        and not any(map(_sees_batches, callbacks))
        and not model.run_eagerly
    ):
        rows = max(place.batch_rows for place in places)
        steps, most = places[0].steps, steps_at_once(model, rows)
        if any(getattr(c, "watches_first_step", False) for c in callbacks):
            most = min(most, math.ceil(steps / 2))
            places[0].calls = math.ceil(steps / _evenly(steps, most))
        model.steps_per_execution = _evenly(steps, most)
    try:
        yield
    finally:
        model.steps_per_execution = before


def steps_at_once(model: "GenerativeModel", rows: int) -> int:
    """Steps in one call: as many as keep it short, by the networks' size.

    A function of networks and rows alone, so that the same training looks the
    same everywhere.

    Example:
    >>> small = tfgen.build("gan", input_shape=(2,))
    >>> large = tfgen.build("vae", input_shape=(28, 28, 1), network="conv")
    >>> steps_at_once(small, rows=128), steps_at_once(large, rows=128)
    (32, 1)
    """
    weights = [w for ws in model.network_variables().values() for w in ws]
    each = sum(map(_uses(model), weights))
    steps = MULTIPLICATIONS // (max(1, rows) * max(1, each))
    return int(min(MOST_STEPS, max(1, steps)))


def _evenly(steps, most):
    # Keras counts whole calls: in 5 steps by 2, the last is called the sixth.
    def beyond(each):
        return -(-steps // each) * each - steps

    candidates = range(min(most, steps), most // 2, -1)
    return min(candidates or [steps], key=beyond)


def _uses(model):
    # A convolution's weight is used at most once a pixel, others once a row.
    pixels = math.prod(model.data_shape[:-1])
    return lambda w: (
        w.shape.num_elements() * (pixels if len(w.shape) > 2 else 1)
    )


def _sees_batches(callback):
    if type(callback).__module__.split(".")[0] in ("keras", "tfgen"):
        # But the functions that Keras' LambdaCallback was given.
        return any(hook in vars(callback) for hook in _BATCH_HOOKS)
    return any(
        getattr(type(callback), hook, None)
        is not getattr(keras.callbacks.Callback, hook)
        for hook in _BATCH_HOOKS
    )
