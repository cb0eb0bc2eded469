"""Training ends where the history says that it has not got better."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.callbacks import EarlyEnd, HistoryFile

LOSSES = [3.0, 2.0, float("nan"), 2.5, 1.0, 1.5, 1.0, 2.0, 0.5]


def play(path, losses, patience, start=0):
    """Epochs until it ends, and what it says."""
    said = []
    model = types.SimpleNamespace(
        stop_training=False,
        optimizer=keras.optimizers.SGD(0.5),
        distribute_strategy=tf.distribute.get_strategy(),
    )
    history = HistoryFile(path)
    end = EarlyEnd(path, patience, report=said.append)
    for callback in (history, end):
        callback.set_model(model)
        callback.on_train_begin()
    epoch = start
    for epoch in range(start, len(losses)):
        for callback in (history, end):
            callback.on_epoch_begin(epoch)
        for callback in (history, end):
            callback.on_epoch_end(epoch, {"val_loss": losses[epoch]})
        if model.stop_training:
            break
    return epoch + 1, said, end


@pytest.mark.parametrize(
    "patience, last, ended",
    # The lowest so far: epoch 2 until 4, then 5 until 8, of equal ones the
    # first.
    [(1, 3, True), (2, 4, True), (3, 8, True), (4, 9, False), (0, 9, False)],
)
def test_patience(tmp_path, patience, last, ended):
    done, said, end = play(tmp_path / "history.csv", LOSSES, patience)
    assert (done, bool(said)) == (last, ended)
    assert said == ([end.reason()] if ended else [])
    if patience == 3:
        assert said == [
            "ended after epoch 8: the val_loss of epoch 5 was not beaten in 3 "
            "epochs (--patience 3; 0 never ends)"
        ]


@pytest.mark.parametrize("killed", [1, 4, 6, 7])
def test_a_resumed_training_ends_there_too(tmp_path, killed):
    path = tmp_path / "history.csv"
    play(path, LOSSES[:killed], 3)
    # One more row than checkpoints: that epoch is trained again.
    for start in (killed - 1, killed):
        done, said, _ = play(path, LOSSES, 3, start)
        assert (done, len(said)) == (8, 1)


def test_without_validation(tmp_path):
    done, said, end = play(tmp_path / "history.csv", [np.nan] * 5, 1)
    assert (done, said, end.reason()) == (5, [], None)
