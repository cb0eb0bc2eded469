"""Workers that others have started: only their heartbeats are known."""

import time

import pytest

from tfgen.tuning.processes import chief_contact, workers
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.workers import RemoteWorkers


class Cluster:
    def __init__(self, oracle):
        self.oracle = oracle
        self.said = []
        self.service = ChiefService(oracle)
        self.workers = RemoteWorkers(self.service, self.said.append, 600.0)

    def ask(self, name):
        trial = self.oracle.create_trial(name)
        now = time.monotonic()
        self.service.asked[name] = self.service.heard[name] = now
        self.service.met.add(name)
        if trial.status == "STOPPED":
            self.service.stopped.add(name)
        return trial


@pytest.fixture
def cluster(make, monkeypatch):
    monkeypatch.setattr(chief_contact, "SECONDS_DEAD", 0.3)
    return lambda trials=1, **more: Cluster(make(trials=trials, **more))


def fail(cluster, trial):
    trial.status = "FAILED"
    cluster.oracle.end_trial(trial)


def test_waits_for_the_first(cluster):
    cluster = cluster()
    time.sleep(0.4)
    assert cluster.workers.look()


def test_ends_with_the_last(cluster):
    cluster = cluster()
    fail(cluster, cluster.ask("a"))
    assert cluster.workers.look()
    assert cluster.ask("a").status == "STOPPED"
    assert not cluster.workers.look()


def test_silent_one(cluster):
    """Its trial is taken over, it is told once, and not waited for."""
    cluster = cluster()
    cluster.ask("lost")
    time.sleep(0.4)
    trial = None
    for _ in range(3):
        assert cluster.workers.look()
        trial = trial or cluster.ask("other")
    (line,) = cluster.said
    assert line.startswith("lost (trial 0000) has sent no heartbeat for")
    assert line.endswith("its trial is given to others.")
    assert trial.trial_id == "0000"
    fail(cluster, trial)
    assert cluster.ask("other").status == "STOPPED"
    assert not cluster.workers.look()


def test_trials_without_workers(cluster, monkeypatch):
    monkeypatch.setattr(workers, "SECONDS_WITHOUT_WORKERS", 0.2)
    cluster = cluster()
    cluster.ask("lost")
    time.sleep(0.4)
    assert cluster.workers.look()
    time.sleep(0.3)
    with pytest.raises(RuntimeError, match="Start the chief and workers aga"):
        cluster.workers.look()
    assert cluster.oracle.queue == ["0000"]


def test_a_restarted_chief_waits_for_workers(cluster, monkeypatch):
    """Those of before lose their trials, but the search is not given up."""
    monkeypatch.setattr(workers, "SECONDS_WITHOUT_WORKERS", 0.0)
    cluster().ask("before")
    again = cluster(held=True)
    assert again.oracle.trial_of("before") == "0000"
    time.sleep(0.4)
    for _ in range(3):
        assert again.workers.look()
        time.sleep(0.01)
    assert again.ask("after").trial_id == "0000"
    time.sleep(0.4)
    assert again.workers.look()
    with pytest.raises(RuntimeError, match="Start the chief and workers aga"):
        again.workers.look()


def test_a_restarted_chief_of_a_hopeless_search(cluster):
    """No worker need come any more for it to end."""
    before = cluster(trials=20)
    lost = before.ask("lost")
    for _ in range(5):
        fail(before, before.ask("other"))
    again = cluster(trials=20, held=True)
    assert again.workers.look()
    time.sleep(0.4)
    assert not again.workers.look()
    assert again.oracle.queue == [lost.trial_id]


def test_who_has_no_trial_waits_for_those_that_have(cluster):
    cluster = cluster(trials=2)
    first, lost = cluster.ask("a"), cluster.ask("b")
    fail(cluster, first)
    assert cluster.ask("a").status == "IDLE"
    cluster.oracle.take_over("b")
    taken = cluster.ask("a")
    assert taken.trial_id == lost.trial_id
    fail(cluster, taken)
    assert cluster.ask("a").status == "STOPPED"
