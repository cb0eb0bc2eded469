"""The real server, asked as a browser asks it."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import tensorflow as tf

import tfgen
from tfgen.callbacks import TensorBoard

SECONDS = 60


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


SERVE = """
import warnings
from tensorboard import main

warnings.simplefilter("ignore")
main.run_main()
"""


@pytest.fixture
def ask(fork_server):
    """Starts a server on a folder; gives a function of plugin paths."""
    servers = []

    def start(folder):
        port = free_port()
        server = fork_server.Popen(
            [
                *(sys.executable, "-c", SERVE),
                *("--logdir", str(folder), "--host", "127.0.0.1"),
                *("--port", str(port), "--reload_interval", "1"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        servers.append(server)

        def get(path, **query):
            url = f"http://127.0.0.1:{port}/data/{path}"
            url += "?" + urllib.parse.urlencode(query) if query else ""
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read()

        wait_for(server, get)
        return get

    yield start
    for server in servers:
        server.terminate()
        server.wait(20)


def wait_for(server, get):
    """Until the server has read the pictures."""
    for _ in range(SECONDS * 5):
        if server.poll() is not None:
            pytest.fail(f"tensorboard ended with status {server.returncode}")
        try:
            if json.loads(get("plugin/images/tags")).get("train"):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.2)
    pytest.fail(f"no pictures in {SECONDS} seconds")


def test_the_server_shows_pictures_and_curves(
    make_model, images, tmp_path, ask
):
    model = make_model()
    options = {"batch_size": 16, "verbose": 0, "validation_data": images}
    for first, last in ((0, 3), (2, 4)):  # epoch 3 is done twice
        model.fit(
            images,
            epochs=last,
            initial_epoch=first,
            callbacks=[TensorBoard(tmp_path, images)],
            **options,
        )
    get = ask(tmp_path)
    tags = json.loads(get("plugin/images/tags"))["train"]
    assert set(tags) == {
        "samples",
        "side_by_side",
        "reconstructions",
        "latents",
        "traversals",
    }

    query = {"run": "train", "tag": "samples", "sample": 0}
    listed = json.loads(get("plugin/images/images", **query))
    assert [one["step"] for one in listed] == [1, 2, 3, 4]
    newest = urllib.parse.parse_qsl(listed[-1]["query"])
    png = get("plugin/images/individualImage", **dict(newest))
    wanted = tfgen.pictures.samples_picture(model, images)
    assert (tf.io.decode_png(png).numpy() == wanted).all()

    for run in ("train", "validation"):
        query = {"run": run, "tag": "epoch_negative_elbo"}
        points = json.loads(get("plugin/scalars/scalars", **query))
        assert [step for _, step, _ in points] == [1, 2, 3, 4]
