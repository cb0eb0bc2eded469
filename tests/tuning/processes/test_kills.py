"""A short version of `benchmarks/search_kills.py`, in a process of its own."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[3] / "benchmarks" / "search_kills.py"


KILLS = 3


def test_one_process():
    tuners = ("random", "hyperband")
    check(2, "--workers", "0", "--epoch-seconds", "0.02", "--tuner", *tuners)


@pytest.mark.slow
def test_chief_and_two_workers():
    check(1, "--workers", "2", "--tuner", "hyperband")


def check(searches, *options):
    kills = ("--kills", str(KILLS), "--trials", "16")
    done = subprocess.run(
        [sys.executable, SCRIPT, *kills, *options],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{done.stdout}\n{done.stderr}", False)
    assert done.stdout.count("as without kills") == searches
    assert done.stdout.count("kill ") == KILLS * searches
