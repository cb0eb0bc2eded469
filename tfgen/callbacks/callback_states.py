"""What callbacks remember, brought into a checkpoint and back."""

import csv
import io
import json
import pathlib
import typing
import warnings
import zipfile
from collections.abc import Callable, Iterator

import keras
import numpy as np

from tfgen.training.files import write_text, written_whole

# What Keras' own remember; the rest of their attributes is as they were made.
_REMEMBERED = {
    keras.callbacks.ReduceLROnPlateau: ("best", "wait", "cooldown_counter"),
    keras.callbacks.EarlyStopping: (
        "best",
        "wait",
        "stopped_epoch",
        "best_epoch",
        "best_weights",
    ),
    keras.callbacks.ModelCheckpoint: (
        "best",
        "_batches_seen_since_last_saving",
        "_last_batch_seen",
    ),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
    keras.callbacks.TensorBoard: ("_global_train_batch", "_global_test_batch"),
}
# They keep their state in files of their own, or have `get_state`.
_OWN_FILES = ("tfgen.", "keras_tuner.")
_NUMBERS = (bool, int, float, str, type(None))


class CallbackStates:
    """What the callbacks of a training remember.

    A callback with `get_state()` and `set_state(state)` is asked. Of Keras'
    own it is known. Of others, each attribute counts that has changed since
    the training began; what no checkpoint can hold is named once by a warning.
    A state is made of numbers, texts, None, NumPy arrays, and lists, tuples
    and dicts of them.

    Args:
        callbacks: those of a training, before it begins. They are told apart
            by class and order.

    Example:
    >>> class Longest(keras.callbacks.Callback):
    ...     __module__ = "mine"
    >>> states = CallbackStates([Longest()])
    >>> states.callbacks["Longest-0"].epochs = 3
    >>> states.get()
    {'Longest-0': {'epochs': 3}}
    """

    def __init__(self, callbacks: list[keras.callbacks.Callback]):
        self.callbacks = {}
        for callback in callbacks:
            name = type(callback).__name__
            count = sum(type(c) is type(callback) for c in self._known())
            self.callbacks[f"{name}-{count}"] = callback
        self._before = {
            key: {k: _snapshot(v) for k, v in vars(callback).items()}
            for key, callback in self.callbacks.items()
        }
        self._told = set()
        self._best = {}

    def wrote_best(self) -> bool:
        """Whether a best model was written since this was asked last.

        Until its score is in a checkpoint, a training that goes on from an
        older one overwrites the file by a worse model.
        """
        best = {
            key: callback.best
            for key, callback in self.callbacks.items()
            if isinstance(callback, keras.callbacks.ModelCheckpoint)
            and callback.save_best_only
        }
        before, self._best = self._best, best
        return best != before

    def get(self) -> dict[str, dict]:
        """The state of each callback that has one."""
        states = {k: self._state_of(k, c) for k, c in self.callbacks.items()}
        return {key: state for key, state in states.items() if state}

    def set(self, states: dict[str, dict]) -> None:
        """Puts states back; call it after every `on_train_begin`."""
        for key, state in states.items():
            callback = self.callbacks.get(key)
            if callback is None:
                continue  # it is not attached any more
            if hasattr(callback, "set_state"):
                callback.set_state(state)
            else:
                vars(callback).update(state)

    def have_stopped(self, states: dict[str, dict]) -> bool:
        """Whether early stopping in these states has ended the training.

        It goes on with a larger `patience` than the one that ended it.
        """
        return any(
            isinstance(callback, keras.callbacks.EarlyStopping)
            and states.get(key, {}).get("stopped_epoch", 0) > 0
            and states[key]["wait"] >= callback.patience
            for key, callback in self.callbacks.items()
        )

    def cut_logs(self, epochs: int) -> None:
        """Lets each `CSVLogger` go on after so many epochs of its file."""
        for callback in self._known():
            if isinstance(callback, keras.callbacks.CSVLogger):
                _cut_rows(pathlib.Path(callback.filename), callback.sep, epochs)
                callback.append = True

    def _known(self) -> Iterator[keras.callbacks.Callback]:
        return iter(self.callbacks.values())

    def _state_of(self, key, callback):
        if hasattr(callback, "get_state"):
            return callback.get_state()
        module = f"{type(callback).__module__}."
        if module.startswith(_OWN_FILES):
            return {}
        known = next((k for k in _REMEMBERED if isinstance(callback, k)), None)
        names = [n for n in _REMEMBERED.get(known, ()) if hasattr(callback, n)]
        state = {name: getattr(callback, name) for name in names}
        if not module.startswith("keras."):
            state |= self._changed(key, callback, quiet=_is_of_keras(callback))
        return {name: _snapshot(value) for name, value in state.items()}

    def _changed(self, key, callback, quiet):
        before, state = self._before[key], {}
        for name, value in vars(callback).items():
            if name in ("_model", "_params", "params"):
                continue
            if name in before and _is_same(before[name], value):
                continue
            if _is_plain(value):
                state[name] = value
            elif not quiet:
                self._tell(type(callback).__name__, name, value)
        return state

    def _tell(self, owner, name, value):
        if (owner, name) in self._told:
            return
        self._told.add((owner, name))
        warnings.warn(
            f"{owner} keeps a {type(value).__name__} in {name!r}, which a "
            "checkpoint cannot hold; a resumed training starts without it: "
            f"give {owner} get_state() and set_state(state).",
            stacklevel=2,
        )


