"""The command searches, trains with what it found, and goes on."""

import csv
import html
import json
import re
import shlex

import keras
import numpy as np
import pytest

from tfgen.runs.run import Run

TUNE = (
    *("tune", "--data", "digits", "--out", "s", "--epochs", 1),
    *("--workers", 0, "--max-epochs", 1, "--trials", 2),
    *("--space", "network=mlp", "--space", "width=64"),
)


@pytest.mark.parametrize(
    "model", ["vae", "gan", pytest.param("vae_gan", marks=pytest.mark.slow)]
)
def test_the_best_run_exports_and_verifies(tfgen, model, tmp_path):
    options = () if model == "vae" else ("--extractor", "none")
    done = tfgen(*TUNE, model, "--tuner", "hyperband", *options)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    ended = [line.split()[:3] for line in lines if line.startswith("trial 0")]
    assert ended == [["trial", "0000", "1/2"], ["trial", "0001", "2/2"]]
    best = json.loads((tmp_path / "s" / "best.json").read_text())
    config = json.loads((tmp_path / "s" / "best" / "config.json").read_text())
    assert best["settings"]["latent_dim"] == config["latent_dim"]
    assert best["settings"]["width"] == config["width"] == 64
    assert config["model"] == model
    assert tfgen("export", "s/best", "--to", "served").status == 0
    assert tfgen("verify", "served/1").status == 0


def test_a_search_goes_on(tfgen, refused, tmp_path):
    assert tfgen(*TUNE, "vae").status == 0
    done = tfgen("tune", "--out", "s", "--trials", 3, "--workers", 0)
    assert (done.status, done.err) == (0, "")
    assert "going on: 2 trials have ended before" in done.out
    assert "trial 0002  3/3" in done.out
    assert refused("tune", "gan", "--out", "s").startswith(
        "the search in s was begun with model='vae', got 'gan'"
    )
    table = (tmp_path / "s" / "trials.csv").read_text().splitlines()
    assert len(table) == 1 + 3


