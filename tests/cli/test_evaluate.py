"""`tfgen evaluate` as a user runs it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest


@pytest.fixture(scope="module")
def gan(tmp_path_factory):
    """A run of one epoch on digits."""
    from tfgen.runs.run import Run

    folder = tmp_path_factory.mktemp("trained") / "gan"
    given = {"model": "gan", "data": "digits", "epochs": 1, "network": "mlp"}
    Run.new(folder, given).train()
    return folder


def test_two_runs(in_process, trained_by_class, gan, tmp_path):
    shutil.copytree(trained_by_class, tmp_path / "vae")
    shutil.copytree(gan, tmp_path / "gan")
    few = ("--repeats", 1, "-k", 5, "--samples", 300)
    done = in_process.again("evaluate", "vae", "gan", *few)
    assert done.status == 0, done.err
    lines = done.err.splitlines()
    assert lines[0] == "[1/2] vae: classifier for the features"
    assert all(
        line.startswith(("[1/2] vae: ", "[2/2] gan: ")) for line in lines
    )
    assert "evaluation/report.html" in done.out
    assert "evaluation/samples.png" in done.out
    folder = tmp_path / "evaluation"
    # Data and two grids of samples in a row.
    with PIL.Image.open(folder / "samples.png") as together:
        assert together.width > 3 * 8 * 8 * 6
    report = json.loads((folder / "report.json").read_text())
    assert [run["name"] for run in report["runs"]] == ["vae", "gan"]
    assert report["command"].startswith("tfgen evaluate vae gan")
    assert report["repeats"] == 1 and report["k"] == 5
    fingerprints = {run["fingerprint"] for run in report["runs"]}
    assert len(fingerprints) == 1
    page = (folder / "report.html").read_text()
    assert "Which is better at what" in page
    for heading in (
        "Data",
        "Samples",
        "Side by side",
        "Reconstructions",
        "Latents",
        "Traversals",
        "Interpolations",
        "Nearest neighbours",
        "Losses",
    ):
        assert f"<h3>{heading}</h3>" in page
    assert "http:" not in page and "https:" not in page
    # Again: the classifier is at hand, and the numbers are the same.
    again = in_process.again("evaluate", "gan", *few, "--out", folder)
    assert again.status == 0, again.err
    assert "classifier" not in again.err
    second = json.loads((folder / "report.json").read_text())
    for run in report["runs"] + second["runs"]:
        del run["seconds"]
    assert second["runs"] == report["runs"][1:]


@pytest.mark.slow  # beside that of tests/evaluation/test_evaluate.py
def test_a_table(tfgen, trained_table):
    done = tfgen("evaluate", trained_table, "--out", "here", "-k", 5)
    assert done.status == 0, done.err
    report = json.loads(Path("here/report.json").read_text())
    titles = [section["title"] for section in report["runs"][0]["sections"]]
    assert "Table" in titles
    assert "train_on_synthetic" in done.out


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Real rows, and generated ones with their columns in another order."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 3))
    real = pd.DataFrame(x[:120], columns=["a", "b", "c"])
    real["kind"] = np.where(real.a > 0, "yes", "no")
    real.to_csv(folder / "real.csv", index=False)
    made = pd.DataFrame(x[120:], columns=["a", "b", "c"])
    made["kind"] = np.where(made.a > 0, "yes", "no")
    made[["kind", "c", "a", "b"]].to_parquet(folder / "made.parquet")
    made.drop(columns=["a", "c"]).to_csv(folder / "less.csv", index=False)
    return folder


def test_files(tfgen, files):
    done = tfgen(
        *("evaluate", "--generated", files / "made.parquet"),
        *("--real", files / "real.csv", "--label-column", "kind"),
    )
    assert done.status == 0, done.err
    assert "Table: good: a classifier" in done.out
    report = json.loads(Path("evaluation/report.json").read_text())
    (one,) = report["runs"]
    assert one["name"] == "made.parquet"
    assert one["model"] == "made.parquet, 120 samples"
    found = {m["name"]: m for s in one["sections"] for m in s["measurements"]}
    # The class is the sign of a column: a forest finds it.
    assert found["train_on_synthetic"]["value"] > 0.9
    assert found["frechet_distance"]["details"]["num_real"] == 60
    page = Path("evaluation/report.html").read_text()
    assert "<h3>Samples</h3>" in page and "made.parquet" in page


class TestRefused:
    def test_files_that_do_not_fit(self, refused, files):
        line = refused(
            *("evaluate", "--generated", files / "less.csv"),
            *("--real", files / "real.csv", "--label-column", "kind"),
        )
        assert "less.csv: there is no column 'a', 'c'; the columns are" in line

    def test_samples_without_real_data(self, refused, files):
        line = refused("evaluate", "--generated", files / "less.csv")
        assert "--generated and --real go together" in line
        assert "nothing to evaluate" in refused("evaluate")

    def test_no_run(self, refused, tmp_path):
        (tmp_path / "empty").mkdir()
        line = refused("evaluate", "empty")
        assert "empty is not a run" in line

    def test_the_same_twice(self, refused, trained):
        line = refused("evaluate", trained, trained)
        assert "named twice" in line

    def test_a_folder_of_other_things(self, refused, trained, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("dear")
        line = refused("evaluate", trained, "--out", "mine")
        assert "mine holds other things" in line

    def test_an_unknown_extractor(self, tfgen, trained):
        done = tfgen("evaluate", trained, "--out", "x", "--extractor", "best")
        assert done.status == 1
        assert "extractor is 'best', expected" in done.err
        assert not Path("x").exists()