def write_states(path: pathlib.Path, states: dict) -> None:
    """Writes states to an npz file, whole or not at all."""
    arrays = []
    text = json.dumps(_encoded(states, arrays))
    named = {f"array_{i}": array for i, array in enumerate(arrays)}
    with written_whole(path) as temporary:
        np.savez(temporary, states=np.array(text), **named)


def read_states(path: pathlib.Path) -> dict:
    """What `write_states` wrote.

    Raises:
        ValueError: if the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            text = str(file["states"])
            return _decoded(json.loads(text), lambda i: file[f"array_{i}"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read ({error}): remove it, and the callbacks "
            "of the resumed training begin anew."
        ) from error


def _is_of_keras(callback):
    """Whether it derives from one that has attributes of Keras' own."""
    return any(
        base.__module__.startswith("keras.")
        for base in type(callback).__mro__
        if base is not keras.callbacks.Callback
    )


def _is_plain(value) -> bool:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in "biufSU"
    if type(value) in (list, tuple):
        return all(_is_plain(item) for item in value)
    if type(value) is dict:
        return all(_is_plain(item) for pair in value.items() for item in pair)
    return isinstance(value, _NUMBERS)


def _snapshot(value):
    if not _is_plain(value):
        return value
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_snapshot(item) for item in value)
    if isinstance(value, dict):
        return {key: _snapshot(item) for key, item in value.items()}
    return value


def _is_same(a, b) -> bool:
    if a is b and not _is_plain(a):
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if type(a) in (list, tuple):
        pairs = zip(a, b, strict=False)
        return len(a) == len(b) and all(_is_same(*pair) for pair in pairs)
    if type(a) is dict:
        return a.keys() == b.keys() and all(_is_same(a[k], b[k]) for k in a)
    return _is_plain(a) and a == b


def _encoded(value, arrays: list) -> object:
    """JSON of a plain value, whose arrays are put in a list."""
    if isinstance(value, (np.ndarray, np.generic)):
        arrays.append(np.asarray(value))
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return {kind: len(arrays) - 1}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_encoded(v, arrays) for v in value]}
    if isinstance(value, dict):
        return {
            "dict": [
                [_encoded(k, arrays), _encoded(v, arrays)]
                for k, v in value.items()
            ]
        }
    return value


def _decoded(value, array: Callable) -> object:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    make: dict[str, typing.Callable] = {
        "array": lambda: array(held),
        "number": lambda: array(held)[()],
        "list": lambda: [_decoded(v, array) for v in held],
        "tuple": lambda: tuple(_decoded(v, array) for v in held),
        "dict": lambda: {
            _decoded(k, array): _decoded(v, array) for k, v in held
        },
    }
    return make[kind]()


def _cut_rows(path, separator, epochs):
    """Leaves out the last rows of a log, of epochs that are to come."""
    if not path.exists():
        return
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter=separator))
    kept = list(rows)
    while len(kept) > 1 and _is_epoch_from(kept[-1], epochs):
        kept.pop()
    if len(kept) < len(rows):
        text = io.StringIO()
        csv.writer(text, delimiter=separator).writerows(kept)
        write_text(path, text.getvalue())


def _is_epoch_from(row, epochs):
    # A row that a kill cut short may have no number.
    return not row or not row[0].isdigit() or int(row[0]) >= epochs
