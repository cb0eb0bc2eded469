"""Workers that others have started: only their signs of life are known."""

import time

import pytest

from tfgen.tuning.processes import lease, remote_workers
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.remote_workers import RemoteWorkers


class Cluster:
    def __init__(self, oracle):
        self.oracle = oracle
        self.said = []
        self.service = ChiefService(oracle)
        self.workers = RemoteWorkers(
            oracle, self.service, self.said.append, 600.0
        )

    def ask(self, name):
        trial = self.oracle.create_trial(name)
        now = time.monotonic()
        self.service.asked[name] = self.service.heard[name] = now
        if trial.status == "STOPPED":
            self.service.stopped.add(name)
        return trial


@pytest.fixture
def cluster(make, monkeypatch):
    monkeypatch.setattr(lease, "SECONDS_DEAD", 0.3)
    return lambda trials=1: Cluster(make(trials=trials))


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
    assert line.startswith("lost (trial 0000) has given no sign of life for")
    assert line.endswith("its trial is given to others.")
    assert trial.trial_id == "0000"
    fail(cluster, trial)
    assert cluster.ask("other").status == "STOPPED"
    assert not cluster.workers.look()


def test_trials_without_workers(cluster, monkeypatch):
    monkeypatch.setattr(remote_workers, "SECONDS_WITHOUT_WORKERS", 0.2)
    cluster = cluster()
    cluster.ask("lost")
    time.sleep(0.4)
    assert cluster.workers.look()
    time.sleep(0.3)
    with pytest.raises(RuntimeError, match="Start the chief and workers aga"):
        cluster.workers.look()
    assert cluster.oracle.queue == ["0000"]
