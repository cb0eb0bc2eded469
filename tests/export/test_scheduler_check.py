"""A check that asks concurrently must not lose what goes wrong in a thread."""

import threading
import types

import numpy as np
import pytest

from tfgen.export import scheduler_check
from tfgen.export.scheduler_check import REQUESTS, check_scheduler

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


def test_all_requests_are_asked():
    session = Session(lambda x: {"y": 2 * x})
    report = check(session)
    assert (report.requests, report.problem) == (REQUESTS, "")
    assert session.calls == REQUESTS


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
