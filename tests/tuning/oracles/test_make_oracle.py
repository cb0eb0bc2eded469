import keras_tuner
import pytest


def test_unknown_tuner(make):
    with pytest.raises(ValueError, match="random, hyperband, bayesian, grid"):
        make("annealing")


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"trials": 0}, "trials to be at least 1, got 0"),
        ({"max_epochs": 0}, "max_epochs to be at least 1, got 0"),
        ({"seed": -1}, "seed to be at least 0, got -1"),
    ],
)
def test_numbers_that_make_no_search(settings, message, make):
    with pytest.raises(ValueError, match=message):
        make(**settings)


def test_resumed_with_other_settings(make, search):
    search(make(), 1)
    with pytest.raises(ValueError, match="tuner that it was begun with"):
        make("grid")
    with pytest.raises(ValueError, match="direction .* 'min'"):
        make(direction="max")
    with pytest.raises(ValueError, match="seed .* 0, but got 1"):
        make(seed=1)
    narrowed = keras_tuner.HyperParameters()
    narrowed.Float("rate", 1e-4, 1e-2, sampling="log")
    with pytest.raises(ValueError, match="range of rate"):
        make(space=narrowed)


def test_resumed_hyperband_keeps_its_brackets(make, search):
    search(make("hyperband"), 1)
    with pytest.raises(ValueError, match="trials that it was begun with, 6"):
        make("hyperband", trials=7)
    with pytest.raises(ValueError, match="max_epochs .* 9, but got 27"):
        make("hyperband", max_epochs=27)


@pytest.mark.parametrize("tuner", ["random", "bayesian", "grid"])
def test_more_trials_on_resume(tuner, make, search, values):
    oracle = make(tuner)
    assert search(oracle) == "STOPPED"
    assert len(oracle.trials) == 6
    more = make(tuner, trials=9)
    assert search(more) == "STOPPED"
    assert len(more.trials) == 9
    assert values(oracle).items() <= values(more).items()
