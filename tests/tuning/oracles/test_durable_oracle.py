"""What KerasTuner's oracles lack and ours have, whichever the tuner."""

import json
import math
import threading

import keras_tuner
import pytest

from tfgen.tuning.heartbeat import HeartbeatWriter

TUNERS = ["random", "hyperband", "bayesian", "grid"]
tuners = pytest.mark.parametrize("tuner", TUNERS)


@tuners
def test_interrupted_anywhere_it_ends_the_same(
    tuner, make, search, values, tmp_path
):
    """A new process after every trial, each killed while a trial runs."""
    whole = make(tuner, trials=12, folder=tmp_path / "whole")
    assert search(whole) == "STOPPED"
    count = len(whole.trials)
    assert count == whole.planned_trials
    folder = tmp_path / "interrupted"
    for done in range(count):
        oracle = make(tuner, trials=12, folder=folder)
        assert len(oracle.end_order) == done
        killed = oracle.create_trial("main")
        oracle = make(tuner, trials=12, folder=folder)
        again = oracle.create_trial("main")
        assert again.trial_id == killed.trial_id
        assert again.hyperparameters.values == killed.hyperparameters.values
        search(oracle, 1)
    oracle = make(tuner, trials=12, folder=folder)
    assert search(oracle) == "STOPPED"
    assert values(oracle) == values(whole)
    assert oracle.best().trial_id == whole.best().trial_id


@tuners
def test_one_file_and_the_state_before(tuner, make, search, tmp_path):
    oracle = make(tuner)
    search(oracle, 3)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"oracle.json", "oracle.json.backup"}
    state = json.loads((tmp_path / "oracle.json").read_text())
    before = json.loads((tmp_path / "oracle.json.backup").read_text())
    assert len(state["end_order"]) == 3 and not state["ongoing"]
    assert len(before["end_order"]) == 2 and len(before["ongoing"]) == 1


def test_ids_and_values_are_exact(make):
    space = keras_tuner.HyperParameters()
    space.Float("third", 0.0, 1.0)
    space.Fixed("tenth", 0.1)
    space.Fixed("large", 2**53 + 1)
    space.Boolean("yes")
    oracle = make(space=space)
    for worker in "abc":
        oracle.create_trial(worker)
    oracle = make(space=space)
    assert list(oracle.trials) == ["0000", "0001", "0002"]
    for number, record in enumerate(oracle.records()):
        # The first are the defaults.
        draw = oracle._draw(f"0 {number} 0" if number else None)
        assert record.values == draw
        assert record.values["large"] == 2**53 + 1
        assert isinstance(record.values["yes"], bool)


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband", "grid"])
def test_the_defaults_come_first(make, tuner):
    space = keras_tuner.HyperParameters()
    space.Float("rate", 0.1, 0.9, default=0.3)
    space.Choice("kind", ["a", "b", "c"], default="b")
    first = make(tuner, space=space).create_trial("worker").hyperparameters
    assert (first.values["rate"], first.values["kind"]) == (0.3, "b")


def test_seeds_share_no_trials(make, tmp_path):
    """Nor is seed 0 a random one, as it is for KerasTuner."""

    def draws(seed, folder):
        oracle = make(seed=seed, folder=tmp_path / folder)
        trials = [oracle.create_trial(f"worker-{i}") for i in range(6)]
        return [t.hyperparameters.values["rate"] for t in trials][1:]

    assert draws(0, "a") == draws(0, "b")
    drawn = [rate for seed in range(8) for rate in draws(seed, f"c{seed}")]
    assert len(set(drawn)) == len(drawn)
    # Uniform in the logarithm from -4 to -1: mean -2.5, stddev 0.866.
    mean = sum(map(math.log10, drawn)) / len(drawn)
    assert abs(mean + 2.5) < 4 * 0.866 / math.sqrt(len(drawn))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("direction", ["min", "max"])
def test_not_finite_is_a_failure(value, direction, make, end, tmp_path):
    oracle = make(direction=direction)
    trial = oracle.create_trial("main")
    end(oracle, trial, float(value))
    reason = f"val_loss is {value} at the best epoch"
    assert oracle.reasons == {"0000": reason}
    folder = tmp_path / "trials" / "0000"
    assert (folder / "failure.txt").read_text() == f"{reason}\n"
    record = make(direction=direction).records()[0]
    assert (record.status, record.reason) == ("failed", reason)
    assert record.score is None
    assert oracle.best() is None


