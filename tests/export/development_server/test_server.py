"""The server as an object, and the command `tfgen serve`."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
import tensorflow as tf

from tfgen.export import standalone
from tfgen.export.development_server import DevelopmentServer
from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.served_model import ServedModel

COMMAND = Path(sys.executable).with_name("tfgen")


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_new_version_is_picked_up(copied_base):
    base, other = copied_base
    with DevelopmentServer(base, rest_port=0, grpc_port=None) as server:
        url = f"{server.rest_url}/v1/models/model"
        before = requests.post(f"{url}:predict", json={"instances": [1]}).json()
        shutil.copytree(other, base / ".temporary")
        os.rename(base / ".temporary", base / "2")
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            newest = requests.get(url).json()["model_version_status"][0]
            if (newest["version"], newest["state"]) == ("2", "AVAILABLE"):
                break
            time.sleep(0.1)
        after = requests.post(f"{url}:predict", json={"instances": [1]}).json()
    assert list(after) == ["predictions"] and after != before


def test_a_damaged_version_does_not_end_the_polling(
    copied_base, write_warm_up, monkeypatch
):
    base, other = copied_base
    refresh, failures = ServedModel.refresh, []

    def failing_once(model):
        if model.versions and not failures:
            failures.append(model)
            raise KeyError("a mistake of the server's")
        refresh(model)

    monkeypatch.setattr(ServedModel, "refresh", failing_once)
    with DevelopmentServer(base, rest_port=0, grpc_port=None) as server:
        shutil.copytree(other, base / ".temporary")
        # Three numbers are said to be there; it holds two.
        tensor = tf.make_tensor_proto([[1.0, 2.0]])
        tensor.tensor_shape.dim[1].size = 3
        tensor.tensor_content = b"12345678"
        write_warm_up(base / ".temporary", "decode", latent=tensor)
        os.rename(base / ".temporary", base / "2")
        wait_for(server.model, 2, "END")
        assert server.model.versions[0].error
        assert server.model.versions[1].state == "AVAILABLE"
        shutil.copytree(other, base / ".temporary")
        os.rename(base / ".temporary", base / "3")
        wait_for(server.model, 3, "AVAILABLE")
    assert failures


def test_a_stop_waits_for_requests_longer_than_seconds(
    copied_base, monkeypatch
):
    predict, begun = ModelService.predict, threading.Event()

    def slow(*arguments):
        begun.set()
        time.sleep(6)
        return predict(*arguments)

    monkeypatch.setattr(ModelService, "predict", slow)
    answers = []
    with DevelopmentServer(copied_base[0], rest_port=0, grpc_port=None) as at:
        url = f"{at.rest_url}/v1/models/model:predict"
        asking = threading.Thread(
            target=lambda: answers.append(
                requests.post(url, json={"instances": [1]})
            )
        )
        asking.start()
        assert begun.wait(20)
    asking.join(20)
    assert [answer.status_code for answer in answers] == [200]


def test_a_stop_without_a_start(copied_base):
    server = DevelopmentServer(copied_base[0], rest_port=0, grpc_port=0)
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    stopping.join(20)
    assert not stopping.is_alive()
    assert server.model.versions[0].state == "END"


def wait_for(model, number, state):
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        newest = model.versions[0]
        if (newest.number, newest.state) == (number, state):
            return
        time.sleep(0.05)
    raise AssertionError(f"version {newest.number} is {newest.state}")


def test_ports_are_let_go_of(copied_base):
    with DevelopmentServer(copied_base[0], rest_port=0, grpc_port=0) as first:
        ports = first.rest_port, first.grpc_port
    with DevelopmentServer(copied_base[0], "other", *ports) as second:
        assert (second.rest_port, second.grpc_port) == ports
        assert "model other, version 1" in second.description


@pytest.mark.parametrize("which", ["rest", "grpc"])
def test_a_taken_port(copied_base, taken_port, which):
    ports = {"rest_port": 0, "grpc_port": 0, f"{which}_port": taken_port}
    with pytest.raises(
        ValueError, match=rf"Port {taken_port} .* Pass --{which}-port"
    ):
        DevelopmentServer(copied_base[0], **ports)


def test_nothing_to_serve(tmp_path):
    with pytest.raises(ValueError, match="holds none. Write one with"):
        DevelopmentServer(tmp_path, rest_port=0, grpc_port=None)
    (tmp_path / "1").mkdir()
    with pytest.raises(RuntimeError, match="saved_model.pb"):
        DevelopmentServer(tmp_path, rest_port=0, grpc_port=None)


def test_a_half_copied_version_alone(copied_base):
    shutil.rmtree(copied_base[0] / "1" / "variables")
    with pytest.raises(ValueError, match="1 the file variables/variables.ind"):
        DevelopmentServer(copied_base[0], rest_port=0, grpc_port=None)


def test_folders_of_several_models(copied_base):
    base, other = copied_base
    shutil.copytree(base, base.with_name("flow"))
    (base.parent / "notes").mkdir()
    with pytest.raises(
        ValueError, match="those of flow, model. Pass .*/flow.$"
    ):
        DevelopmentServer(base.parent, rest_port=0, grpc_port=None)


@pytest.mark.parametrize("name", ["a/b", "a:b", "a b", "", "\u00e4"])
def test_names_that_are_none_for_a_url(served_base, name):
    with pytest.raises(ValueError, match="name is .*; expected letters"):
        DevelopmentServer(served_base, name, rest_port=0, grpc_port=None)


def test_a_version_is_no_base(served_base):
    with pytest.raises(
        ValueError, match="it is one version.*Pass the folder above"
    ):
        DevelopmentServer(served_base / "1", rest_port=0, grpc_port=None)


def test_a_label_of_a_missing_version(served_base):
    with pytest.raises(ValueError, match="'gold' stands for version 9"):
        DevelopmentServer(
            served_base, rest_port=0, grpc_port=None, labels={"gold": 9}
        )


def test_without_grpcio(served_base, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    server = DevelopmentServer(served_base, rest_port=0)
    with server:
        assert server.grpc_port is None
        assert "pip install 'tfgen[serving]'" in server.description


def without_start(errors):
    """What `tfgen` says besides that it is loading TensorFlow."""
    lines = errors.splitlines(keepends=True)
    return "".join(line for line in lines if "loading TensorFlow" not in line)


def standalone_command(*arguments):
    """The process that `tfgen serve` turns into; it starts faster."""
    return standalone.process_command("serve", *map(str, arguments))


def tfgen_command(*arguments):
    return [str(COMMAND), "serve", *map(str, arguments)], None


@pytest.mark.parametrize(
    "command, number",
    [(tfgen_command, signal.SIGINT), (standalone_command, signal.SIGTERM)],
)
def test_the_command(served_base, command, number, fork_server):
    command, environment = command(
        *(served_base, "--rest-port", 0, "--grpc-port", 0),
        *("--name", "mine", "--label", "stable=1"),
    )
    with fork_server.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            assert "development server, not for production" in lines[0]
            assert "model mine, version 2, 1" in lines[0]
            url = re.search(r"http://127\.0\.0\.1:\d+", lines[1])[0]
            answer = requests.get(f"{url}/v1/models/mine/labels/stable").json()
            assert answer["model_version_status"][0]["version"] == "1"
            libraries = Path(f"/proc/{process.pid}/maps").read_text()
            assert "libtensorflow_cc" in libraries
            assert "_pywrap_tensorflow" not in libraries  # Python's tensorflow
            process.send_signal(number)
            output, errors = process.communicate(timeout=20)
            assert (process.returncode, output) == (0, "")
            assert without_start(errors) == ""
        finally:
            process.kill()


@pytest.mark.parametrize(
    "command, arguments, error",
    [
        (standalone_command, [], "missing holds none"),
        (standalone_command, ["--name", "a/b"], "name is 'a/b'"),
        (tfgen_command, ["--label", "gold"], "--label is 'gold'"),
    ],
)
def test_the_command_fails_in_one_line(
    fork_server, tmp_path, command, arguments, error
):
    ports = ("--rest-port=0", "--grpc-port=0")
    command, environment = command("missing", *arguments, *ports)
    done = fork_server.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    errors = without_start(done.stderr)
    assert len(errors.splitlines()) == 1
    assert error in errors


def test_the_command_of_a_taken_port(served_base, taken_port):
    command, environment = standalone_command(
        served_base, "--rest-port", taken_port
    )
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"Port {taken_port} cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1
