"""`tfgen detect`: what is odd in a file, by a run."""

import json
import shutil

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import scipy.stats

import tfgen as library
from tfgen.detection import Detector
from tfgen.runs.run import Run


@pytest.fixture
def flowers(tmp_path):
    """The flowers of iris that were not trained on, ten of them changed."""
    source = library.data.load("iris", "test")
    x = np.concatenate([source.stored(), source.stored()[:10]])
    x[-10:, 0] += 30.0
    frame = pd.DataFrame(x, columns=source.feature_names)
    is_odd = np.arange(len(x)) >= len(source)
    frame["changed"] = np.where(is_odd, "Yes", "no")
    frame.to_csv(tmp_path / "flowers.csv", index=False)
    return frame


def lines_of(done):
    assert done.status == 0, done.err
    return {line[:15].strip(): line[15:] for line in done.out.splitlines()}


def test_flags_and_columns_that_weigh_most(tfgen, trained_table, flowers):
    done = tfgen(
        *("detect", trained_table, "flowers.csv", "--out", "f.csv"),
        *("--alpha", 0.1, "--labels", "changed"),
    )
    lines = lines_of(done)
    found = pd.read_csv("f.csv")
    model = library.load(trained_table)
    held_out = library.data.load("iris", "validation", like=model)
    rows = library.data.load("flowers.csv", like=model)
    detector = Detector(model, held_out, alpha=0.1)
    wanted = detector.detect(rows)
    np.testing.assert_allclose(found["score"], wanted.score, rtol=1e-5)
    np.testing.assert_allclose(found["p_value"], wanted.p_value)
    np.testing.assert_array_equal(found["is_odd"], wanted.is_odd)
    why = detector.explain(rows)
    np.testing.assert_allclose(
        found["share_1"], why.shares.max(axis=1), rtol=1e-4
    )
    assert (found["column_1"][-10:] == flowers.columns[0]).all()
    np.testing.assert_array_equal(found["label"], flowers["changed"])
    assert lines["found"].startswith("10 of 10 (100.0%, 95% interval 69.2% ")
    assert lines["AUROC"] == "1.0000"
    alarms = wanted.is_odd[:-10]
    interval = scipy.stats.binomtest(
        int(alarms.sum()), len(alarms)
    ).proportion_ci()
    assert lines["false alarms"].endswith(
        f"95% interval {interval.low:.1%} to {interval.high:.1%})"
    )
    assert lines["held out"] == (
        f"{len(held_out)} rows, the run's validation split"
    )


def test_held_out_rows_of_a_file_and_several_measures(
    tfgen, trained_table, flowers
):
    flowers[:-10].drop(columns="changed").to_csv("usual.csv", index=False)
    done = tfgen(
        *("detect", trained_table, "flowers.csv", "--out", "f.parquet"),
        *("--held-out", "usual.csv", "--alpha", 0.2),
        *("--measure", "reconstruction", "--measure", "latent"),
    )
    lines = lines_of(done)
    found = pd.read_parquet("f.parquet")
    assert list(found) == ["row", "score", "p_value", "is_odd"]
    assert found["is_odd"][-10:].all()
    n = len(flowers) - 10
    assert lines["held out"] == f"{n} rows, usual.csv"
    assert "by reconstruction and latent at alpha 0.2" in lines["rows"]
    assert found["p_value"].min() == pytest.approx(2 / (n + 1))


@pytest.mark.slow  # trains two runs; in Python tests/detection has them
def test_an_ensemble_of_runs(tfgen, refused, trained_table, flowers, tmp_path):
    own = library.data.load("iris", "all")
    frame = pd.DataFrame(own.stored(), columns=own.feature_names)
    frame[:-1].to_csv("others.csv", index=False)
    given = {"model": "vae", "network": "mlp", "latent_dim": 1, "epochs": 1}
    for name, data in {"second": "iris", "third": "others.csv"}.items():
        Run.new(tmp_path / name, given | {"data": data, "seed": 7}).train()
    words = ("detect", trained_table, "flowers.csv", "--out", "f.csv")
    words += ("--labels", "changed", "--alpha", 0.1)
    done = tfgen(*words, "--also", "second")
    assert lines_of(done)["found"].startswith("10 of 10 ")
    models = [library.load(trained_table), library.load("second")]
    held_out = library.data.load("iris", "validation", like=models[0])
    rows = library.data.load("flowers.csv", like=models[0])
    wanted = Detector(models, held_out, alpha=0.1).detect(rows)
    found = pd.read_csv("f.csv")
    np.testing.assert_allclose(found["score"], wanted.score, rtol=1e-4)
    assert (found["column_1"][-10:] == flowers.columns[0]).all()
    # Other data have been divided otherwise.
    message = refused(*words, "--also", "third", "--force")
    assert "different validation splits" in message
    message = refused(*words, "--also", trained_table, "--force")
    assert message == "a run was named twice: name each of them once."


