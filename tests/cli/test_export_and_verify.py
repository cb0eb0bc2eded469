"""`tfgen export` and `tfgen verify`: what they say and refuse."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tfgen.cli.serving import without_folders


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
    check_manifest(Path("my models/vae/7"), trained)


def check_manifest(version, trained):
    """It says how good the run was."""
    manifest = json.loads((version / "assets.extra/manifest.json").read_text())
    with (trained / "history.csv").open() as file:
        rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
    kept = json.loads((trained / "model.json").read_text())["epoch"]
    run = manifest["run"]
    for name, text in rows[kept].items():
        assert run["metrics"][name] == float(text)
    own = json.loads((trained / "manifest.json").read_text())
    assert run["data"]["fingerprint"] == own["data"]["fingerprint"]
    assert run["seed"] == own["seed"]


@pytest.mark.slow  # beside tests/export/test_retention.py
def test_export_keeps_the_last_versions_and_protected_ones(
    tfgen, trained, copy
):
    shutil.copytree(copy / "1", copy / "2")
    options = ("--keep", 1, "--protect", 1, "--protect", 1)
    done = tfgen("export", trained, "--to", copy, *options)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[:2] == [
        f"SavedModel   {copy}/3",
        f"removed      {copy}/2",
    ]
    assert sorted(path.name for path in copy.iterdir()) == ["1", "3"]


@pytest.mark.slow  # beside tests/export/test_retention.py
def test_flat_export_with_another_default(tfgen, trained):
    options = ("--flat", "--serving-default", "decode")
    done = tfgen("export", trained, "--to", "vertex", *options)
    assert (done.status, done.err) == (0, "")
    manifest = json.loads(Path("vertex/assets.extra/manifest.json").read_text())
    inputs = manifest["signatures"]["serving_default"]["inputs"]
    assert list(inputs) == ["latent"]


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


def test_exports_name_no_folders():
    command = "tfgen train vae --data '/home/me/my data.csv' --out=../runs/a/"
    found = without_folders(command)
    assert found == "tfgen train vae --data 'my data.csv' --out=a"
