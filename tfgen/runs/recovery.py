"""A run whose loss explodes goes back, and on at a smaller rate."""

import os
import pathlib
import sys
import typing

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from tfgen.callbacks.checkpoint_files import CheckpointFiles, step_of
from tfgen.callbacks.loss_watch import LossExploded
from tfgen.runs.folder import RunFolder

if typing.TYPE_CHECKING:
    from tfgen.runs.run import Run

MOST = 3
SMALLER = 1 / 3
"""Of the learning rate, each time."""


def train(run: "Run", profile: bool = False) -> None:
    """Trains a run; where its loss explodes, as often as `recover` allows.

    Args:
        run: a `Run`.
        profile: see `Run.train`.

    Raises:
        FloatingPointError: for a loss that explodes once more, or without
            `recover` a loss or gradient that is not finite.
    """
    out, recovers = run.folder.path, run.settings.get("recover")
    while True:
        try:
            return run.train(profile=profile)
        except FloatingPointError as error:
            if not recovers:
                raise
            _go_back(out, run.model.steps_done, error)
        run = type(run).resumed(out, {})


def rate_factor(folder: RunFolder) -> float:
    """Of the learning rates, after the recoveries that a run has had."""
    return SMALLER ** len(folder.recoveries())


class KeepRates(keras.callbacks.Callback):
    """Lets the rates be those that were compiled, not a checkpoint's."""

    def __init__(self, optimizers: dict[str, keras.optimizers.Optimizer]):
        super().__init__()
        self._rates = {
            optimizer: float(tf.convert_to_tensor(optimizer.learning_rate))
            for optimizer in optimizers.values()
            if not isinstance(optimizer._learning_rate, LearningRateSchedule)
        }

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        for optimizer, rate in self._rates.items():
            optimizer.learning_rate = rate


def _go_back(
    out: str | os.PathLike, exploded_at: int, error: FloatingPointError
) -> None:
    """Removes the checkpoints that came too late, and says so."""
    folder = RunFolder(out)
    done = len(folder.recoveries())
    if done == MOST:
        raise FloatingPointError(
            f"{error} The run has gone back {MOST} times already: choose "
            "another --learning-rate, or look at the data."
        ) from error
    good = exploded_at
    if isinstance(error, LossExploded):
        good = -1 if error.good_step is None else error.good_step
    newest = CheckpointFiles(folder.checkpoints).remove_after(good)
    if newest is None:
        raise FloatingPointError(
            f"{error} No checkpoint is older than that: start a new run with "
            "a smaller --learning-rate, or a shorter --checkpoint-every."
        ) from error
    folder.add_recovery(exploded_at=exploded_at, back_to=step_of(newest))
    print(
        f"warning: {error} Going back to step {step_of(newest):,} "
        f"({pathlib.Path(newest).name}), at a third of the learning rate "
        f"({done + 1} of {MOST} times).",
        file=sys.stderr,
        flush=True,
    )
