"""A check that asks concurrently must not lose what goes wrong in a thread."""

import threading
import time
import types

import numpy as np
import pytest

from tfgen.export.runtime_checks import REQUESTS, check_scheduler

ROWS = {"double": {"x": np.arange(40.0, dtype="float32")[:, None]}}


class Session:
    """Doubles its input; what threads get is up to `answer`."""

    def __init__(self, answer):
        self.session = types.SimpleNamespace(run=self.alone)
        self.answer = answer
        self.main = threading.current_thread()
        self.lock = threading.Lock()
        self.calls = self.under_way = self.most = 0

    def alone(self, signature, x):
        return {"y": 2 * x}

    def run(self, signature, x):
        if threading.current_thread() is self.main:
            return self.alone(signature, x)
        with self.lock:
            self.calls += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        try:
            return self.answer(x)
        finally:
            with self.lock:
                self.under_way -= 1


class Comparison:
    def difference(self, name, expected, answers):
        return float(np.abs(expected["y"] - answers["y"]).max())


def check(session):
    return check_scheduler(session, Comparison(), ROWS, {"double": "float32"})


def test_all_requests_are_asked_many_at_a_time():
    together = threading.Barrier(100)

    def answer(x):
        # Passes only when 100 requests are under way.
        together.wait(timeout=20)
        return {"y": 2 * x}

    session = Session(answer)
    report = check(session)
    assert (report.requests, report.problem) == (REQUESTS, "")
    assert session.calls == REQUESTS
    assert session.most == 100


def test_threads_that_cannot_start(monkeypatch):
    before = threading.active_count()
    start = threading.Thread.start

    def limited(thread):
        if threading.active_count() >= before + 7:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(RuntimeError, match="the system allowed 7. Raise"):
        check(Session(lambda x: {"y": 2 * x}))
    ends = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < ends:
        time.sleep(0.01)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "answer, problem",
    [
        (lambda x: {}, "KeyError('y')"),
        (lambda x: {"y": np.nan * x}, "answers differently by nan"),
        (lambda x: {"y": 2 * x + 1}, "answers differently by 1"),
    ],
)
def test_whatever_goes_wrong_is_reported(answer, problem):
    assert problem in check(Session(answer)).problem
