"""A run that was stopped in any way ends as one that was not."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen as library  # noqa: F401

EPOCHS = 4
ROWS = 1438
SMALL = ("--network", "mlp", "--width", "8", "--depth", "1")
TRAIN = (
    *("train", "vae", "--data", "digits", "--out", "run", "--seed", "5"),
    *(*SMALL, "--latent-dim", "2", "--epochs", str(EPOCHS)),
    *("--checkpoint-every", "0.1"),
)
ONE = (*TRAIN, "--batch-size", "8")
TWO = (
    *(*TRAIN, "--batch-size", "16", "--epochs", "2"),
    *("--strategy", "mirrored", "--replicas", "2"),
)
RESUME = ("train", "--resume", "--out", "run")
START = "training in run (loading TensorFlow) ..."


@pytest.fixture(scope="module")
def whole(command, fork_server, tmp_path_factory):
    """The folder of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    return train_whole([*command, *ONE], folder, fork_server)


def test_stopped_thrice(whole, command, fork_server, tmp_path):
    """By Ctrl-C, by SIGTERM and by kill -9, each time within an epoch.

    The first is a process in every way, as a user starts it.
    """
    run = tmp_path / "run"
    done = stop_in_an_epoch(
        [*command, *ONE], tmp_path, subprocess, signal.SIGINT
    )
    assert done.stderr.startswith(START)
    check_gentle_stop(done, 130, run)
    done = stop_in_an_epoch(
        [*command, *RESUME], tmp_path, fork_server, signal.SIGTERM
    )
    check_gentle_stop(done, 143, run)
    done = stop_in_an_epoch(
        [*command, *RESUME], tmp_path, fork_server, signal.SIGKILL
    )
    assert (done.returncode, warned(done)) == (-signal.SIGKILL, [])
    train_whole([*command, *RESUME], tmp_path, fork_server)
    check_equal(run, whole)


@pytest.mark.slow  # in one process: tests/callbacks/test_checkpoint.py
def test_two_replicas(command, fork_server, tmp_path):
    expected = train_whole([*command, *TWO], tmp_path / "whole", fork_server)
    stop_in_an_epoch([*command, *TWO], tmp_path, fork_server, signal.SIGKILL)
    train_whole([*command, *RESUME], tmp_path, fork_server)
    check_equal(tmp_path / "run", expected)


@pytest.mark.slow
def test_gan(command, fork_server, tmp_path):
    """With falling rates, and an augmentation that goes by what it has seen.

    At this rate the discriminator soon overfits: images are augmented.
    """
    train = (
        *(*command, "train", "gan", "--data", "digits", "--network", "mlp"),
        *("--augmentation", "adaptive", "--learning-rate", "0.0002"),
        *("--learning-rate-schedule", "cosine", "--out", "run", "--seed", "5"),
        *("--batch-size", "16", "--epochs", "2", "--checkpoint-every", "0.1"),
    )
    expected = train_whole(train, tmp_path / "whole", fork_server)
    stop_in_an_epoch(train, tmp_path, fork_server, signal.SIGKILL)
    train_whole([*command, *RESUME], tmp_path, fork_server)
    check_equal(tmp_path / "run", expected)
    # and what is equal is more than start values
    model = keras.models.load_model(expected / "model.keras")
    for optimizer in model.optimizer.by_network.values():
        assert int(optimizer.iterations) == model.steps_done
    pairs = zip(
        model.generator.get_weights(),
        model.average_generator.get_weights(),
        strict=True,
    )
    assert max(np.abs(a - b).max() for a, b in pairs) > 0
    assert float(model.augmentation.probability) > 0
    first, second = (
        float(row["learning_rate_generator"]) for row in history(expected)
    )
    assert first > 2 * second


