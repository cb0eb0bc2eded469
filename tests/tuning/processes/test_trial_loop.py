import errno
import os
import shutil
import signal
import time

import numpy as np
import pytest
import tensorflow as tf

from tfgen.tuning.failures import TrialFailed
from tfgen.tuning.heartbeat import read_heartbeats
from tfgen.tuning.processes import run_in_this_process


def test_all_trials(make, run_trial, tmp_path, capfd):
    oracle = make()
    run_in_this_process(oracle, run_trial)
    records = oracle.records()
    assert [record.status for record in records] == ["completed"] * 3
    for record in records:
        assert record.score == record.values["rate"]
        assert (record.best_epoch, record.epochs) == (2, 3)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"oracle.json", "oracle.json.backup", "workers"}
    assert capfd.readouterr() == ("", "")


def test_signs(make, tmp_path):
    seen = []

    def run_trial(trial, beat):
        seen.extend(read_heartbeats(tmp_path))
        return {"val_loss": 1.0}, 1

    start = time.time()
    run_in_this_process(make(trials=1), run_trial)
    (sign,) = seen
    assert (sign.worker, sign.trial, sign.pid) == ("main", "0000", os.getpid())
    assert start <= sign.time <= time.time()
    (sign,) = read_heartbeats(tmp_path)
    assert sign.trial is None


def test_changes_are_told(make, run_trial):
    told = []
    run_in_this_process(make(trials=2), run_trial, told.append)
    first, last = {"epoch": 1, "epochs": 3}, {}
    assert told[:3] == [{"0000": {}}, {"0000": first}, {}]
    assert told[-2:] == [{"0001": {}}, last]


def explode(trial, beat):
    """Fails as a training does, in a graph."""

    @tf.function
    def step(x):
        tf.debugging.assert_less(x, 0.0, message="x is too large")
        return x

    step(tf.constant(1.0))


def raising(error):
    def run_trial(trial, beat):
        raise error

    return run_trial


@pytest.mark.parametrize(
    "run_trial, reason",
    [
        (raising(TrialFailed("the loss is nan")), "the loss is nan"),
        (raising(ValueError("no\n  such layer")), "ValueError: no such layer"),
        (raising(ZeroDivisionError()), "ZeroDivisionError"),
        (raising(MemoryError()), "out of memory: MemoryError"),
        (
            raising(tf.errors.ResourceExhaustedError(None, None, "tensor")),
            "out of memory: ResourceExhaustedError: tensor",
        ),
        (explode, "InvalidArgumentError: assertion failed: [x is too large]"),
        (lambda trial, beat: None, "TypeError: "),
        (lambda trial, beat: ({"a": 1}, 1), "val_loss is missing: "),
        (lambda trial, beat: ({"val_loss": np.inf}, 1), "val_loss is inf"),
    ],
)
def test_failures(run_trial, reason, make, tmp_path):
    oracle = make()
    run_in_this_process(oracle, run_trial)
    assert len(oracle.reasons) == 3
    kept = oracle.reasons["0000"]
    assert kept.startswith(reason) and len(kept) <= 300
    folder = tmp_path / "trials" / "0000"
    assert (folder / "failure.txt").read_text() == f"{kept}\n"


FULL = "No space left on device"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, FULL),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError(errno.EROFS, "Read-only file system"),
        OSError(errno.ESTALE, "Stale file handle"),
        tf.errors.ResourceExhaustedError(None, None, f"events; {FULL}"),
        shutil.Error([("a", "b", f"[Errno 28] {FULL}: 'b'")]),
    ],
    ids=lambda error: str(error)[:24],
)
def test_errors_of_the_disk_are_no_failures(error, make, run_trial):
    """They end the search; what ran is waiting."""
    oracle = make()
    with pytest.raises(type(error)):
        run_in_this_process(oracle, raising(error))
    assert oracle.reasons == {}
    oracle = make()
    assert [record.status for record in oracle.records()] == ["waiting"]
    run_in_this_process(oracle, run_trial)
    assert [r.status for r in oracle.records()] == ["completed"] * 3


def test_an_error_that_follows_from_one_of_the_disk(make):
    def run_trial(trial, beat):
        try:
            raise OSError(errno.ENOSPC, FULL)
        finally:
            raise ValueError("the archive is still being written")

    with pytest.raises(ValueError, match="the archive is"):
        run_in_this_process(make(), run_trial)


def test_a_failure_is_no_longer_told_after_a_success(make, run_trial, tmp_path):
    folder = tmp_path / "trials" / "0000"
    folder.mkdir(parents=True)
    (folder / "failure.txt").write_text("killed before it was reported")
    run_in_this_process(make(trials=1), run_trial)
    assert list(folder.iterdir()) == []


@pytest.fixture
def ctrl_c():
    """As at a terminal, also where these tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(number, make, run_trial):
    def interrupt(trial, beat):
        if trial.trial_id == "0001":
            os.kill(os.getpid(), number)
            time.sleep(10)
        return run_trial(trial, beat)

    before = signal.getsignal(signal.SIGTERM)
    oracle = make()
    with pytest.raises(KeyboardInterrupt):
        run_in_this_process(oracle, interrupt)
    assert signal.getsignal(signal.SIGTERM) == before
    oracle = make()
    statuses = [record.status for record in oracle.records()]
    assert statuses == ["completed", "waiting"]
    run_in_this_process(oracle, run_trial)
    assert [r.status for r in oracle.records()] == ["completed"] * 3
    assert oracle.start_order == ["0000", "0001", "0002"]
