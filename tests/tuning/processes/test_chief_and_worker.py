"""Chief and workers over gRPC, as threads of one process."""

import errno
import os
import socket
import threading

import pytest
from keras_tuner.src.distribute.oracle_client import OracleClient

from tfgen.tuning.failures import TrialFailed
from tfgen.tuning.processes import (
    chief_contact,
    environment,
    run_as_worker,
    wait_for_chief,
)
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.trial_loop import TrialLoop


@pytest.fixture
def connect(monkeypatch):
    """Makes this process a worker of a chief."""

    def connect(port, name="worker-1"):
        monkeypatch.setenv(environment.ADDRESS, "127.0.0.1")
        monkeypatch.setenv(environment.PORT, str(port))
        monkeypatch.setenv(environment.NAME, name)

    return connect


def test_trials_come_over_unchanged(make, connect, tmp_path):
    oracle, seen = make(trials=5), {}

    def run_trial(trial, beat):
        seen[trial.trial_id] = trial.hyperparameters.values
        if trial.trial_id == "0001":
            raise TrialFailed("the loss is nan")
        if trial.trial_id == "0002":
            return {"val_loss": float("nan")}, 1
        return {"val_loss": 1 / 3, "epochs": 7}, 4

    with ChiefService(oracle) as service:
        connect(service.port)
        assert run_as_worker(make(), run_trial) == 0
        assert service.stopped == {"worker-1"}
    records = oracle.records()
    assert {r.trial_id: r.values for r in records} == seen
    scores = [record.score for record in records]
    assert scores == [1 / 3, None, None, 1 / 3, 1 / 3]
    assert (records[0].best_epoch, records[0].epochs) == (4, 7)
    reasons = {
        "0001": "the loss is nan",
        "0002": "val_loss is nan at the best epoch",
    }
    assert oracle.reasons == reasons == make().reasons
    assert oracle.finished


def test_a_proxy_is_for_others(make, connect, monkeypatch, run_trial):
    """As on many companies' machines; here nothing answers there."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    for name in environment.WITHOUT_PROXY:
        monkeypatch.setenv(name, "")  # put back afterwards
        monkeypatch.delenv(name)
    oracle = make()
    with ChiefService(oracle) as service:
        connect(service.port)
        worker = threading.Thread(
            target=run_as_worker, args=(make(), run_trial), daemon=True
        )
        worker.start()
        worker.join(20)
        assert not worker.is_alive()
    assert len(oracle.end_order) == 3


def test_two_workers_do_as_one(make, connect, tmp_path):
    """Hyperband, where workers wait for each other."""

    def run_trial(trial, beat):
        values = trial.hyperparameters.values
        return {"val_loss": values["rate"] / values["tuner/epochs"]}, 1

    def trials(oracle):
        return sorted(
            (record.score, record.values["tuner/round"])
            for record in oracle.records()
        )

    alone = make("hyperband", 12, tmp_path / "alone")
    TrialLoop(alone, run_trial, tmp_path / "alone", "main").run()
    oracle = make("hyperband", 12, tmp_path / "together")
    with ChiefService(oracle) as service:
        loops = []
        for name in ("worker-1", "worker-2"):
            connect(service.port, name)
            client = OracleClient(make())
            loops.append(TrialLoop(client, run_trial, tmp_path, name))
        threads = [threading.Thread(target=loop.run) for loop in loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert trials(oracle) == trials(alone)
    assert len(oracle.trials) == oracle.planned_trials


def test_errors_of_the_oracle_reach_the_chief(
    make, connect, run_trial, monkeypatch, capsys
):
    oracle = make()

    def refuse(tuner_id):
        raise OSError("no space left on device")

    monkeypatch.setattr(oracle, "create_trial", refuse)
    with ChiefService(oracle) as service:
        connect(service.port)
        assert run_as_worker(make(), run_trial) == 1
        with pytest.raises(OSError, match="no space left"):
            service.raise_error()
    error = capsys.readouterr().err
    assert "worker worker-1: the chief refused" in error


def test_a_worker_whose_disk_is_full(make, connect, capsys):
    """Its status tells the chief; the trial is left as it is."""
    oracle = make()

    def run_trial(trial, beat):
        raise OSError(errno.ENOSPC, "No space left on device", "model.keras")

    with ChiefService(oracle) as service:
        connect(service.port)
        assert run_as_worker(make(), run_trial) == os.EX_IOERR == 74
    assert oracle.reasons == {} and list(oracle.ongoing_trials) == ["worker-1"]
    assert capsys.readouterr().err == (
        "worker worker-1: [Errno 28] No space left on device: 'model.keras'\n"
    )


def test_address_that_is_taken(make):
    with (
        ChiefService(make()) as service,
        pytest.raises(ValueError, match=f"127.0.0.1:{service.port} cannot"),
    ):
        ChiefService(make(), "127.0.0.1", service.port)


class Ended(Exception):
    pass


@pytest.fixture
def watch(connect, monkeypatch):
    """A watch that raises instead of ending the process."""

    def end(status):
        raise Ended(status)

    def watch(port, over=False):
        connect(port)
        monkeypatch.setattr(os, "_exit", end)
        monkeypatch.setattr(chief_contact.ChiefWatch, "seconds_between", 0.01)
        monkeypatch.setattr(chief_contact, "SECONDS_WITHOUT_CHIEF", 0.3)
        return chief_contact.ChiefWatch(lambda: over)

    return watch


def test_chief_that_does_not_answer(watch, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Ended, match="1"):
            watch(port).run()
    assert capsys.readouterr().err == (
        f"worker worker-1: the chief at 127.0.0.1:{port} has not answered "
        "for 0 s.\n"
    )


def test_chief_that_does_not_answer_any_more(watch, capsys):
    """It was started again when the search was over, and has ended."""
    with pytest.raises(Ended, match="0"):
        watch(1, over=True).run()
    assert capsys.readouterr().err == ("worker worker-1: the search is over.\n")


def test_parent_that_is_gone(watch, monkeypatch, capsys):
    monkeypatch.setenv(environment.CHIEF_PID, str(os.getpid()))
    with pytest.raises(Ended, match="1"):
        watch(1).run()
    assert capsys.readouterr().err == (
        "worker worker-1: the chief that started this worker is gone.\n"
    )


def test_waits_for_a_chief_that_begins_later(make, connect, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    connect(port)
    thread = threading.Thread(
        target=wait_for_chief, args=(lambda: False,), daemon=True
    )
    thread.start()
    thread.join(1.5)
    assert thread.is_alive()
    with ChiefService(make(), "127.0.0.1", port):
        thread.join(10)
        assert not thread.is_alive()
    assert capsys.readouterr().err == (
        f"worker worker-1: waiting for the chief at 127.0.0.1:{port}.\n"
    )


def test_parent_that_is_gone_is_not_waited_for(watch, monkeypatch, capsys):
    monkeypatch.setenv(environment.CHIEF_PID, str(os.getpid()))
    with pytest.raises(Ended, match="1"):
        watch(1).wait_for_start()
    assert "the chief that started this" in capsys.readouterr().err


def test_chief_that_answers(make, watch):
    with ChiefService(make()) as service:
        thread = watch(service.port)
        thread.start()
        thread.join(1.0)
        assert thread.is_alive()
        thread.stop()
        thread.join(5.0)
        assert not thread.is_alive()
