import random

import keras_tuner
import pytest

from tfgen.tuning.oracles.hyperband import brackets_for
from tfgen.tuning.trial_record import ends_of_rounds

# By hand for 18 configurations and 9 epochs: the weights 9/3, 3/2 and 1 give
# shares 9.82, 4.91 and 3.27, so 10, 5 and 3.
EPOCHS = {
    2: [(10, 0, 1), (3, 1, 3), (1, 3, 9)],
    1: [(5, 0, 3), (1, 3, 9)],
    0: [(3, 0, 9)],
}
TOTAL = 10 + 3 + 1 + 5 + 1 + 3
BEFORE = 3 + 5 + 1
"""Trials of the brackets 0 and 1, which come first."""


@pytest.fixture
def hyperband(make):
    def hyperband(folder=None, **settings):
        settings = {"trials": 18, **settings}
        if folder is not None:
            settings["folder"] = folder
        return make("hyperband", **settings)

    return hyperband


def rounds_of(oracle):
    """{(bracket, round): [record, ...]}"""
    rounds = {}
    for record in oracle.records():
        place = record.values["tuner/bracket"], record.values["tuner/round"]
        rounds.setdefault(place, []).append(record)
    return rounds


@pytest.mark.parametrize(
    "trials, max_epochs, sizes",
    [
        (18, 9, [3, 5, 10]),
        (49, 27, [4, 6, 12, 27]),  # the weights themselves
        (5, 1, [5]),
        (2, 27, [1, 1, 1, 1]),
        # No more rounds for more epochs: 12.25 / 20 of 1, 1.5, 3 and 6.75.
        (20, 1000, [2, 2, 5, 11]),
    ],
)
def test_sizes(trials, max_epochs, sizes):
    brackets = brackets_for(trials, max_epochs)
    assert [bracket.size for bracket in brackets] == sizes


def test_rounds(hyperband, search):
    oracle = hyperband()
    assert oracle.planned_trials == TOTAL
    assert search(oracle) == "STOPPED"
    rounds = rounds_of(oracle)
    assert sum(map(len, rounds.values())) == TOTAL
    for bracket, expected in EPOCHS.items():
        for number, (size, initial, epochs) in enumerate(expected):
            records = rounds[bracket, number]
            assert len(records) == size
            for record in records:
                assert record.values["tuner/initial_epoch"] == initial
                assert record.values["tuner/epochs"] == epochs
            if number:
                check_promotion(rounds[bracket, number - 1], records)
            else:
                assert {record.parent for record in records} == {None}


def test_ends_of_rounds(make, search):
    """40 / 9 and 40 / 3 epochs, rounded up, and all of them."""
    oracle = make("hyperband", trials=12, max_epochs=40)
    search(oracle)
    records = oracle.records()
    ends = {
        record.values["tuner/round"]: ends_of_rounds(record, records)
        for record in records
        if record.values["tuner/bracket"] == 2
    }
    assert ends == {0: [5], 1: [5, 14], 2: [5, 14, 40]}


def check_promotion(before, after):
    """The best went on, with their values."""
    before = sorted(before, key=lambda record: record.score)
    for parent, child in zip(before, after, strict=False):
        assert child.parent == parent.trial_id
        for name, value in parent.values.items():
            if not name.startswith("tuner/"):
                assert child.values[name] == value


def test_highest_go_on(make, end):
    oracle = make("hyperband", trials=18, direction="max")
    for number in range(BEFORE + 10 + 3):
        end(oracle, oracle.create_trial("main"), float(number % 10))
    parents = [record.parent for record in oracle.records()[BEFORE + 10 :]]
    assert parents == ["0009", "0018", "0017"]


def test_of_equal_ones_the_first_go_on(hyperband, end):
    oracle = hyperband()
    for _ in range(BEFORE + 10 + 3):
        end(oracle, oracle.create_trial("main"), 1.0)
    parents = [record.parent for record in oracle.records()[BEFORE + 10 :]]
    assert parents == ["0009", "0010", "0011"]


@pytest.mark.parametrize("seed", range(5))
def test_workers_and_their_speed_do_not_matter(
    seed, hyperband, search, end, tmp_path
):
    alone = hyperband(tmp_path / "alone")
    search(alone)
    together = hyperband(tmp_path / "together")
    order = random.Random(seed)
    running = {}
    while True:
        worker = order.choice("abc")
        if worker in running:
            end(together, running.pop(worker))
            continue
        trial = together.create_trial(worker)
        if trial.status == "RUNNING":
            running[worker] = trial
        elif trial.status == "STOPPED" and not running:
            break
    assert trials_without_ids(together) == trials_without_ids(alone)
    assert alone.best().score == together.best().score


def trials_without_ids(oracle):
    records = {record.trial_id: record for record in oracle.records()}

    def key(record):
        values = {**record.values, "tuner/trial_id": None}
        parent = record.parent and key(records[record.parent])
        return repr((sorted(values.items()), record.score, parent))

    return sorted(map(key, records.values()))


def test_other_workers_wait_or_begin_the_next_bracket(hyperband, end):
    oracle = hyperband(trials=5, max_epochs=3)  # brackets of 3 and 2
    first = [oracle.create_trial(f"w{i}") for i in range(5)]
    brackets = [t.hyperparameters.values["tuner/bracket"] for t in first]
    assert brackets == [0, 0, 1, 1, 1]
    assert oracle.create_trial("w5").status == "IDLE"
    for trial in first[2:]:
        end(oracle, trial)
    promoted = oracle.create_trial("w5")
    assert promoted.hyperparameters.values["tuner/round"] == 1
    for trial in (promoted, *first[:2]):
        assert oracle.create_trial("w6").status == "IDLE"
        end(oracle, trial)
    assert oracle.create_trial("w6").status == "STOPPED"


def test_failed_ones_stay_behind(hyperband, end):
    """8 of 10 fail: 2 go on instead of 3; then all fail: the bracket ends."""
    oracle = hyperband()
    for _ in range(BEFORE):
        end(oracle, oracle.create_trial("main"), 0.0)
    for number in range(10):
        failed = number not in (4, 7)
        end(
            oracle,
            oracle.create_trial("main"),
            float("nan") if failed else -float(number),
        )
    promoted = [oracle.create_trial(worker) for worker in "ab"]
    parents = [t.hyperparameters.values["tuner/trial_id"] for t in promoted]
    assert parents == ["0016", "0013"]
    for trial in promoted:
        end(oracle, trial, float("inf"))
    assert oracle.create_trial("a").status == "STOPPED"


def test_the_defaults_are_trained_to_the_end(hyperband):
    values = hyperband().create_trial("main").hyperparameters.values
    assert values["tuner/epochs"] == 9


def test_small_spaces_are_drawn_whole(make, end):
    space = keras_tuner.HyperParameters()
    space.Choice("width", [1, 2, 3, 4])
    oracle = make("hyperband", space=space, trials=18)
    while (trial := oracle.create_trial("main")).status == "RUNNING":
        end(oracle, trial, trial.hyperparameters.values["width"])
    rounds = rounds_of(oracle)
    assert {place: len(records) for place, records in rounds.items()} == {
        (0, 0): 3,
        (1, 0): 1,
        (1, 1): 1,
    }
