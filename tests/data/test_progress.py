import io
import itertools
import sys

import pytest

from tfgen.data import progress
from tfgen.data.progress import followed


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A second passes whenever somebody looks."""
    seconds = itertools.count()
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))


def shown_on(stream, monkeypatch, pieces, total):
    monkeypatch.setattr(sys, "stderr", stream)
    work = followed(pieces, "reading photos", total)
    assert list(work) == pieces
    return stream.getvalue()


def test_short_work_says_nothing(clock, monkeypatch):
    for stream in (Terminal(), io.StringIO()):
        assert shown_on(stream, monkeypatch, ["ab", "c"], 3) == ""


def test_long_work_on_a_terminal(clock, monkeypatch):
    shown = shown_on(Terminal(), monkeypatch, [2000 * "a"] * 5, 10_000)
    first, *_, last, wiped, end = shown.split("\r")[1:]
    assert first.rstrip() == (
        "reading photos: 6,000 of 10,000 rows, 2,000/s, 0:02 left"
    )
    assert last.rstrip().endswith("10,000 of 10,000 rows, 2,000/s, 0:00 left")
    assert wiped.strip() == end == ""


def test_long_work_in_a_log(clock, monkeypatch):
    shown = shown_on(io.StringIO(), monkeypatch, ["a"] * 70, 0)
    assert shown.splitlines() == [
        "reading photos: 30 rows, 1/s",
        "reading photos: 60 rows, 1/s",
    ]


def test_without_standard_error(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert list(followed("abcdef", "reading", 6)) == list("abcdef")
