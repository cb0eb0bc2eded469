"""Asked in processes of their own, which load that one file alone."""

import json
import subprocess
import sys

import pytest

from tfgen.tuning.processes import program

ASK = f"""
import json, runpy, sys
own_command = runpy.run_path({program.__file__!r})["own_command"]
try:
    print(json.dumps(own_command()))
except ValueError as error:
    print(json.dumps(str(error)))
"""


def answer(arguments, typed=None):
    done = subprocess.run(
        [sys.executable, "-I", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_program_in_a_file_or_an_argument(tmp_path):
    file = tmp_path / "search.py"
    file.write_text(ASK)
    for arguments in ([str(file), "--fast"], ["-c", ASK, "x"]):
        assert answer(arguments) == [sys.executable, "-I", *arguments]


@pytest.mark.parametrize("arguments", [[], ["-"], ["-", "x"]])
def test_standard_input(arguments):
    assert answer(arguments, ASK).startswith(
        "run was called with workers, each of which starts this program again"
    )


def test_typed_after_a_program(tmp_path):
    file = tmp_path / "search.py"
    file.write_text("def ask():\n" + ASK.replace("\n", "\n    "))
    arguments = ["-i", str(file)]
    assert "put it into a file" in answer(arguments, "ask()\n")


def test_run_from_a_notebook(monkeypatch):
    assert program.own_command()[0] == sys.executable
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    with pytest.raises(ValueError, match="put it into a file"):
        program.own_command()
