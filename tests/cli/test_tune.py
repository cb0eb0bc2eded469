"""The command searches, trains with what it found, and goes on.

Most tests look at one search, or go on with a copy of it.
"""

import csv
import html
import json
import re
import shlex
import shutil

import keras
import numpy as np
import pictures
import pytest

from tfgen.data import load
from tfgen.runs.folder import RunFolder
from tfgen.runs.run import Run

TUNE = (
    *("tune", "--data", "digits", "--out", "s", "--workers", 0),
    *("--space", "network=mlp", "--space", "width=16"),
)
EPOCHS = 3


@pytest.fixture(scope="module", autouse=True)
def without_pictures():
    """They take longer than these trainings."""
    with pytest.MonkeyPatch.context() as patch:
        pictures.leave_out(patch)
        yield


@pytest.fixture(scope="module")
def ended(run_in, tmp_path_factory):
    """The folder of a search that has ended, and what was printed."""
    folder = tmp_path_factory.mktemp("search")
    done = run_in(
        folder,
        *(*TUNE, "vae", "--tuner", "hyperband", "--trials", 3),
        *("--epochs", EPOCHS, "--max-epochs", EPOCHS),
    )
    assert done.status == 0
    return folder / "s", done.out


@pytest.fixture
def search(ended, tmp_path):
    """A copy of it in the folder that commands run in."""
    return shutil.copytree(ended[0], tmp_path / "s")


def history(run):
    with (run / "history.csv").open() as file:
        return list(csv.DictReader(file))


def read(*parts):
    return json.loads(parts[0].joinpath(*parts[1:]).read_text())


def test_trials_and_the_best_run(ended):
    search, out = ended
    rows = [line.split()[:3] for line in out.splitlines()]
    numbers = [row[2] for row in rows if row and row[0] == "trial"]
    assert numbers == ["1/4", "2/4", "3/4", "4/4"]  # the last is promoted
    best, config = read(search, "best.json"), read(search, "best/config.json")
    assert best["settings"]["latent_dim"] == config["latent_dim"]
    assert best["settings"]["width"] == config["width"] == 16
    assert config["model"] == "vae"


def test_the_best_run_repeats_the_best_trial(ended):
    """Bit for bit, over what Hyperband trained in two parts."""
    search, _ = ended
    best = read(search, "best.json")
    histories = [history(search / each) for each in (best["folder"], "best")]
    for row in histories[0] + histories[1]:
        del row["seconds"]
    assert best["epochs"] == EPOCHS
    assert histories[0] == histories[1]


def test_a_search_goes_on(tfgen, refused, tmp_path):
    few = ("--trials", 1, "--epochs", 0, "--max-epochs", 1)
    assert tfgen(*TUNE, "vae", *few).status == 0
    done = tfgen("tune", "--out", "s", "--trials", 2, "--workers", 0)
    assert (done.status, done.err) == (0, "")
    assert "going on: 1 trials have ended before" in done.out
    assert "trial 0001  2/2" in done.out
    assert refused("tune", "gan", "--out", "s").startswith(
        "the search in s was begun with model='vae', got 'gan'"
    )
    table = (tmp_path / "s" / "trials.csv").read_text().splitlines()
    assert len(table) == 1 + 2


def test_the_best_run_is_of_its_best_epoch(tfgen, tmp_path):
    """By the objective, although a GAN's own losses say nothing of it."""
    few = ("--trials", 1, "--epochs", 5, "--max-epochs", 1)
    done = tfgen(*TUNE, "gan", *few, "--extractor", "none")
    assert (done.status, done.err) == (0, "")
    best = tmp_path / "s" / "best"
    rows = history(best)
    distances = [float(row["val_frechet_distance"]) for row in rows]
    kept = read(best, "model.json")
    assert len(rows) == 5
    assert kept["epoch"] == 1 + distances.index(min(distances))
    assert kept["val_frechet_distance"] == min(distances)
    assert tfgen("export", "s/best", "--to", "served").status == 0


@pytest.mark.slow
def test_from_has_the_epochs_of_the_best_run(tfgen, search, tmp_path):
    """Not those of a trial; by the command that the page gives."""
    shutil.rmtree(search / "trials")  # nothing but the page and best.json
    page = html.unescape((search / "report.html").read_text())
    command = re.search("tfgen (train --from [^<]*)<", page)[1]
    done = tfgen(*shlex.split(command))
    assert (done.status, done.err) == (0, "")
    config = read(tmp_path, "run", "config.json")
    assert config == read(search, "best", "config.json")
    assert config["epochs"] == EPOCHS


def test_a_detector_is_searched_by_held_out_odd_rows(tfgen, tmp_path):
    """The kept model's bound, compared pair by pair, with ties as a half."""
    done = tfgen(
        *("tune", "vae", "--data", "iris", "--normal-only", "setosa"),
        *("--objective", "auroc", "--out", "s", "--workers", 0),
        *("--trials", 1, "--epochs", 2, "--max-epochs", 2),
        *("--space", "network=mlp", "--space", "width=8"),
    )
    assert done.status == 0, done.err
    run = tmp_path / "s" / "best"
    model = keras.models.load_model(run / "model.keras")
    rows, labels = load("iris", "validation", like=model).arrays()
    score = model.score(rows)
    usual, odd = score[labels == 0], score[labels != 0]
    pairs = (odd < usual[:, None]) + 0.5 * (odd == usual[:, None])
    found = max(float(row["val_auroc"]) for row in history(run))
    assert found == pytest.approx(pairs.mean(), abs=1e-6)
    best = read(run.parent, "best.json")
    assert best["settings"]["normal_only"] == "setosa"


def test_other_best_settings_are_trained_anew(tfgen, search):
    """As after more trials; the earlier run is kept."""
    go_on = ("tune", "--out", "s", "--workers", 0, "--epochs", 1)
    best, earlier = search / "best", search / "best-1"
    config = read(best, "config.json")
    (best / "config.json").write_text(json.dumps({**config, "width": 32}))
    done = tfgen(*go_on)
    assert (done.status, done.err) == (0, "")
    assert "of other settings, is now s/best-1" in done.out
    assert read(best, "config.json") == {**config, "epochs": 1}
    assert (earlier / "model.keras").exists()
    # What a kill leaves before there are settings is no run to go on with.
    (best / "config.json").unlink()
    assert tfgen(*go_on).status == 0
    assert read(best, "config.json") == {**config, "epochs": 1}


def test_a_best_run_that_explodes_late_is_kept(tfgen, search, monkeypatch):
    """Where the trial, of fewer epochs, did not get."""
    shutil.rmtree(search / "best")

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
    done = tfgen("tune", "--out", "s", "--workers", 0)
    assert done.status == 0
    first, *more = done.err.splitlines()
    assert first.startswith("training ended early: the gradients of network ")
    assert not more
    assert re.search("epoch [12] had the lowest .* the model is of", done.out)
    for weight in RunFolder(search / "best").load_model().get_weights():
        assert np.isfinite(weight).all()


def test_replicas_and_pictures_of_another_size(run_python):
    """Pictures are made smaller by TensorFlow, before there is a model."""
    out = run_python(
        "from tfgen.cli.search_run import SearchRun\n"
        "given = dict(model='vae', data='digits', image_size='16')\n"
        "run = SearchRun('s', {**given, 'strategy': 'mirrored'})\n"
        "print(run.search.strategy.num_replicas_in_sync)\n"
    )
    assert out.split() == ["2"]


def test_ctrl_c(tfgen, monkeypatch):
    def interrupt(search, workers):
        raise KeyboardInterrupt

    monkeypatch.setattr("tfgen.tuning.Search.run", interrupt)
    done = tfgen(*TUNE, "vae")
    assert done.status == 130
    assert done.err == "stopped; go on with: tfgen tune --out s\n"


@pytest.mark.slow
def test_a_trial_is_a_run(tfgen, search):
    """For the commands that take one."""
    trial = search / read(search, "best.json")["folder"]
    few = ("--repeats", 1, "--samples", 100, "--extractor", "none")
    assert tfgen("evaluate", trial, *few).status == 0
    assert (trial / "evaluation" / "report.html").exists()
    assert tfgen("export", trial, "--to", "served").status == 0
    done, more = EPOCHS, EPOCHS + 1
    again = tfgen("train", "--resume", "--out", trial, "--epochs", more)
    assert (again.status, again.err) == (0, "")
    assert f"epoch {done}/{more}" not in again.out
    assert f"epoch {more}/{more}" in again.out


@pytest.mark.parametrize(
    "workers", [0, pytest.param(1, marks=pytest.mark.slow)]
)
def test_the_same_command_goes_on_with_data_in_a_file(
    tfgen, in_process, tmp_path, workers
):
    """As it does in each worker."""
    run = in_process.again if workers else tfgen
    x = np.random.default_rng(0).random((60, 3), np.float32)
    np.save(tmp_path / "x.npy", x)
    command = (
        *("tune", "vae", "--data", "x.npy", "--out", "s", "--trials", 1),
        *("--space", "network=mlp", "--space", "width=16"),
        *("--epochs", 0, "--max-epochs", 2, "--workers", workers),
    )
    done = run(*command)
    assert (done.status, done.err) == (0, "")
    assert "of 2 epochs" in done.out
    done = run(*command)
    assert (done.status, done.err) == (0, "")
    assert "going on: 1 trials have ended before" in done.out


@pytest.mark.parametrize(
    "options, message",
    [
        (("vae", "--objective", "fid"), "'fid' is no known measure: pass"),
        (
            ("gan", "--objective", "negative_elbo"),
            "negative_elbo needs a likelihood",
        ),
        (
            ("vae", "--objective", "auroc"),
            "auroc is of held-out rows that are odd, but there are none: pass "
            "--normal-only",
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
