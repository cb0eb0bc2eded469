"""A trial of a search keeps what a run keeps, and other commands read it."""

import shutil

import keras
import numpy as np
import pictures
import pytest

import tfgen
from tfgen.callbacks import read_history
from tfgen.runs.data import in_range, load_splits
from tfgen.runs.folder import RunFolder
from tfgen.runs.run import Run
from tfgen.tuning import Search, VAEHyperModel

SPLITS = ("train", "validation")
EPOCHS = 2
OF_RUNS_ALONE = {"loss.png", "samples.gif", "samples_frames", "tensorboard"}
"""Pictures for who looks on; TensorBoard's files of trials lie together."""


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    train, validation = (tfgen.data.load("iris", split=s) for s in SPLITS)
    space = {"network": ["mlp"], "latent_dim": [2], "width": [8]}
    search = Search(
        VAEHyperModel(train, space),
        train,
        validation,
        tmp_path_factory.mktemp("search"),
        trials=1,
        max_epochs=EPOCHS,
        settings={"data": "iris"},
    )
    with pytest.MonkeyPatch.context() as patch:
        pictures.leave_out_of_pages(patch)
        search.run()
    return search


@pytest.fixture(scope="module")
def trial(search):
    return RunFolder(search.records()[0].folder)


@pytest.fixture(scope="module")
def run(search, tmp_path_factory):
    """The folder of a run with the settings of the trial."""
    out = tmp_path_factory.mktemp("runs") / "run"
    Run.new(out, search.settings_of(search.records()[0]), whole=True).train()
    return RunFolder(out)


def test_files(trial, run):
    names = {path.name for path in trial.path.iterdir()}
    expected = {path.name for path in run.path.iterdir()}
    assert names == expected - OF_RUNS_ALONE
    assert dict(trial.config()) == dict(run.config())
    assert trial.manifest() == run.manifest()


def test_history_and_weights(trial, run):
    """Bit for bit; a trial is measured besides."""
    mine = read_history(trial.history_file)
    theirs = read_history(run.history_file)
    assert mine["epoch"] == [1, 2]
    for name in theirs.keys() - {"seconds"}:
        assert mine[name] == theirs[name], name
    pairs = zip(
        trial.load_model().get_weights(),
        run.load_model().get_weights(),
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_an_epoch_that_is_to_be_trained_again(run, tmp_path):
    folder = RunFolder(shutil.copytree(run.path, tmp_path / "run"))
    assert folder.is_checkpointed()
    rows = folder.history_file.read_text().splitlines()
    later = rows[-1].replace(f"{EPOCHS},", f"{EPOCHS + 1},", 1)
    folder.history_file.write_text("\n".join([*rows, later, ""]))
    assert not folder.is_checkpointed()
    shutil.rmtree(folder.checkpoints)
    assert not folder.is_checkpointed()


class Failing(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == EPOCHS:
            raise FloatingPointError("not finite")


def test_a_training_that_fails_has_its_best_model(search, run, tmp_path):
    """Before any checkpoint: it was in memory."""
    settings = search.settings_of(search.records()[0])
    settings = {**settings, "epochs": EPOCHS + 1}
    failed = Run.new(tmp_path / "run", settings, whole=True)
    with pytest.raises(FloatingPointError, match="not finite"):
        failed.train([Failing()])
    record = failed.best.record
    assert not list(failed.folder.checkpoints.glob("*.index"))
    assert record.read_text() == run.model_file.with_suffix(".json").read_text()
    pairs = zip(
        failed.folder.load_model().get_weights(),
        run.load_model().get_weights(),
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_loads_as_for_an_evaluation(trial, search):
    model = trial.load_model()
    splits = load_splits(trial.config(), SPLITS)
    validation = in_range(model, splits["validation"])
    values = model.evaluate(validation, verbose=0, return_dict=True)
    best = search.records()[0].score
    assert values["negative_elbo"] == pytest.approx(best, rel=1e-6)


def test_goes_on_as_a_run(trial, run, tmp_path):
    """As with `tfgen train --resume`, on copies of both folders."""
    losses = []
    for name, folder in {"trial": trial, "run": run}.items():
        copy = shutil.copytree(folder.path, tmp_path / name)
        Run.resumed(copy, {"epochs": EPOCHS + 1}).train()
        losses.append(read_history(RunFolder(copy).history_file)["loss"])
    assert losses[0] == losses[1]
    assert len(losses[0]) == EPOCHS + 1
