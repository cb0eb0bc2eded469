"""Supervision, with processes that stand in for workers."""

import os
import signal
import sys
import time

import pytest

from tfgen.tuning import failures
from tfgen.tuning.failures import DiskError
from tfgen.tuning.heartbeat import HeartbeatWriter
from tfgen.tuning.processes import workers
from tfgen.tuning.processes.chief_service import ChiefService
from tfgen.tuning.processes.worker_process import (
    WorkerProcess,
    cause_of_death,
    end_all,
)
from tfgen.tuning.processes.workers import LocalWorkers

SLEEPS = "import time; time.sleep(60)"
FAILS = "print('loading'); print('no such data'); raise SystemExit(3)"


class Supervised:
    """Workers whose part in talking to the chief the test plays."""

    def __init__(self, oracle, code, workers=1, patience_seconds=600.0):
        self.oracle = oracle
        self.said = []
        self.service = ChiefService(oracle)
        self.processes = [
            WorkerProcess(
                f"worker-{number}",
                [sys.executable, "-ISc", code],
                dict(os.environ),
                oracle.folder,
            )
            for number in range(1, workers + 1)
        ]
        self.workers = LocalWorkers(
            self.processes,
            self.service,
            self.said.append,
            patience_seconds,
        )
        self.workers.start()

    def ask(self, name="worker-1"):
        trial = self.oracle.create_trial(name)
        self.service.asked[name] = time.monotonic()
        if trial.status == "RUNNING":
            self.service.busy.add(name)
        if trial.status == "STOPPED":
            self.service.stopped.add(name)
        return trial

    def pid(self, number=0):
        return self.processes[number]._process.pid

    def die(self, number=0, signal_number=signal.SIGKILL):
        """Kills a worker and lets it be noticed."""
        os.kill(self.pid(number), signal_number)
        self.look_until_started_again(number)

    def look_until_started_again(self, number=0):
        pid = self.pid(number)
        deadline = time.monotonic() + 20
        while self.pid(number) == pid and time.monotonic() < deadline:
            self.workers.look()
            time.sleep(0.02)
        assert self.pid(number) != pid


@pytest.fixture
def supervise(make):
    started = []

    def supervise(code=SLEEPS, **settings):
        started.append(Supervised(make(), code, **settings))
        return started[-1]

    yield supervise
    for supervised in started:
        end_all(supervised.processes)


def test_trial_of_a_dead_worker_is_taken_over(supervise):
    supervised = supervise(workers=2)
    trial = supervised.ask("worker-1")
    supervised.die()
    assert supervised.said == [
        "worker-1 died (signal SIGKILL) and is started again; its trial 0000 "
        "is taken over."
    ]
    again = supervised.ask("worker-2")
    assert again.trial_id == trial.trial_id
    assert again.hyperparameters.values == trial.hyperparameters.values


def test_a_trial_that_kills_its_workers_fails(supervise):
    supervised = supervise(
        "print('illegal instruction', flush=True)" + "\n" + SLEEPS
    )
    for _ in range(5):
        assert supervised.ask().trial_id == "0000"
        wait_for_log(supervised)
        supervised.die(signal_number=signal.SIGILL)
    assert supervised.oracle.reasons == {
        "0000": "its process died 5 times in a row without progress, at last "
        "by signal SIGILL; its last line was: illegal instruction"
    }
    assert supervised.ask().trial_id == "0001"


def wait_for_log(supervised):
    log = supervised.processes[0].log
    while not log.exists() or not log.read_text():
        time.sleep(0.02)


def test_deaths_with_progress_do_not_count(supervise):
    supervised = supervise()
    for epoch in range(7):
        assert supervised.ask().trial_id == "0000"
        heartbeat = HeartbeatWriter(supervised.oracle.folder, "worker-1")
        heartbeat.trial = "0000"
        heartbeat.beat(epoch=epoch + 1, epochs=9)
        supervised.die()
    assert supervised.oracle.reasons == {}