def test_training_done_but_model_lost(tfgen, whole):
    """The last epoch is what the checkpoint still has."""
    shutil.copytree(whole, "run")
    os.remove("run/model.keras")
    done = tfgen("train", "--resume", "--out", "run")
    assert (done.status, done.err) == (0, "")
    assert "all 4 epochs are done; a larger --epochs trains on" in done.out
    assert "epoch 4/4" not in done.out
    steps = keras.models.load_model("run/model.keras").steps_done
    assert steps == EPOCHS * -(-ROWS // 8)


@pytest.mark.slow  # beside a run that goes on in test_train_from.py
def test_more_epochs(tfgen, tmp_path, monkeypatch):
    """Of a run on a file, from another folder."""
    np.save("data.npy", np.random.default_rng(0).normal(size=(60, 3)))
    train = ("train", "vae", "--data", "data.npy", *SMALL)
    assert tfgen(*train, "--epochs", 2, "--out", "whole").status == 0
    assert tfgen(*train, "--epochs", 1, "--out", "run").status == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    resume = ("train", "--resume", "--out", "../run", "--epochs", 2)
    done = tfgen(*resume)
    assert (done.status, done.err) == (0, "")
    check_equal("../run", "../whole")
    # All is done, and the file by another path is the same.
    assert tfgen(*resume, "--data", "../data.npy").status == 0


class TestRefused:
    def test_no_run(self, refused, tmp_path):
        message = refused("train", "--resume", "--out", "run")
        assert message.startswith("run is not a run of `tfgen train`")
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize(
        "option, value, has",
        [
            ("--latent-dim", "3", "latent_dim=2"),
            ("--data", "iris", "data='digits'"),
            ("--seed", "1", "seed=0"),
            ("--beta", "0", "no beta"),
        ],
    )
    def test_other_settings(self, refused, trained, option, value, has):
        message = refused("train", "--resume", "--out", trained, option, value)
        has = "--" + has.replace("_", "-") if "=" in has else has
        assert f"was begun with {has}, got" in message
        assert "leave the option out" in message

    def test_seed_zero_is_a_setting_too(self, refused, trained, tmp_path):
        run = shutil.copytree(trained, tmp_path / "run")
        config = json.loads((run / "config.json").read_text())
        (run / "config.json").write_text(json.dumps({**config, "seed": 5}))
        message = refused("train", "--resume", "--out", run, "--seed", "0")
        assert "was begun with --seed=5, got 0" in message

    def test_fewer_epochs_than_done(self, refused, trained):
        message = refused("train", "--resume", "--out", trained, "--epochs", 1)
        assert "has 2 epochs behind it: pass at least 2" in message

    def test_changed_data(self, tfgen, refused, without_pictures):
        x = np.random.default_rng(0).normal(size=(60, 3))
        np.save("data.npy", x)
        train = ("train", "vae", "--data", "data.npy", "--out", "run", *SMALL)
        assert tfgen(*train, "--epochs", 1).status == 0
        np.save("data.npy", x[:50])
        before = read_all("run")
        message = refused("train", "--resume", "--out", "run", "--epochs", 2)
        assert message.startswith("the data of the run in run has changed")
        assert "put it back, or start a new run" in message
        assert read_all("run") == before

    def test_run_that_is_being_trained(self, trained, tfgen):
        from tfgen.runs.folder import RunFolder

        with RunFolder(trained).claimed():
            done = tfgen("train", "--resume", "--out", trained)
        assert done.status == 1
        assert "another process is training in" in done.err


def train_whole(words, folder, processes):
    folder.mkdir(exist_ok=True)
    begun_at = newest_step(folder / "run")
    done = processes.run(
        words, cwd=folder, capture_output=True, text=True, check=True
    )
    assert warned(done) == []
    check_start(done.stdout, begun_at)
    return folder / "run"


def stop_in_an_epoch(words, folder, processes, number):
    """Sends a signal once there is a new checkpoint from within an epoch."""
    begun_at = newest_step(folder / "run")
    process = processes.Popen(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not within_an_epoch(newest_step(folder / "run"), begun_at, words):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate()
    check_start(out, begun_at)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def warned(done):
    """The lines on standard error but the first, if that tells of the start."""
    lines = [line for line in done.stderr.splitlines() if line]
    return lines[1:] if lines[:1] == [START] else lines


def check_start(out, step):
    """A run that began anew would end with the same weights, but later."""
    if step:
        assert f"\ngoing on at step {step:,}\n" in out
    else:
        assert "going on" not in out


def within_an_epoch(step, begun_at, words):
    batch_size = 16 if "16" in words else 8
    return step > begun_at and step % -(-ROWS // batch_size)


def newest_step(run):
    """Of the newest checkpoint that counts: one that was written whole."""
    newest = tf.train.latest_checkpoint(run / "checkpoints")
    return int(newest.rpartition("-")[2]) if newest else 0


def check_gentle_stop(done, status, run):
    assert done.returncode == status
    stopping, stopped = warned(done)
    assert stopping == "stopping after this step ..."
    found = re.fullmatch(
        r"stopped at step (\S+); go on with: tfgen train --resume --out run",
        stopped,
    )
    # Nothing was lost.
    assert int(found[1].replace(",", "")) == newest_step(run)


def check_equal(run, expected):
    mine, theirs = (
        keras.models.load_model(f"{folder}/model.keras")
        for folder in (run, expected)
    )
    assert mine.steps_done == theirs.steps_done > 0
    pairs = zip(
        [*mine.variables, *mine.optimizer.variables],
        [*theirs.variables, *theirs.optimizer.variables],
        strict=True,
    )
    for variable, other in pairs:
        np.testing.assert_array_equal(variable.numpy(), other.numpy())
    assert history(run) == history(expected)


def history(run):
    with open(f"{run}/history.csv") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert float(row.pop("seconds")) > 0
    return rows


def read_all(folder):
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in paths}


def test_ended_by_itself(tfgen, tmp_path):
    """It stays ended, and goes on where it is told to."""
    rows = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    np.save(tmp_path / "rows.npy", rows)
    few = ("--width", "4", "--batch-size", "48", "--learning-rate", "0.2")
    done = tfgen(
        *("train", "vae", "--data", "rows.npy", "--out", "run", *few),
        *("--patience", "2", "--epochs", "40"),
    )
    assert (done.status, done.err) == (0, "")
    [line] = [x for x in done.out.splitlines() if x.startswith("ended after")]
    assert "preset full_table_vae" in done.out.splitlines()
    run = tmp_path / "run"
    history = (run / "history.csv").read_text()
    epochs = len(history.splitlines()) - 1
    assert epochs < 40
    again = tfgen(*RESUME)
    assert line in again.out.splitlines()
    assert (run / "history.csv").read_text() == history
    more = tfgen(*RESUME, "--patience", 0, "--epochs", epochs + 1)
    assert more.status == 0
    assert (run / "history.csv").read_text().startswith(history)
    assert len((run / "history.csv").read_text().splitlines()) == epochs + 2
