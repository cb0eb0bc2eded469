import keras_tuner
import pytest

from tfgen.tuning.oracles import make_oracle

NAME = "val_loss"


@pytest.fixture
def make(tmp_path):
    """Makes an oracle with one hyperparameter, `rate`."""

    def make(tuner="random", trials=3, folder=tmp_path, held=False):
        space = keras_tuner.HyperParameters()
        space.Float("rate", 1e-4, 1e-1, sampling="log")
        oracle = make_oracle(
            tuner,
            objective=keras_tuner.Objective(NAME, "min"),
            trials=trials,
            max_epochs=3,
            seed=0,
            space=space,
            folder=folder,
        )
        oracle.reload(held)
        return oracle

    return make


@pytest.fixture
def run_trial():
    """A training whose loss is the rate, best in epoch 2 of 3."""

    def run_trial(trial, beat):
        for epoch in range(3):
            beat(epoch=epoch + 1, epochs=3)
        rate = trial.hyperparameters.values["rate"]
        return {NAME: rate, "epochs": 3}, 2

    return run_trial
