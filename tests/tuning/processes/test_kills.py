"""A short version of `benchmarks/search_kills.py`, in a process of its own."""

import pathlib
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[3] / "benchmarks" / "search_kills.py"


KILLS = 3


def test_one_process(fork_server):
    options = ("--workers", "0", "--epoch-seconds", "0.02")
    check(fork_server, 2, *options, "--tuner", "random", "hyperband")


@pytest.mark.slow
def test_chief_and_two_workers(fork_server):
    check(fork_server, 1, "--workers", "2", "--tuner", "hyperband")


def check(fork_server, searches, *options):
    kills = ("--kills", str(KILLS), "--trials", "16")
    done = fork_server.run(
        [sys.executable, SCRIPT, *kills, *options],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{done.stdout}\n{done.stderr}", False)
    assert done.stdout.count("as without kills") == searches
    assert done.stdout.count("kill ") == KILLS * searches
