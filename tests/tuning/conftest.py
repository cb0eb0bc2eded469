import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pictures
import pytest

SECONDS = 240  # of a busy machine; ten are usual


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    """They take longer than these trainings; `monkeypatch.undo()` has them."""
    pictures.leave_out(monkeypatch)


@pytest.fixture(scope="session")
def tensorboard():
    return serving


@contextlib.contextmanager
def serving(folder, is_read):
    """TensorBoard's server on loopback, once it has read the folder.

    Args:
        folder: its `--logdir`.
        is_read: called with what asks the server, whether it is ready.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [
        *(sys.executable, "-W", "ignore", "-m", "tensorboard.main"),
        *("--logdir", str(folder), "--host", "127.0.0.1"),
        *("--port", str(port), "--reload_interval", "1"),
    ]
    server = subprocess.Popen(
        command,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path, body=None):
        """What a plugin answers; with a body, by POST."""
        url = f"http://127.0.0.1:{port}/data/plugin/{path}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(url, data, headers)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.loads(answer.read())

    try:
        wait_for(server, lambda: is_read(ask))
        yield ask
    finally:
        server.kill()  # its data server ends with it
        server.wait()


def wait_for(server, is_ready):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"tensorboard ended with status {server.returncode}")
        try:
            if is_ready():
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError, KeyError):
            pass
        time.sleep(0.5)
    pytest.fail(f"not read in {SECONDS} seconds")