def test_missing_objective_is_a_failure(make):
    oracle = make()
    trial = oracle.create_trial("main")
    oracle.update_trial(trial.trial_id, {"loss": 1.0}, step=1)
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
    assert oracle.reasons["0000"] == (
        "val_loss is missing: the trial reported loss"
    )


@pytest.mark.parametrize("status", ["FAILED", "INVALID"])
def test_reason_that_a_worker_left(status, make, tmp_path):
    """The protocol between workers and chief has no place for it."""
    oracle = make()
    trial = oracle.create_trial("main")
    folder = tmp_path / "trials" / trial.trial_id
    folder.mkdir(parents=True)
    (folder / "failure.txt").write_text("no\nsuch layer" + "." * 400)
    trial.status = status
    oracle.end_trial(trial)
    reason = oracle.reasons[trial.trial_id]
    assert reason.startswith("no such layer...") and len(reason) == 300
    assert oracle.trials[trial.trial_id].status == "FAILED"
    assert oracle.create_trial("main").trial_id != trial.trial_id


def test_failures_never_raise(make, end):
    oracle = make(trials=40)
    for number in range(30):
        trial = oracle.create_trial("main")
        if number == 0:
            end(oracle, trial)
        else:
            trial.status = "FAILED"
            oracle.end_trial(trial)
    assert not oracle.hopeless
    assert len(oracle.reasons) == 29


@pytest.mark.parametrize("trials, enough", [(6, 5), (40, 10)])
def test_hopeless(trials, enough, make):
    oracle = make(trials=trials)
    for _ in range(enough):
        assert not oracle.hopeless
        trial = oracle.create_trial("main")
        trial.status = "FAILED"
        oracle.end_trial(trial)
    assert oracle.hopeless
    assert oracle.create_trial("main").status == "STOPPED"
    assert make(trials=trials).hopeless
    assert make(trials=trials).is_over()


@tuners
def test_over(tuner, make, search, tmp_path):
    """Others can see it in the folder, and leave that as it is."""
    oracle = make(tuner, trials=4)
    assert not make(tuner, trials=4).is_over()
    for _ in range(oracle.planned_trials):
        assert not make(tuner, trials=4).is_over()
        trial = oracle.create_trial("main")
        assert not make(tuner, trials=4).is_over()  # one runs
        oracle.take_over("main")
        assert not make(tuner, trials=4).is_over()  # one waits
        assert trial.trial_id == oracle.queue[0]
        search(oracle, 1)
    before = {path: path.read_text() for path in tmp_path.iterdir()}
    assert make(tuner, trials=4).is_over()
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before


def test_taken_over_first_in_first_out(make, search):
    oracle = make()
    trials = [oracle.create_trial(f"worker-{i}") for i in range(3)]
    assert oracle.take_over("worker-1") == "0001"
    assert oracle.take_over("worker-0") == "0000"
    assert oracle.take_over("worker-0") is None
    assert oracle.tuner_ids == {"worker-2"}
    assert [r.status for r in oracle.records()] == [
        "waiting",
        "waiting",
        "running",
    ]
    oracle = make()  # worker-2's is appended
    assert oracle.queue == ["0001", "0000", "0002"]
    again = [oracle.create_trial(f"worker-{i}") for i in range(4)]
    assert [t.trial_id for t in again] == ["0001", "0000", "0002", "0003"]
    values = [t.hyperparameters.values for t in trials]
    assert values[1] == again[0].hyperparameters.values


@pytest.mark.parametrize("again", [True, False])
def test_late_result_of_a_lost_worker(again, make, end):
    """The first result counts, and it does not matter whose it is."""
    oracle = make()
    trial = oracle.create_trial("lost")
    oracle.take_over("lost")
    if again:
        second = oracle.create_trial("other")
        assert second.trial_id == trial.trial_id
    end(oracle, trial, 1.0)
    if again:
        end(oracle, second, 2.0)
    assert oracle.queue == [] and oracle.ongoing_trials == {}
    assert oracle.records()[0].score == 1.0
    assert oracle.end_order == ["0000"]
    assert oracle.create_trial("other").trial_id == "0001"


def test_what_was_reported_is_kept(make):
    """The chief may be started again before the trial is ended."""
    trial = make().create_trial("worker-1")
    reported = make_held(make)
    reported.update_trial(trial.trial_id, {"val_loss": 0.5}, step=3)
    again = make_held(make)
    trial.status = "COMPLETED"
    again.end_trial(trial)
    (record,) = again.records()
    assert (record.status, record.score) == ("completed", 0.5)
    assert record.best_epoch == 3