def test_out_of_memory(supervise, tmp_path, monkeypatch):
    monkeypatch.setattr(failures, "PROC", tmp_path)
    (tmp_path / "vmstat").write_text("oom_kill 4\n")
    supervised = supervise()
    supervised.ask()
    supervised.workers.look()
    (tmp_path / "vmstat").write_text("oom_kill 5\n")
    supervised.workers.look()  # counted before the process is gone
    supervised.die()
    assert supervised.oracle.reasons == {
        "0000": "out of memory: the kernel ended the process"
    }
    # That kill does not explain the next death.
    supervised.ask()
    supervised.die()
    assert list(supervised.oracle.reasons) == ["0000"]


def test_workers_that_cannot_begin(supervise):
    supervised = supervise(FAILS)
    message = (
        "worker-1 died 3 times before it had a trial, at last by exit "
        "status 3; its last line was: no such data"
    )
    with pytest.raises(RuntimeError, match=message):
        for _ in range(3):
            supervised.look_until_started_again()


def test_one_of_two_that_cannot_begin_is_given_up(supervise):
    supervised = supervise(FAILS, workers=2)
    with pytest.raises(RuntimeError, match=r"Mend what it says") as error:
        while True:
            supervised.workers.look()
            time.sleep(0.02)
    end = "The search goes on without it."
    (line,) = [line for line in supervised.said if line.endswith(end)]
    gone, left = line.split()[0], str(error.value).split()[0]
    assert {gone, left} == {"worker-1", "worker-2"}
    assert list(supervised.workers.working) == [left]


@pytest.mark.parametrize("status", [74, 120])
def test_a_worker_that_cannot_write_ends_the_search(status, supervise):
    supervised = supervise(f"print('full'); raise SystemExit({status})")
    supervised.ask()
    message = "worker-1 has ended for that; its last line was: full"
    with pytest.raises(DiskError, match=message):
        supervised.look_until_started_again()
    assert supervised.oracle.reasons == {}


def test_a_worker_that_ends_unasked_is_dead(supervise):
    supervised = supervise("")
    supervised.look_until_started_again()
    assert supervised.said == [
        "worker-1 died (exit status 0) and is started again."
    ]


def test_silent_worker(supervise):
    supervised = supervise(patience_seconds=0.5)
    supervised.ask()
    supervised.look_until_started_again()
    first, second = supervised.said
    assert first.startswith("worker-1 (trial 0000) has sent no heartbeat ")
    assert first.endswith("its process is ended.")
    assert second.startswith("worker-1 died (worker-1 (trial 0000) has sent")
    assert supervised.oracle.queue == ["0000"]


def test_heartbeats_are_heard(supervise):
    supervised = supervise(patience_seconds=0.6)
    supervised.ask()
    pid = supervised.pid()
    for epoch in range(15):
        heartbeat = HeartbeatWriter(supervised.oracle.folder, "worker-1")
        heartbeat.trial = "0000"
        heartbeat.beat(epoch=epoch)
        supervised.workers.look()
        time.sleep(0.1)
    assert supervised.pid() == pid and supervised.said == []


def test_end_of_a_search(supervise, monkeypatch):
    monkeypatch.setattr(workers, "SECONDS_TO_LEAVE", 0.5)
    supervised = supervise(workers=2)
    supervised.oracle.max_trials = 1
    supervised.ask("worker-1")
    assert supervised.ask("worker-2").status == "IDLE"
    # The other's trial is still taken over, and it is started again.
    supervised.die()
    trial = supervised.ask("worker-1")
    trial.status = "FAILED"
    supervised.oracle.end_trial(trial)
    assert supervised.ask("worker-2").status == "STOPPED"
    # Now a worker that dies is not, and one that lingers is not waited for.
    supervised.processes[0].kill()
    start = time.monotonic()
    while supervised.workers.look():
        time.sleep(0.02)
    assert 0.5 < time.monotonic() - start < 5
    assert list(supervised.workers.working) == ["worker-2"]
    assert len(supervised.said) == 1


def test_end_all(supervise, tmp_path):
    ignores = "import signal; signal.signal(15, signal.SIG_IGN)\n" + SLEEPS
    supervised = supervise(ignores)
    supervised.processes[0].wait(time.monotonic() + 0.5)
    assert supervised.processes[0].poll() == -signal.SIGKILL


@pytest.mark.parametrize(
    "status, cause",
    [(0, "exit status 0"), (-11, "signal SIGSEGV"), (-120, "signal 120")],
)
def test_causes(status, cause):
    assert cause_of_death(status) == cause
