import warnings

import keras_tuner
import numpy as np
import pytest


@pytest.fixture
def plane():
    space = keras_tuner.HyperParameters()
    space.Float("x", -1.0, 1.0)
    space.Float("y", -1.0, 1.0)
    return space


def bowl(values):
    """Lowest, 0, at (0.3, -0.4)."""
    return (values["x"] - 0.3) ** 2 + (values["y"] + 0.4) ** 2


def run(oracle, end, function):
    while (trial := oracle.create_trial("main")).status == "RUNNING":
        end(oracle, trial, function(trial.hyperparameters.values))


@pytest.mark.parametrize("trials, points", [(8, 5), (20, 5), (40, 10)])
def test_random_points(trials, points, make):
    assert make("bayesian", trials=trials).initial_points == points


@pytest.mark.parametrize("direction", ["min", "max"])
def test_finds_the_bottom(direction, make, end, plane):
    """20 random points come within 0.1 of it, squared, in 1 case of 2."""
    sign = -1 if direction == "max" else 1
    oracle = make("bayesian", trials=20, space=plane, direction=direction)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(oracle, end, lambda values: sign * bowl(values))
    assert len(oracle.trials) == 20
    assert abs(oracle.best().score) < 1e-3


def test_resumed_between_any_two(make, end, plane, tmp_path):
    whole = make("bayesian", trials=9, space=plane, folder=tmp_path / "a")
    run(whole, end, bowl)
    for _ in range(9):
        oracle = make("bayesian", trials=9, space=plane, folder=tmp_path / "b")
        trial = oracle.create_trial("main")
        end(oracle, trial, bowl(trial.hyperparameters.values))
    assert oracle.records() == [
        # same values, same scores; times and folders differ
        type(record)(
            **{
                **vars(record),
                "folder": oracle.folder_of(record.trial_id),
                "seconds": own.seconds,
            }
        )
        for record, own in zip(whole.records(), oracle.records(), strict=True)
    ]


def test_running_trials_are_kept_away_from(make, end, plane):
    oracle = make("bayesian", trials=30, space=plane)
    for _ in range(8):
        trial = oracle.create_trial("main")
        end(oracle, trial, bowl(trial.hyperparameters.values))
    together = [oracle.create_trial(f"worker-{i}") for i in range(4)]
    points = np.array([[*t.hyperparameters.values.values()] for t in together])
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    assert distances[~np.eye(4, dtype=bool)].min() > 0.02


def test_failed_regions_are_left(make, end, plane):
    """All above x = 0 fail; random search would go on to go there."""
    oracle = make("bayesian", trials=24, space=plane)
    run(
        oracle,
        end,
        lambda values: float("nan") if values["x"] > 0 else bowl(values),
    )
    later = oracle.records()[-10:]
    assert sum(record.status == "failed" for record in later) <= 4


def test_no_trial_twice(make, end):
    space = keras_tuner.HyperParameters()
    space.Int("width", 1, 8)
    space.Fixed("depth", 2)
    oracle = make("bayesian", trials=100, space=space)
    run(oracle, end, lambda values: abs(values["width"] - 5.0))
    widths = [record.values["width"] for record in oracle.records()]
    assert sorted(widths) == list(range(1, 9))
    assert type(widths[-1]) is int


def test_nothing_to_search(make, end):
    space = keras_tuner.HyperParameters()
    space.Fixed("depth", 2)
    oracle = make("bayesian", space=space)
    run(oracle, end, lambda values: 1.0)
    assert len(oracle.trials) == 1
