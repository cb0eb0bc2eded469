"""Pytest plugin: processor time of each test, of its processes too.

    PROCESSOR_TIME=times.txt python -m pytest -p processor_time ...

adds a line for each test to the file. On a busy machine wall time says little.
"""

import os

import pytest

TICKS = os.sysconf("SC_CLK_TCK")
OUT = os.environ.get("PROCESSOR_TIME", "processor_time.txt")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    before = _seconds()
    result = yield
    with open(OUT, "a") as file:
        file.write(f"{_seconds() - before:8.2f} {item.nodeid}\n")
    return result


def _seconds():
    """Of this process, and of it and its children that have ended."""
    times = os.times()
    return sum(times[:4]) + sum(map(_of_server, _servers()))


def _servers():
    """Children that fork others: theirs are not ours."""
    me = os.getpid()
    with open(f"/proc/{me}/task/{me}/children") as file:
        return file.read().split()


def _of_server(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS
