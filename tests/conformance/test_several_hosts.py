"""Two hosts, here two processes, take the very steps of one."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import tfgen
from tfgen.training import get_strategy

PROGRAM = """
import sys
import tfgen  # isort: skip
import keras, numpy as np
family, strategy, path = sys.argv[1:]
with tfgen.training.get_strategy(strategy).scope():
    model = tfgen.build(
        family, input_shape=(6,), network_options={"units": (16,)},
        latent_dim=2, seed=0,
    )
    model.compile(keras.optimizers.SGD(0.01, momentum=0.5))
x = np.random.default_rng(0).normal(size=(50, 6)).astype("float32")
# Batches of 16, 16, 16 and 2 rows.
history = model.fit(
    tfgen.data.from_arrays(x).batches(16), epochs=2, verbose=0,
    validation_data=x,
)
logs = {name: values[-1] for name, values in history.history.items()}
np.savez(path, *model.get_weights(), **logs)
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(family, strategy, path, config=None):
    environment = dict(os.environ)
    environment.pop("TF_CONFIG", None)
    if config:
        environment["TF_CONFIG"] = json.dumps(config)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, family, strategy, str(path)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", ["vae", "gan", "vae_gan"])
def test_weights_and_losses(family, tmp_path):
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    paths = [tmp_path / f"{name}.npz" for name in ("one", "first", "second")]
    running = [start(family, "none", paths[0])]
    for index, path in enumerate(paths[1:]):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": hosts}, "task": task}
        running.append(start(family, "multi_worker", path, config))
    for process in running:
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said[-2000:]
    one, first, second = (dict(np.load(path)) for path in paths)
    assert one.keys() == first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], name)
        np.testing.assert_allclose(values, one[name], 1e-5, 1e-6, err_msg=name)


def test_hosts_that_nobody_named(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="TF_CONFIG, .* is not set: export"):
        get_strategy("multi_worker")
    with pytest.raises(ValueError, match="replicas is 2, but on several"):
        tfgen.training.get_strategy("multi_worker", replicas=2)
