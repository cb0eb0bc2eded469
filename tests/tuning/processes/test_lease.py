"""Whose a trial is; chief and worker are threads of one process."""

import contextlib
import threading
import time

import pytest
from keras_tuner.engine.trial import Trial

from tfgen.tuning.processes import chief_contact, environment, run_as_worker
from tfgen.tuning.processes.chief_contact import Lease, TrialLost
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.workers import RemoteWorkers

RESULT = {"val_loss": 1.0, "epochs": 1}, 1


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Lease, "seconds_between", 0.05)
    monkeypatch.setattr(chief_contact, "SECONDS_DEAD", 0.6)


@pytest.fixture
def connect(monkeypatch):
    def connect(service):
        monkeypatch.setenv(environment.ADDRESS, "127.0.0.1")
        monkeypatch.setenv(environment.PORT, str(service.port))
        monkeypatch.setenv(environment.NAME, "worker-1")

    return connect


def running(oracle, run_trial):
    worker = threading.Thread(
        target=run_as_worker, args=(oracle, run_trial), daemon=True
    )
    worker.start()
    return worker


def wait_until(is_true, seconds=20):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def beat_on(trial, beat):
    while True:
        beat()
        time.sleep(0.01)


def fail_when_told(told):
    def run_trial(trial, beat):
        told.wait(20)
        raise ValueError("half of this file is another's")

    return run_trial


def completed(trial):
    state = {**trial.get_state(), "status": "COMPLETED"}
    return Trial.from_state(state)


@pytest.mark.parametrize("fails", [False, True])
def test_a_trial_that_was_given_to_another_is_left(
    fails, make, connect, capsys
):
    """Neither a result nor a failure comes of it."""
    oracle, told = make(trials=1), threading.Event()
    with ChiefService(oracle) as service:
        connect(service)
        run_trial = fail_when_told(told) if fails else beat_on
        worker = running(make(), run_trial)
        wait_until(lambda: oracle.trial_of("worker-1") == "0000")
        oracle.take_over("worker-1")
        assert oracle.create_trial("other").trial_id == "0000"
        time.sleep(0.3)  # some questions
        told.set()
        worker.join(1.0)  # it waits, should the other one be lost
        assert worker.is_alive()
        assert oracle.end_order == [] and oracle.reasons == {}
        assert not (oracle.folder_of("0000") / "failure.txt").exists()
        metrics, epoch = RESULT
        oracle.update_trial("0000", metrics, epoch)
        oracle.end_trial(completed(oracle.trials["0000"]))
        worker.join(20)
        assert not worker.is_alive()
    assert oracle.reasons == {}
    assert capsys.readouterr().err == (
        "worker-1: trial 0000 has been given to another worker.\n"
    )


def test_the_same_trial_may_come_again(make, connect):
    oracle, seen = make(trials=1), []

    def run_trial(trial, beat):
        seen.append(trial.trial_id)
        if len(seen) == 1:
            beat_on(trial, beat)
        time.sleep(0.3)
        return RESULT

    with ChiefService(oracle) as service:
        connect(service)
        worker = running(make(), run_trial)
        wait_until(lambda: seen)
        oracle.take_over("worker-1")
        worker.join(20)
    assert seen == ["0000", "0000"] and oracle.end_order == ["0000"]


def test_without_an_answer_a_worker_waits(make, connect):
    """As one that was suspended does before it writes anything."""
    oracle = make()
    with ChiefService(oracle) as service:
        connect(service)
        own = Lease()
        trial = oracle.create_trial("worker-1")
        own.begin(trial.trial_id, time.monotonic())
        own.check()
        own.begin(trial.trial_id, time.monotonic() - chief_contact.SECONDS_SURE)
        oracle.take_over("worker-1")
        lost = threading.Event()

        def check():
            with contextlib.suppress(TrialLost):
                own.check()
                return
            lost.set()

        checking = threading.Thread(target=check, daemon=True)
        checking.start()
        checking.join(0.3)
        assert checking.is_alive()
        own.start()
        assert lost.wait(20)
        own.stop()


def test_a_long_measurement_and_a_death(make, connect):
    """A process that is alive keeps its trial, a dead one loses it."""
    oracle, said, measured = make(trials=1), [], threading.Event()

    def run_trial(trial, beat):
        measured.wait(20)  # and tells nothing
        return RESULT

    with ChiefService(oracle) as service:
        connect(service)
        remote = RemoteWorkers(service, said.append, 0.5)
        worker = running(make(), run_trial)
        wait_until(lambda: "worker-1" in service.asked)
        end = time.monotonic() + 1.5  # less than six times 0.5
        while time.monotonic() < end:
            assert remote.look()
            time.sleep(0.02)
        assert oracle.trial_of("worker-1") == "0000"
        (line,) = said
        assert line.startswith(
            "worker-1 (trial 0000) has told of no progress f"
        )
        assert line.endswith("its process is alive and waited for.")
        service.heard["dead"] = time.monotonic()
        assert remote.look() and len(said) == 1
        time.sleep(0.7)
        assert remote.look()
        assert said[1].startswith("dead (no trial) has sent no heartbeat")
        measured.set()
        worker.join(20)
    assert oracle.end_order == ["0000"]


def test_a_process_that_hangs_is_not_waited_for_forever(make):
    oracle, said = make(trials=1), []
    service = ChiefService(oracle)
    remote = RemoteWorkers(service, said.append, 0.05)
    oracle.create_trial("hangs")
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        service.heard["hangs"] = time.monotonic()  # its process is alive
        remote.look()
        time.sleep(0.01)
    assert oracle.queue == ["0000"]
    assert [line.rsplit(": ")[-1] for line in said] == [
        "its process is alive and waited for.",
        "its trial is given to others.",
    ]


def test_a_restarted_chief_holds_trials_for_their_workers(make, connect):
    before = make(trials=3)
    for name in ("worker-1", "dead"):
        before.create_trial(name)
    oracle, said = make(trials=3), []
    assert oracle.queue == ["0000", "0001"]  # of a search on one machine
    oracle = make(trials=3, held=True)
    assert oracle.queue == []
    with ChiefService(oracle) as service:
        connect(service)
        remote = RemoteWorkers(service, said.append, 600.0)
        own = Lease()
        own.begin("0000", time.monotonic())
        own.start()
        assert oracle.create_trial("other").trial_id == "0002"
        service.heard["other"] = time.monotonic()
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            assert remote.look()
            time.sleep(0.02)
        own.check()
        own.stop()
    assert oracle.trial_of("worker-1") == "0000"
    assert "0001" in oracle.queue and said[0].startswith("dead (trial 0001)")
