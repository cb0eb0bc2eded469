"""Two hosts, here two processes, take the very steps of one."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.training import get_strategy

PROGRAM = """
import sys
import tfgen  # isort: skip
import keras, numpy as np
family, strategy, path, shards = sys.argv[1:]
with tfgen.training.get_strategy(strategy).scope():
    model = tfgen.build(
        family, input_shape=(6,), network_options={"units": (16,)},
        latent_dim=2, seed=0,
    )
    model.compile(keras.optimizers.SGD(0.01, momentum=0.5))
# 25 rows in batches of 16 and 9.
x = tfgen.data.load(shards, "all")
history = model.fit(x.batches(16), epochs=4, verbose=0, validation_data=x)
logs = {name: values[-1] for name, values in history.history.items()}
np.savez(path, *model.get_weights(), **logs)
"""


FAMILIES = ("vae", "gan", "vae_gan")
METRICS, COUNTER = ("total", "count"), "save_counter"


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(family, strategy, path, shards, config=None):
    environment = dict(os.environ)
    environment.pop("TF_CONFIG", None)
    if config:
        environment["TF_CONFIG"] = json.dumps(config)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, family, strategy, path, shards],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


SHARE = """
import sys
import tfgen  # isort: skip
import numpy as np
from tfgen.training.agreement import Agreement
strategy = tfgen.training.get_strategy("multi_worker")
with strategy.scope():
    model = tfgen.build("vae", input_shape=(6,), seed=0)
index = int(sys.argv[1])
for weight in model.trainable_variables:
    weight.assign(np.full(weight.shape, index + 1.5))
Agreement(strategy).share(model.trainable_variables)
assert all((w == 1.5).numpy().all() for w in model.trainable_variables)
"""


@pytest.mark.slow
def test_what_the_chief_has_is_shared():
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    running = []
    for index in (0, 1):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": hosts}, "task": task}
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", SHARE, str(index)],
                env=os.environ | {"TF_CONFIG": json.dumps(config)},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in running:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said[-2000:]


@pytest.fixture(scope="module")
def command():
    """The words that start the command in a process of its own."""
    return [str(Path(sys.executable).with_name("tfgen"))]


@pytest.fixture
def shards(tmp_path):
    """25 rows in files of 3, 20 and 2."""
    x = np.random.default_rng(0).normal(size=(25, 6)).astype("float32")
    (tmp_path / "shards").mkdir()
    for number, rows in enumerate(np.split(x, [3, 23])):
        name = f"x.tfrecord-{number:05}-of-00003"
        tfgen.data.write_tfrecords(tmp_path / "shards" / name, rows)
    return tmp_path / "shards"


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_weights_and_losses(family, tmp_path, shards):
    """A row that is lost, or seen twice, would be in the weights."""
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    paths = [tmp_path / f"{name}.npz" for name in ("one", "first", "second")]
    running = [start(family, "none", paths[0], shards)]
    for index, path in enumerate(paths[1:]):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": hosts}, "task": task}
        running.append(start(family, "multi_worker", path, shards, config))
    for process in running:
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said[-2000:]
    one, first, second = (dict(np.load(path)) for path in paths)
    assert one.keys() == first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], name)
        np.testing.assert_allclose(values, one[name], 1e-5, 1e-6, err_msg=name)


class Launched:
    """`tfgen launch` of two processes, in a folder of its own."""

    def __init__(self, command, folder, *train):
        self.folder = folder
        self.process = subprocess.Popen(
            [
                *command,
                "launch",
                "--",
                "train",
                *train,
                "--out",
                folder / "run",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self):
        """Waits for its end."""
        self.out, self.err = self.process.communicate(timeout=600)
        return self.process.returncode

    def wait_for_step(self, step):
        """Waits for a checkpoint of that step, or a later one."""
        while self.steps_saved() < step:
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.05)

    def steps_saved(self):
        index = self.folder / "run" / "checkpoints" / "checkpoint"
        text = index.read_text() if index.exists() else ""
        found = re.search(r'model_checkpoint_path: "ckpt-(\d+)"', text)
        return int(found[1]) if found else 0

    def worker(self, index):
        """The process number of a worker."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        for child in map(int, children.split()):
            words = Path(f"/proc/{child}/environ").read_bytes()
            if f'"index": {index}'.encode() in words:
                return child
        raise AssertionError(children)

    def digest(self):
        """Of weights, optimizers' slots and step; metrics begin anew."""
        saved = self.folder / "run" / "checkpoints"
        reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(saved))
        layout = json.loads((saved / "layout.json").read_text())
        digest = hashlib.sha256()
        for key in sorted(reader.get_variable_to_shape_map()):
            number = key.split("/")[0]
            metric = number.isdigit() and layout[int(number)][0] in METRICS
            if not metric and "OBJECT_GRAPH" not in key and COUNTER not in key:
                digest.update(key.encode())
                digest.update(np.asarray(reader.get_tensor(key)).tobytes())
        return digest.hexdigest()


