"""The clients, run as the kit's README says, against `tfgen serve`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tfgen.export import write_serving_kit

COMMAND = Path(sys.executable).with_name("tfgen")


class Served:
    """Where a development server listens, and the kit of its model."""

    def __init__(self, process, kit, rest, grpc):
        self.process = process
        self.kit = kit
        self.servers = {"rest": f"http://127.0.0.1:{rest}", "grpc": grpc}

    def client(self, which, *options, folder):
        server = self.servers[which]
        return subprocess.run(
            [
                *(sys.executable, self.kit / f"clients/client_{which}.py"),
                *("--server", server, *map(str, options)),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
        )


def start(fork_server, base, kit, log):
    """`tfgen serve`, as the kit's README starts it, on free ports."""
    with log.open("w") as output:
        process = fork_server.Popen(
            [
                *(COMMAND, "serve", base, "--label", "stable=1"),
                *("--rest-port", "0", "--grpc-port", "0"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        text = log.read_text()
        rest = re.search(r"REST .*127\.0\.0\.1:(\d+)", text)
        grpc = re.search(r"gRPC .*?(127\.0\.0\.1:\d+)", text)
        if rest and grpc:
            return Served(process, kit, rest[1], grpc[1])
        time.sleep(0.1)
    process.kill()
    process.wait()
    pytest.fail(f"tfgen serve did not start:\n{log.read_text()}", False)


@pytest.fixture(scope="module")
def images(fork_server, tmp_path_factory):
    """A class-conditional model, served.

    Two of its images, in JSON, are more than a pipe holds.
    """
    import tfgen

    model = tfgen.build(
        "vae",
        input_shape=(32, 48, 3),
        latent_dim=2,
        network="mlp",
        network_options={"units": (16,)},
        likelihood="bernoulli",
        num_classes=3,
        seed=0,
    )
    folder = tmp_path_factory.mktemp("served")
    tfgen.export.export_saved_model(model, folder / "photos")
    kit = write_serving_kit(folder / "photos", folder / "kit")
    served = start(fork_server, folder / "photos", kit, folder / "log")
    served.model = model
    yield served
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(20)


@pytest.mark.parametrize("which", ["rest", "grpc"])
def test_a_picture(images, which, tmp_path):
    done = images.client(
        which, "-n", 20, "--seed", 5, "--label", 2, folder=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "samples.png\n",
        "",
    )
    shown = np.asarray(PIL.Image.open(tmp_path / "samples.png"))
    # 20 images fill 4 rows of 5.
    assert shown.shape == (4 * 32, 5 * 48, 3)
    third_in_second_row = shown[32:64, 2 * 48 : 3 * 48]
    answer = images.model.run_endpoint(
        "generate", {"seed": np.array([5 + 7]), "label": np.array([2])}
    )
    expected = np.round(answer["x"][0] * 255)
    np.testing.assert_allclose(third_in_second_row, expected, atol=1)


@pytest.mark.parametrize("which", ["rest", "grpc"])
def test_every_signature(images, which, tmp_path):
    done = images.client(which, "--check", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    described = json.loads((images.kit / "clients/models.json").read_text())
    asked = [line.split()[0] for line in done.stdout.splitlines()]
    assert sorted(asked) == sorted(described["photos"]["signatures"])
    assert "generate             x [1, 32, 48, 3]\n" in done.stdout
    assert re.search(
        r"^generate_png +image_bytes \d+ bytes$", done.stdout, re.M
    )
    assert list(tmp_path.iterdir()) == []


def test_by_number(images, tmp_path):
    for which in ("rest", "grpc"):
        done = images.client(
            which, "--version", 1, "--out", f"{which}.png", folder=tmp_path
        )
        assert (done.returncode, done.stdout) == (0, f"{which}.png\n")


@pytest.mark.parametrize("which, version", [("rest", "canary"), ("grpc", "7")])
def test_a_version_that_is_not_there(images, which, version, tmp_path):
    done = images.client(which, "--version", version, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"client_{which}.py: The server says (")
    assert f"Asked was version '{version}' of 'photos'" in line
    assert "--version latest" in line


@pytest.mark.parametrize("which", ["rest", "grpc"])
def test_no_server(images, which, tmp_path):
    place = {"rest": "http://127.0.0.1:9", "grpc": "127.0.0.1:9"}[which]
    done = images.client(which, "--server", place, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert place in line
    assert "docker compose up -d --wait" in line
    assert "--server" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options, expected",
    [
        (("--label", 3), "--label must be from 0 to 2, got 3"),
        (("-n", 0), "--count must be at least 1, got 0"),
        (("--model", "shoes"), "invalid choice: 'shoes'"),
    ],
)
def test_wrong_options(images, options, expected, tmp_path):
    done = images.client("rest", *options, folder=tmp_path)
    assert done.returncode == 2
    assert expected in done.stderr


def test_curl(images, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["bash", images.kit / "curl.sh"],
        cwd=tmp_path,
        env={**os.environ, "SERVER": images.servers["rest"]},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    asked = set(re.findall(r"^== photos (\w+)", done.stdout, re.M))
    described = json.loads((images.kit / "clients/models.json").read_text())
    signatures = set(described["photos"]["signatures"])
    others = {name for name in signatures if name.endswith("_png")}
    assert asked == signatures - others | {"generate_png"}
    shown = np.asarray(PIL.Image.open(tmp_path / "photos.png"))
    answer = images.model.run_endpoint(
        "generate", {"seed": np.array([1]), "label": np.array([0])}
    )
    np.testing.assert_allclose(shown, np.round(answer["x"][0] * 255), atol=1)


def test_curl_without_a_server(images, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["bash", images.kit / "curl.sh"],
        cwd=tmp_path,
        env={**os.environ, "SERVER": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "docker compose up -d --wait" in done.stderr


def test_healthcheck(images):
    served = images.servers["rest"].rpartition(":")[2]
    for port, healthy in ((served, True), ("9", False)):
        done = subprocess.run(
            ["bash", images.kit / "config/healthcheck.sh"],
            env={**os.environ, "REST_PORT": port},
            capture_output=True,
        )
        assert (done.returncode == 0) is healthy


def test_healthcheck_asks_for_the_model(images, tmp_path):
    text = (images.kit / "config/healthcheck.sh").read_text()
    other = tmp_path / "healthcheck.sh"
    other.write_text(text.replace("(photos)", "(shoes)"))
    port = images.servers["rest"].rpartition(":")[2]
    done = subprocess.run(
        ["bash", other],
        env={**os.environ, "REST_PORT": port},
        capture_output=True,
    )
    assert done.returncode != 0


def test_readme_starts_what_is_tested_here(images):
    text = (images.kit / "README.md").read_text()
    for words in (
        "env/bin/python clients/client_rest.py",
        "env/bin/python clients/client_grpc.py",
        "env/bin/python clients/client_grpc.py --check",
        "bash curl.sh",
        "tfgen serve ../photos --label stable=1",
    ):
        assert words in text
