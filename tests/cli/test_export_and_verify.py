"""`tfgen export` and `tfgen verify`: what they say and refuse."""

import csv
import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    from tfgen.export import export_saved_model
    from tfgen.runs.folder import RunFolder

    base = tmp_path_factory.mktemp("serving") / "vae"
    export_saved_model(RunFolder(trained).load_model(), base, 1)
    return base


@pytest.fixture
def copy(exported, tmp_path):
    return shutil.copytree(exported, tmp_path / "copy")


def test_export_says_where(tfgen, trained):
    done = tfgen("export", trained, "--to", "my models/vae", "--version", 7)
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "SavedModel   my models/vae/7\n"
        "check it     tfgen verify 'my models/vae/7'\n"
    )
    assert Path("my models/vae/7/saved_model.pb").exists()


def test_verify_shows_every_signature(tfgen, exported):
    done = tfgen("verify", exported / "1")
    assert (done.status, done.err) == (0, "")
    first = [line.split()[0] for line in done.out.splitlines()]
    assert {"generate", "decode", "encode", "score"} <= set(first)


def test_export_keeps_the_last_versions(tfgen, trained, copy):
    done = tfgen("export", trained, "--to", copy, "--keep", 1)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[:2] == [
        f"SavedModel   {copy}/2",
        f"removed      {copy}/1",
    ]
    assert [path.name for path in copy.iterdir()] == ["2"]


def test_export_keeps_what_is_protected(tfgen, trained, copy):
    options = ("--keep", 1, "--protect", 1, "--protect", 1)
    done = tfgen("export", trained, "--to", copy, *options)
    assert (done.status, done.err) == (0, "")
    assert sorted(path.name for path in copy.iterdir()) == ["1", "2"]


def test_flat_export_with_another_default(tfgen, trained):
    options = ("--flat", "--serving-default", "decode")
    done = tfgen("export", trained, "--to", "vertex", *options)
    assert (done.status, done.err) == (0, "")
    manifest = json.loads(Path("vertex/assets.extra/manifest.json").read_text())
    inputs = manifest["signatures"]["serving_default"]["inputs"]
    assert list(inputs) == ["latent"]


def test_manifest_says_how_good_the_run_was(tfgen, trained):
    tfgen("export", trained, "--to", "base")
    manifest = json.loads(Path("base/1/assets.extra/manifest.json").read_text())
    with (trained / "history.csv").open() as file:
        rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
    kept = json.loads((trained / "model.json").read_text())["epoch"]
    run = manifest["run"]
    for name, text in rows[kept].items():
        assert run["metrics"][name] == float(text)
    own = json.loads((trained / "manifest.json").read_text())
    assert run["data"]["fingerprint"] == own["data"]["fingerprint"]
    assert run["seed"] == own["seed"]


def test_unknown_default(refused, trained):
    options = ("--to", "base", "--serving-default", "sample")
    message = refused("export", trained, *options)
    assert "'sample', expected one of generate" in message
    assert not any(Path("base").glob("*"))


def test_version_that_exists(refused, trained, copy):
    message = refused("export", trained, "--to", copy, "--version", 1)
    assert message.startswith(f"Version 1 exists already in {copy}")
    assert "Pass --version=2 or leave it out" in message
    assert [path.name for path in copy.iterdir()] == ["1"]


def test_version_zero(tfgen, trained):
    done = tfgen("export", trained, "--to", "base", "--version", 0)
    assert done.status == 2
    assert "--version" in done.err
    assert not Path("base").exists()


def test_export_of_no_run(refused, tmp_path):
    message = refused("export", tmp_path, "--to", "base")
    assert message.startswith(f"{tmp_path} is not a run of `tfgen train`")
    assert not Path("base").exists()


def test_export_into_a_file(refused, trained, tmp_path):
    (tmp_path / "base").write_text("mine")
    message = refused("export", trained, "--to", "base")
    assert "base is a file" in message


def test_verify_of_no_folder(refused):
    message = refused("verify", "nowhere/1")
    assert "nowhere/1 is no folder" in message
    assert "tfgen export" in message


def test_verify_of_another_folder(refused, tmp_path):
    message = refused("verify", tmp_path)
    assert "Expected saved_model.pb or version folders" in message


def test_verify_of_an_incomplete_folder(refused, copy):
    next((copy / "1" / "variables").glob("*.data*")).unlink()
    message = refused("verify", copy / "1")
    assert str(copy / "1") in message
    assert "variables.data" in message


def test_verify_of_a_changed_file(refused, copy):
    path = next((copy / "1" / "variables").glob("*.data*"))
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    message = refused("verify", copy / "1")
    assert "variables.data" in message


def test_verify_of_a_graph_that_is_none(refused, copy):
    (copy / "1" / "saved_model.pb").write_bytes(b"nothing")
    message = refused("verify", copy / "1")
    assert "saved_model.pb" in message
