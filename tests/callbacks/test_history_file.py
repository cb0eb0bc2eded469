import csv

import keras
import numpy as np
import pytest

from tfgen.callbacks import Checkpoint, HistoryFile, read_history

VAE_COLUMNS = {"loss", "negative_elbo", "reconstruction_loss", "kl_loss"}


def fit(model, images, path, epochs, **options):
    callbacks = [*options.pop("callbacks", ()), HistoryFile(path)]
    return model.fit(
        images,
        batch_size=16,
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
        **options,
    ).history


def test_holds_what_fit_returns(make_model, images, tmp_path):
    path = tmp_path / "run" / "history.csv"
    returned = fit(make_model(), images, path, 3, validation_data=images)
    history = read_history(path)
    assert history.pop("epoch") == [1, 2, 3]
    assert history.pop("learning_rate") == [0.001] * 3
    assert all(seconds >= 0 for seconds in history.pop("seconds"))
    assert history == returned
    assert set(history) == VAE_COLUMNS | {"val_" + n for n in VAE_COLUMNS}
    with open(path, newline="") as file:
        header = next(csv.reader(file))
    assert (header[0], header[-1]) == ("epoch", "seconds")


def without_seconds(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


class Kill(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done == self.step:
            raise RuntimeError("killed")


@pytest.mark.parametrize("step", [2, 6])
def test_a_resumed_file_is_that_of_an_uninterrupted_training(
    make_model, images, tmp_path, step
):
    whole, path = tmp_path / "whole.csv", tmp_path / "history.csv"

    def train(path, *callbacks):
        make_model().fit(
            images,
            batch_size=16,  # three steps an epoch
            epochs=4,
            verbose=0,
            validation_data=images,
            callbacks=[HistoryFile(path), *callbacks],
        )

    train(whole)
    folder = tmp_path / "checkpoints"
    with pytest.raises(RuntimeError, match="killed"):
        train(path, Checkpoint(folder, every_steps=1), Kill(step))
    train(path, Checkpoint(folder))
    assert without_seconds(path) == without_seconds(whole)


class Look(keras.callbacks.Callback):
    """Notes after each epoch which epochs a history file has."""

    def __init__(self, path):
        super().__init__()
        self.path, self.seen = path, []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(read_history(self.path)["epoch"])


def test_a_file_that_waits_is_written_by_checkpoints_and_at_the_end(
    make_model, images, tmp_path
):
    path = tmp_path / "history.csv"
    history, look = HistoryFile(path, every_seconds=60.0), Look(path)
    waits = Checkpoint(tmp_path / "waits")
    saves = Checkpoint(tmp_path / "saves", every_steps=3)  # an epoch's

    def train(epochs, *callbacks):
        make_model().fit(
            images, batch_size=16, epochs=epochs, verbose=0, callbacks=callbacks
        )

    train(3, history, look, waits)
    assert look.seen == [[1], [1], [1]]
    assert read_history(path)["epoch"] == [1, 2, 3]
    look.seen.clear()
    train(3, history, look, saves)
    assert look.seen == [[1], [1], [1, 2]]  # each looks before it saves


def test_rows_from_the_first_epoch_on_are_dropped(make_model, images, tmp_path):
    path = tmp_path / "history.csv"
    fit(make_model(), images, path, 3)
    before = path.read_text().splitlines()
    model = make_model()
    model.optimizer.learning_rate = 0.01
    fit(model, images, path, 4, initial_epoch=1)
    history = read_history(path)
    assert history["epoch"] == [1, 2, 3, 4]
    assert history["learning_rate"] == [0.001, 0.01, 0.01, 0.01]
    assert path.read_text().splitlines()[:2] == before[:2]
    fit(make_model(), images, path, 1)
    assert read_history(path)["epoch"] == [1]


def test_a_training_with_nothing_left_keeps_the_file(
    make_model, images, tmp_path
):
    path = tmp_path / "history.csv"
    fit(make_model(), images, path, 2)
    before = path.read_text()
    fit(make_model(), images, path, 2, initial_epoch=2)
    assert path.read_text() == before


def test_a_training_that_goes_on_without_a_file(make_model, images, tmp_path):
    path = tmp_path / "history.csv"
    fit(make_model(), images, path, 3, initial_epoch=1)
    assert read_history(path)["epoch"] == [2, 3]


def test_logs_that_are_not_there_in_each_epoch(make_model, images, tmp_path):
    path = tmp_path / "history.csv"
    fit(
        make_model(),
        images,
        path,
        3,
        validation_data=images,
        validation_freq=2,
    )
    values = read_history(path)["val_loss"]
    assert np.isnan(values).tolist() == [True, False, True]


def test_learning_rates_of_several_optimizers():
    from tfgen.callbacks.history_file import learning_rates
    from tfgen.optimizers import OptimizerGroup

    group = OptimizerGroup(
        {
            "generator": keras.optimizers.Adam(2e-4),
            "discriminator": keras.optimizers.SGD(0.1),
        }
    )
    assert learning_rates(group) == {
        "learning_rate_generator": 2e-4,
        "learning_rate_discriminator": 0.1,
    }
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.1)
    assert learning_rates(keras.optimizers.SGD(schedule)) == {
        "learning_rate": 0.5
    }


def test_another_file_is_refused(make_model, images, tmp_path):
    path = tmp_path / "history.csv"
    with pytest.raises(ValueError, match="does not exist"):
        read_history(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no history of a training"):
        read_history(path)
    for epoch in (0, 1):
        with pytest.raises(ValueError, match="no history of a training"):
            fit(make_model(), images, path, 2, initial_epoch=epoch)
    assert path.read_text() == "a,b\n1,2\n"
    path.write_text("epoch,loss\n1,x\n")
    with pytest.raises(ValueError, match="no number"):
        read_history(path)