def test_the_best_run_is_of_its_best_epoch(tfgen, tmp_path):
    """By the objective, although a GAN's own losses say nothing of it."""
    few = ("--trials", 1, "--epochs", 5, "--extractor", "none")
    assert tfgen(*TUNE, "gan", *few).status == 0
    best = tmp_path / "s" / "best"
    with (best / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    distances = [float(row["val_frechet_distance"]) for row in rows]
    kept = json.loads((best / "model.json").read_text())
    assert len(rows) == 5
    assert kept["epoch"] == 1 + distances.index(min(distances))
    assert kept["val_frechet_distance"] == min(distances)


def test_the_best_run_repeats_the_best_trial(tfgen, tmp_path):
    """Bit for bit, over what Hyperband trained in two parts."""
    more = ("--tuner", "hyperband", "--epochs", 3, "--max-epochs", 3)
    assert tfgen(*TUNE, "vae", "--trials", 3, *more).status == 0
    best = json.loads((tmp_path / "s" / "best.json").read_text())
    histories = []
    for folder in (best["folder"], "best"):
        with (tmp_path / "s" / folder / "history.csv").open() as file:
            histories.append(
                [row for row in csv.DictReader(file) if row.pop("seconds")]
            )
    assert best["epochs"] == 3
    assert histories[0] == histories[1]


def test_from_has_the_epochs_of_the_best_run(tfgen, tmp_path):
    """Not those of a trial; by the command that the page gives."""
    assert tfgen(*TUNE, "vae", "--trials", 1, "--epochs", 3).status == 0
    page = html.unescape((tmp_path / "s" / "report.html").read_text())
    command = re.search("tfgen (train --from [^<]*)<", page)[1]
    done = tfgen(*shlex.split(command))
    assert (done.status, done.err) == (0, "")
    configs = [
        json.loads((tmp_path / run / "config.json").read_text())
        for run in ("s/best", "run")
    ]
    assert configs[0] == configs[1] and configs[1]["epochs"] == 3


def test_other_best_settings_are_trained_anew(tfgen, tmp_path):
    """As after more trials; the earlier run is kept."""
    assert tfgen(*TUNE, "vae", "--trials", 1).status == 0
    best, earlier = tmp_path / "s" / "best", tmp_path / "s" / "best-1"
    config = (best / "config.json").read_text()
    (best / "config.json").write_text(config.replace("64", "32"))
    done = tfgen("tune", "--out", "s", "--workers", 0)
    assert (done.status, done.err) == (0, "")
    assert "of other settings, is now s/best-1" in done.out
    assert (best / "config.json").read_text() == config
    assert (earlier / "model.keras").exists()
    # What a kill leaves before there are settings is no run to go on with.
    (best / "config.json").unlink()
    assert tfgen("tune", "--out", "s", "--workers", 0).status == 0
    assert (best / "config.json").read_text() == config


def test_a_best_run_that_explodes_late_is_kept(tfgen, tmp_path, monkeypatch):
    """Where the trial, of fewer epochs, did not get."""

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                weight = self.model.trainable_weights[-1]
                weight.assign(np.full(weight.shape, np.nan))

    train = Run.train
    monkeypatch.setattr(
        Run,
        "train",
        lambda run, watchers, *more: train(run, [Spoil(), *watchers], *more),
    )
    done = tfgen(*TUNE, "vae", "--trials", 1, "--epochs", 3)
    assert done.status == 0
    first, *more = done.err.splitlines()
    assert first.startswith("training ended early: the gradients of network ")
    assert not more
    assert re.search("epoch [12] had the lowest .* the model is of", done.out)
    assert tfgen("export", "s/best", "--to", "served").status == 0


def test_replicas_and_pictures_of_another_size(run_python):
    """Pictures are made smaller by TensorFlow, before there is a model."""
    out = run_python(
        "from tfgen.cli.search_run import SearchRun\n"
        "given = dict(model='vae', data='digits', image_size='16')\n"
        "run = SearchRun('s', {**given, 'strategy': 'mirrored'})\n"
        "print(run.search.strategy.num_replicas_in_sync)\n",
        CUDA_VISIBLE_DEVICES="",
    )
    assert out.split() == ["2"]


def test_ctrl_c(tfgen, monkeypatch):
    def interrupt(search, workers):
        raise KeyboardInterrupt

    monkeypatch.setattr("tfgen.tuning.Search.run", interrupt)
    done = tfgen(*TUNE, "vae")
    assert done.status == 130
    assert done.err == "stopped; go on with: tfgen tune --out s\n"


def test_a_trial_is_a_run(tfgen, tmp_path):
    """For the commands that take one."""
    assert tfgen(*TUNE, "vae", "--trials", 1, "--epochs", 0).status == 0
    trial = tmp_path / "s" / "trials" / "0000"
    assert tfgen("evaluate", trial, "--repeats", 1).status == 0
    assert (trial / "evaluation" / "report.html").exists()
    assert tfgen("export", trial, "--to", "served").status == 0
    again = tfgen("train", "--resume", "--out", trial, "--epochs", 2)
    assert (again.status, again.err) == (0, "")
    assert "epoch 1/2" not in again.out and "epoch 2/2" in again.out


def test_the_same_command_goes_on_with_data_in_a_file(in_process, tmp_path):
    """As it does in each worker."""
    x = np.random.default_rng(0).random((60, 3), np.float32)
    np.save(tmp_path / "x.npy", x)
    command = (
        *("tune", "vae", "--data", "x.npy", "--out", "s", "--trials", 1),
        *("--epochs", 5, "--workers", 1),
    )
    for run in (in_process, in_process.again):
        done = run(*command)
        assert (done.status, done.err) == (0, "")
        assert "of 5 epochs" in done.out or "have ended before" in done.out


@pytest.mark.parametrize(
    "options, message",
    [
        (("vae", "--objective", "fid"), "'fid' is no known measure: pass"),
        (
            ("gan", "--objective", "negative_elbo"),
            "negative_elbo needs a likelihood",
        ),
        (("vae", "--space", "latent=3"), "latent"),
        (
            ("vae", "--tuner", "best"),
            "tuner is 'best', expected one of random, hyperband",
        ),
        ((), "no model was named"),
    ],
)
def test_refused(refused, options, message, tmp_path):
    assert message in refused(
        "tune", "--data", "digits", "--out", "s", *options
    )
    assert not (tmp_path / "s" / "trials").exists()