def test_images_by_class_of_a_folder_or_name(tfgen, trained_by_class):
    done = tfgen(
        *("detect", trained_by_class, "digits", "--split", "test"),
        *("--out", "f.csv", "--normal", "0", "--maps", "maps.png"),
    )
    lines = lines_of(done)
    found = pd.read_csv("f.csv")
    labels = library.data.load("digits", "test").labels
    np.testing.assert_array_equal(found["label"], labels)
    assert list(found) == ["row", "label", "score", "p_value", "is_odd"]
    model = library.load(trained_by_class)
    scores = -model.score(library.data.load("digits", "test"))
    np.testing.assert_allclose(found["score"], scores, rtol=1e-5)
    pixels = np.asarray(PIL.Image.open("maps.png"))
    left = 14 + 7 * len("shares")
    first = pixels[34 : 34 + 48, left : left + 48][::6, ::6, 0]
    oddest = found["score"].argmax()
    image = library.data.load("digits", "test").rows([oddest])[0][0, ..., 0]
    np.testing.assert_array_equal(first, np.round(255 * image))
    usual = sum(library.data.load("digits", "validation").labels == 0)
    assert lines["held out"].startswith(f"{usual} rows, ")
    flagged = found["is_odd"][labels == 0].sum()
    assert lines["false alarms"].startswith(f"{flagged} of {sum(labels == 0)} ")


def test_runs_that_are_conditional_and_not_are_no_ensemble(
    refused, trained, trained_by_class
):
    words = ("digits", "--out", "f.csv", "--also")
    message = refused("detect", trained, *words, trained_by_class)
    assert (
        f"{trained} is not conditional, {trained_by_class} is cond" in message
    )
    message = refused("detect", trained_by_class, *words, trained)
    assert f"{trained} is not conditional: an ensemble takes" in message


def test_too_few_held_out_rows_are_said(tfgen, trained_table, flowers):
    done = tfgen(
        *("detect", trained_table, "flowers.csv", "--out", "f.csv"),
        *("--alpha", 0.01),
    )
    assert done.status == 0
    assert "note: no row can be flagged at alpha 0.01" in done.err
    assert not pd.read_csv("f.csv")["is_odd"].any()


def test_refused(refused, trained_table, flowers, tmp_path):
    words = ("detect", trained_table, "flowers.csv", "--out", "f.csv")
    message = refused(*words, "--maps", "maps.jpg")
    assert message == "--maps is maps.jpg, expected a file .png."
    images = ("--alpha", 0.2, "--labels", "changed", "--maps", "maps.png")
    message = refused(*words, *images)
    assert "--maps is for images, flowers.csv is a table" in message
    message = refused(*words, "--labels", "none")
    assert "'none'" in message
    measure = ("--labels", "changed", "--measure", "discriminator")
    message = refused(*words, *measure)
    assert "which this VAE has not: expected elbo or bound or" in message
    flowers["changed"] = flowers["changed"].replace(
        {"Yes": "worn", "no": "new"}
    )
    flowers.to_csv("flowers.csv", index=False)
    message = refused(*words, "--labels", "changed")
    assert "the labels new, worn, expected 0 and 1, false and true" in message
    assert "name the normal one by --normal" in message
    message = refused(*words, "--labels", "changed", "--normal", "none")
    assert "--normal is none, expected a label of column 'changed'" in message
    column = flowers.columns[0]
    message = refused(*words, "--labels", column)
    assert f"--label-column is {column!r}, one of the columns" in message
    labels = ("--labels", "changed", "--normal", "new")
    message = refused(*words, *labels, "--held-out", "iris")
    assert "--held-out is iris, on which" in message
    assert not (tmp_path / "f.csv").exists()


def test_the_validation_split_is_that_of_the_training(
    refused, trained_table, flowers, tmp_path
):
    """Of data that have changed, it may hold rows that were trained on."""
    run = shutil.copytree(trained_table, tmp_path / "run")
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["data"]["fingerprint"] = "0" * 64
    (run / "manifest.json").write_text(json.dumps(manifest))
    flowers.drop(columns="changed").to_csv("flowers.csv", index=False)
    message = refused("detect", run, "flowers.csv", "--out", "f.csv")
    assert "the data of the run in" in message and "has changed" in message


def test_a_calibrated_run_needs_no_held_out_rows(
    tfgen, refused, trained_table, flowers, tmp_path
):
    run = shutil.copytree(trained_table, tmp_path / "run")
    flowers[:-10].drop(columns="changed").to_csv("usual.csv", index=False)
    words = ("--measure", "reconstruction", "--alpha", 0.2)
    given = ("--held-out", "usual.csv", *words)
    wanted = lines_of(
        tfgen("detect", run, "flowers.csv", "--out", "f.csv", *given)
    )
    done = tfgen("calibrate", run, *given)
    assert done.status == 0, done.err
    assert f"alarm rate  {wanted['alarm rate']}" in done.out
    lines = lines_of(tfgen("detect", run, "flowers.csv", "--out", "g.csv"))
    assert lines.pop("file") != wanted.pop("file")
    assert lines == wanted
    frames = [pd.read_csv(name) for name in ("f.csv", "g.csv")]
    pd.testing.assert_frame_equal(*frames)
    # What is asked for otherwise is answered by the validation split.
    words = ("detect", run, "flowers.csv", "--out", "h.csv", "--alpha", 0.01)
    done = tfgen(*words, "--measure", "latent")
    assert "the run's validation split" in done.out
    assert "--held-out is iris, on which" in refused(
        "calibrate", run, "--held-out", "iris"
    )