def make_held(make):
    oracle = make()
    oracle.reload(held=True)
    return oracle


def test_result_of_an_unknown_trial_is_ignored(make):
    oracle = make()
    trial = oracle.create_trial("main")
    trial.trial_id = "0099"
    oracle.end_trial(trial)
    assert oracle.end_order == []


def test_fail_ongoing(make):
    oracle = make()
    oracle.create_trial("worker-1")
    assert oracle.fail_ongoing("worker-1", "out of\nmemory") == "0000"
    assert oracle.fail_ongoing("worker-1", "again") is None
    assert make().reasons == {"0000": "out of memory"}


def test_an_exception_leaves_no_lock_taken(make, monkeypatch):
    oracle = make()

    def refuse(trial_id):
        raise OSError("disk full")

    monkeypatch.setattr(oracle, "populate_space", refuse)
    with pytest.raises(OSError):
        oracle.create_trial("main")
    monkeypatch.undo()
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(oracle.create_trial("main")),
        daemon=True,
    )
    thread.start()
    thread.join(10)
    assert [trial.trial_id for trial in answers] == ["0000"]


def test_threads(make, end):
    """8 workers at once: every trial once, and the state is whole."""
    oracle = make(trials=40)

    def work(worker):
        while (trial := oracle.create_trial(worker)).status == "RUNNING":
            end(oracle, trial)

    threads = [
        threading.Thread(target=work, args=(f"worker-{i}",)) for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(oracle.end_order) == [f"{i:04d}" for i in range(40)]
    assert oracle.finished
    assert len(make(trials=40).end_order) == 40


def test_record(make, end, tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.time", lambda: clock[0])
    oracle = make()
    trial = oracle.create_trial("a")
    clock[0] += 5.0
    oracle.take_over("a")
    clock[0] += 1000.0
    trial = oracle.create_trial("b")
    clock[0] += 7.0
    end(oracle, trial, -1.5, epoch=3, epochs=8, other=float("nan"))
    record = make().records()[0]
    assert record.trial_id == "0000" and record.status == "completed"
    assert (record.score, record.best_epoch, record.epochs) == (-1.5, 3, 8)
    assert record.metrics["val_loss"] == -1.5
    assert math.isnan(record.metrics["other"]) and len(record.metrics) == 2
    assert record.seconds == 12.0
    assert record.folder == tmp_path / "trials" / "0000"
    assert record.parent is None and record.reason == ""


def test_seconds_of_a_killed_run(make, tmp_path, monkeypatch):
    """Up to the last heartbeat."""
    clock = [100.0]
    monkeypatch.setattr("time.time", lambda: clock[0])
    make().create_trial("main")
    clock[0] += 5.0
    HeartbeatWriter(tmp_path, "main").begin("0000")
    clock[0] += 1000.0
    assert make().records()[0].seconds == 5.0


def test_seconds_of_a_lost_worker(make, monkeypatch):
    """Up to when it was last seen."""
    clock = [100.0]
    monkeypatch.setattr("time.time", lambda: clock[0])
    oracle = make()
    oracle.create_trial("lost")
    clock[0] += 1000.0
    oracle.take_over("lost", seen=103.0)
    assert oracle.records()[0].seconds == 3.0


def test_best_by_direction(make, end, tmp_path):
    for direction, best in (("min", "0001"), ("max", "0002")):
        oracle = make(direction=direction, folder=tmp_path / direction)
        for value in (0.0, -1.0, 2.0, -1.0):
            end(oracle, oracle.create_trial("main"), value)
        assert oracle.best().trial_id == best


def test_models_may_add_to_the_space(make, end):
    oracle = make()
    trial = oracle.create_trial("main")
    trial.hyperparameters.Int("depth", 1, 4)
    end(oracle, trial)
    assert oracle.records()[0].values["depth"] == 1
    oracle = make()
    depths = {
        oracle.create_trial(str(i)).hyperparameters.values["depth"]
        for i in range(5)
    }
    assert depths <= {1, 2, 3, 4} and len(depths) > 1


def test_two_trials_at_once_add_the_same(make, end):
    oracle = make()
    trials = [oracle.create_trial(name) for name in ("one", "two")]
    for depth, trial in enumerate(trials, 2):
        trial.hyperparameters.Int("depth", 1, 4)
        trial.hyperparameters.values["depth"] = depth
    for trial in trials:
        end(oracle, trial)
    assert [record.values["depth"] for record in oracle.records()] == [2, 3]


def test_silence(make, search, capfd):
    search(make())
    assert capfd.readouterr() == ("", "")
