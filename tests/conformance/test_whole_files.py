"""A process killed while it saves leaves the old file or the new one."""

import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import tfgen

SAVE_FOR_EVER = """
import sys
import keras
import tfgen

model = keras.models.load_model("model.keras")
print("ready", flush=True)
while True:
    model.save("model.keras")
    model.save_weights("model.weights.h5")
"""


def big_model():
    """Large enough that a kill meets the file half written."""
    return tfgen.build(
        "vae",
        input_shape=(500,),
        latent_dim=2,
        network="mlp",
        network_options={"units": (1000, 500)},
        seed=0,
    )


def test_kill_during_save(fork_server, tmp_path):
    model = big_model()
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    other = big_model()
    met = 0
    for kill in range(3):
        process = fork_server.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.3 + 0.17 * kill)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        # A file half written lies beside the whole one.
        met += len(list(tmp_path.glob(".*.model.*")))
        loaded = keras.models.load_model(tmp_path / "model.keras")
        other.load_weights(tmp_path / "model.weights.h5")
        for again in (loaded, other):
            for a, b in zip(
                model.get_weights(), again.get_weights(), strict=True
            ):
                np.testing.assert_array_equal(a, b)
    assert met, "no kill came during a save"


def test_failure_during_save(few, tmp_path, monkeypatch):
    model = few.build()
    path = tmp_path / "model.keras"
    model.save(path)
    before = path.read_bytes()

    def fail(self):
        raise RuntimeError("no config")

    monkeypatch.setattr(type(model), "get_config", fail)
    with pytest.raises(RuntimeError, match="no config"):
        model.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.keras"]


def test_existing_file_is_kept_on_request(few, tmp_path):
    model = few.build()
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="pass overwrite=True"):
        model.save(tmp_path / "model.keras", overwrite=False)
