"""`tfgen serving-kit`: what it says and refuses."""

import shutil
from pathlib import Path


def test_it_says_where_and_what_next(tfgen, exported):
    done = tfgen("serving-kit", exported, "--out", "my kit")
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "kit          my kit\n"
        "read         my kit/README.md\n"
        "start        cd 'my kit' && docker compose up -d --wait\n"
    )
    assert Path("my kit/compose.yaml").exists()


def test_a_folder_with_files(refused, exported):
    Path("kit").mkdir()
    Path("kit/mine.txt").write_text("mine")
    message = refused("serving-kit", exported, "--out", "kit")
    assert message.startswith("kit holds files already")
    assert "Pass another folder" in message
    assert [path.name for path in Path("kit").iterdir()] == ["mine.txt"]


def test_a_run_is_no_export(refused, trained):
    message = refused("serving-kit", trained, "--out", "kit")
    assert f"Expected {trained} to hold a model's versions" in message
    assert "`tfgen export RUN --to BASE`" in message
    assert not Path("kit").exists()


def test_one_version_instead_of_their_folder(refused, exported):
    message = refused("serving-kit", exported / "1", "--out", "kit")
    assert f"a folder of versions, but {exported / '1'} holds a " in message
    assert f"Pass the folder above a version, {exported}, " in message


def test_a_changed_export(refused, exported, tmp_path):
    base = shutil.copytree(exported, tmp_path / "digits")
    (base / "1" / "saved_model.pb").write_bytes(b"nothing")
    message = refused("serving-kit", base, "--out", "kit")
    assert "saved_model.pb is not as it was exported" in message
    assert not Path("kit").exists()


def test_a_folder_is_needed(tfgen, exported):
    done = tfgen("serving-kit", exported)
    assert done.status == 2
    assert "--out" in done.err
