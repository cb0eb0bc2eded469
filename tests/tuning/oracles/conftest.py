import math

import keras_tuner
import pytest

from tfgen.tuning.oracles import make_oracle

NAME = "val_loss"


def space_of_floats():
    space = keras_tuner.HyperParameters()
    space.Float("rate", 1e-4, 1e-1, sampling="log")
    space.Int("width", 2, 64)
    space.Choice("net", ["a", "b"])
    space.Float("beta", 0.1, 4.0, parent_name="net", parent_values=["b"])
    return space


def loss(values):
    """Lowest, 0, at rate 0.01, width 16 and net a."""
    return (
        (math.log10(values["rate"]) + 2.0) ** 2
        + abs(values["width"] - 16) / 16
        + values.get("beta", 0.0)
    )


@pytest.fixture
def make(tmp_path):
    """Makes an oracle, by default a random one of 6 trials."""

    def make(tuner="random", *, space=None, direction="min", **settings):
        settings = {
            "trials": 6,
            "max_epochs": 9,
            "seed": 0,
            "folder": tmp_path,
            **settings,
        }
        oracle = make_oracle(
            tuner,
            objective=keras_tuner.Objective(NAME, direction),
            space=space or space_of_floats(),
            **settings,
        )
        oracle.reload()
        return oracle

    return make


@pytest.fixture
def end():
    """Ends a trial with a loss, by default that of its values."""

    def end(oracle, trial, value=None, epoch=1, **metrics):
        if value is None:
            value = loss(trial.hyperparameters.values)
        oracle.update_trial(
            trial.trial_id, {NAME: value, **metrics}, step=epoch
        )
        trial.status = "COMPLETED"
        oracle.end_trial(trial)

    return end


@pytest.fixture
def search(end):
    """Runs trials until the oracle says stop, or some of them."""

    def search(oracle, trials=1000, worker="main"):
        for _ in range(trials):
            trial = oracle.create_trial(worker)
            if trial.status != "RUNNING":
                return trial.status
            end(oracle, trial)
        return "RUNNING"

    return search


@pytest.fixture
def values():
    """Values and score of each trial, by its id."""

    def values(oracle):
        return {r.trial_id: (r.values, r.score) for r in oracle.records()}

    return values