def arguments(family):
    """Of a training of 48 steps that saves often."""
    return (
        *(family, "--data", "iris", "--epochs", "12", "--batch-size", "32"),
        *("--checkpoint-every", "0.5"),
        *(("--patience", "0") if family == "vae" else ()),
    )


@pytest.fixture(scope="module")
def uninterrupted(command, tmp_path_factory):
    """`uninterrupted(family)` is the digest of a training to its end."""
    found = {}

    def run(family):
        if family not in found:
            folder = tmp_path_factory.mktemp(family)
            launched = Launched(command, folder, *arguments(family))
            assert launched.wait() == 0, launched.err
            assert launched.steps_saved() == 48
            found[family] = launched.digest()
        return found[family]

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    "family, index", [("vae", 0), ("vae", 1), ("gan", 1), ("vae_gan", 0)]
)
def test_a_killed_worker(family, index, command, tmp_path, uninterrupted):
    launched = Launched(command, tmp_path, *arguments(family))
    launched.wait_for_step(8)
    os.kill(launched.worker(index), signal.SIGKILL)
    assert launched.wait() == 0, launched.err
    ended = f"worker {index} was ended by SIGKILL; all start again (1 of 3)"
    assert ended in launched.err
    assert launched.steps_saved() == 48
    assert launched.digest() == uninterrupted(family)


@pytest.mark.slow
def test_a_stopped_launch(command, tmp_path, uninterrupted):
    launched = Launched(command, tmp_path, *arguments("vae"))
    launched.wait_for_step(8)
    launched.process.send_signal(signal.SIGTERM)
    assert launched.wait() == 128 + signal.SIGTERM
    stopped = launched.steps_saved()
    assert 8 <= stopped < 48
    assert f"stopped at step {stopped}; go on with: tfgen" in launched.err
    again = Launched(command, tmp_path, "--resume")
    assert again.wait() == 0, again.err
    assert f"going on at step {stopped}" in again.out
    assert again.digest() == uninterrupted("vae")


@pytest.mark.slow
def test_hosts_with_other_data(command, tmp_path):
    """Each reads a file at the same place, but of other rows."""
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    running = []
    for index in (0, 1):
        folder = tmp_path / str(index)
        folder.mkdir()
        rows = np.random.default_rng(index).normal(size=(40, 3))
        np.save(folder / "x.npy", rows)
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": hosts}, "task": task}
        running.append(
            subprocess.Popen(
                [*command, "train", "vae", "--data", "x.npy", "--out", "run"]
                + ["--strategy", "multi_worker"],
                cwd=folder,
                env=os.environ | {"TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in running:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 1
        assert "host 1 has another train data than host 0: give all" in err
    assert not (tmp_path / "0" / "run").exists()


def test_hosts_that_nobody_named(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="TF_CONFIG, .* is not set: expected"):
        get_strategy("multi_worker")
    with pytest.raises(ValueError, match="replicas is 2, but on several"):
        tfgen.training.get_strategy("multi_worker", replicas=2)
