import keras_tuner
import pytest


def test_unknown_tuner(make):
    with pytest.raises(ValueError, match="random, hyperband, bayesian, grid"):
        make("annealing")


def test_resumed_with_other_settings(make, search):
    search(make(), 1)
    with pytest.raises(ValueError, match="tuner is .GridSearch., expected .R"):
        make("grid")
    with pytest.raises(ValueError, match="direction is 'max', expected 'min'"):
        make(direction="max")
    with pytest.raises(ValueError, match="seed is 1, expected 0, with which"):
        make(seed=1)
    narrowed = keras_tuner.HyperParameters()
    narrowed.Float("rate", 1e-4, 1e-2, sampling="log")
    with pytest.raises(ValueError, match="range of rate"):
        make(space=narrowed)


def test_resumed_hyperband_keeps_its_brackets(make, search):
    search(make("hyperband"), 1)
    with pytest.raises(ValueError, match="trials is 7, expected 6, with which"):
        make("hyperband", trials=7)
    with pytest.raises(ValueError, match="max_epochs is 27, expected 9"):
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
