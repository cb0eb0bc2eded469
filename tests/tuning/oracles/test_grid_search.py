import itertools

import keras_tuner
import pytest


@pytest.fixture
def space():
    """2 * (3 + 1) combinations: `beta` stands with one of the nets."""
    space = keras_tuner.HyperParameters()
    space.Choice("width", [8, 4], default=4)
    space.Choice("net", ["a", "b"])
    space.Float("beta", 1.0, 3.0, 1.0, parent_name="net", parent_values=["b"])
    return space


COMBINATIONS = [
    {"width": width, "net": "a"} | rest
    for width in (4, 8)
    for rest in ({}, *({"net": "b", "beta": beta} for beta in (1.0, 2.0, 3.0)))
]


def values_of(oracle):
    return [record.values for record in oracle.records()]


def run(oracle, end, trials=100):
    for _ in range(trials):
        trial = oracle.create_trial("main")
        if trial.status != "RUNNING":
            return
        end(oracle, trial, 1.0)


def test_all_combinations_in_order(make, end, space):
    oracle = make("grid", space=space, trials=100)
    run(oracle, end)
    assert values_of(oracle) == COMBINATIONS


@pytest.mark.parametrize("trials", range(len(COMBINATIONS)))
def test_resumed_without_gap_or_repetition(trials, make, end, space):
    run(make("grid", space=space, trials=100), end, trials)
    oracle = make("grid", space=space, trials=100)
    run(oracle, end)
    assert values_of(oracle) == COMBINATIONS


def test_workers_need_not_wait(make, space):
    oracle = make("grid", space=space, trials=100)
    workers = [f"worker-{i}" for i in range(9)]
    trials = [oracle.create_trial(worker) for worker in workers]
    assert [t.status for t in trials] == ["RUNNING"] * 8 + ["IDLE"]
    assert values_of(oracle) == COMBINATIONS


def test_what_a_trial_adds_is_made_up_for(make, end):
    space = keras_tuner.HyperParameters()
    space.Choice("width", [1, 2])
    oracle = make("grid", space=space, trials=100)
    while (trial := oracle.create_trial("main")).status == "RUNNING":
        if oracle.start_order == ["0000", "0001"]:
            trial.hyperparameters.Choice("depth", [1, 2, 3])
        end(oracle, trial, 1.0)
    assert oracle.records()[0].values == {"width": 1}
    tried = {
        (r.values["width"], r.values.get("depth")) for r in oracle.records()
    }
    assert tried >= set(itertools.product([1, 2], [1, 2, 3]))


def test_ten_values_without_steps(make, end):
    space = keras_tuner.HyperParameters()
    space.Float("rate", 1e-3, 1e-1, sampling="log")
    oracle = make("grid", space=space, trials=100)
    run(oracle, end)
    rates = [values["rate"] for values in values_of(oracle)]
    assert rates[0] == 1e-3 and max(rates) <= 1e-1
    assert len(rates) == len(set(rates)) >= 10
