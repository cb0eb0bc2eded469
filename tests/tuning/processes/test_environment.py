import json
import os
import subprocess
import sys

import pytest

import tfgen
from tfgen.tuning.processes import environment
from tfgen.tuning.processes.environment import (
    gpu_of_worker,
    share_gpu_memory,
    usable_gpus,
)

VARIABLES = (environment.ADDRESS, environment.PORT, environment.NAME)
# Asked in processes of their own, which load that one file alone.
ASK = f"""
import json, runpy, sys
own_command = runpy.run_path({environment.__file__!r})["own_command"]
try:
    print(json.dumps(own_command()))
except ValueError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture
def variables(monkeypatch):
    def set_variables(*values):
        for name, value in zip(VARIABLES, values, strict=True):
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_variables


@pytest.mark.parametrize(
    "values, chief, worker",
    [
        ((None, None, None), False, False),
        (("127.0.0.1", "8000", "chief"), True, False),
        (("127.0.0.1", "8000", "my-chief-1"), True, False),
        (("127.0.0.1", "8000", "worker-1"), False, True),
    ],
)
def test_parts(values, chief, worker, variables):
    variables(*values)
    assert (environment.is_chief(), environment.is_worker()) == (chief, worker)


def test_half_set(variables):
    variables("127.0.0.1", None, "worker-1")
    with pytest.raises(ValueError, match="^KERASTUNER_ORACLE_PORT is not set"):
        environment.is_worker()


def test_port(variables):
    variables("127.0.0.1", "http", "worker-1")
    with pytest.raises(ValueError, match="is 'http', expected a number"):
        environment.address()


@pytest.mark.parametrize(
    "before, after",
    [
        ({}, "10.0.0.1"),
        ({"no_proxy": "localhost"}, "10.0.0.1,localhost"),
        ({"no_proxy": "localhost", "no_grpc_proxy": "a,b"}, "10.0.0.1,a,b"),
    ],
)
def test_without_proxy(before, after, variables, monkeypatch):
    variables("10.0.0.1", "8000", "worker-1")
    for name in environment.WITHOUT_PROXY:
        monkeypatch.setenv(name, "")  # put back afterwards
        monkeypatch.delenv(name)
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    environment.reach_without_proxy()
    assert os.environ["no_grpc_proxy"] == after


def test_for_another_search(monkeypatch, tmp_path):
    monkeypatch.delenv(environment.SEARCH, raising=False)
    assert not environment.is_for_another_search("a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(environment.SEARCH, str(tmp_path / "a"))
    assert not environment.is_for_another_search("a")
    assert environment.is_for_another_search("b")


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
    assert environment.own_command()[0] == sys.executable
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    with pytest.raises(ValueError, match="put it into a file"):
        environment.own_command()


@pytest.mark.parametrize("chosen, expected", [({}, "true"), (None, "false")])
def test_memory_is_shared_unless_the_user_chose(chosen, expected):
    name = "TF_FORCE_GPU_ALLOW_GROWTH"
    found = {name: "false"} if chosen is None else chosen
    share_gpu_memory(found)
    assert found == {name: expected}
    assert tfgen.tuning and name in os.environ


@pytest.mark.parametrize(
    "count, visible, names",
    [
        (0, None, []),
        (2, None, ["0", "1"]),
        (0, "", []),
        (0, "-1", []),
        (2, "3, 5", ["3", "5"]),
        (1, "2,-1,0", ["2"]),  # CUDA stops at what is no GPU
        (2, "GPU-8932f937,GPU-4a1c", ["GPU-8932f937", "GPU-4a1c"]),
    ],
)
def test_names(count, visible, names):
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert usable_gpus(count, environment) == names


@pytest.mark.parametrize(
    "gpus, spread",
    [
        ([], [None, None, None]),
        (["7"], [None, None, None]),
        (["2", "5"], ["2", "5", "2"]),
    ],
)
def test_workers_take_turns(gpus, spread):
    found = [gpu_of_worker(number, gpus) for number in (1, 2, 3)]
    assert [each.get("CUDA_VISIBLE_DEVICES") for each in found] == spread
