"""A short version of `benchmarks/search_kills.py`, in a process of its own."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[3] / "benchmarks" / "search_kills.py"


@pytest.mark.parametrize(
    "options",
    [
        ("--workers", "0", "--tuner", "random"),
        ("--workers", "0", "--tuner", "hyperband"),
        ("--workers", "0", "--tuner", "grid"),
        pytest.param(
            ("--workers", "2", "--tuner", "hyperband"), marks=pytest.mark.slow
        ),
    ],
    ids=" ".join,
)
def test_nothing_is_lost(options):
    done = subprocess.run(
        [sys.executable, SCRIPT, "--kills", "3", "--trials", "20", *options],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{done.stdout}\n{done.stderr}", False)
    assert done.stdout.count("kill ") == 3
    assert "as without kills" in done.stdout
