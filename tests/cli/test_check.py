"""`tfgen check` names what is damaged, and only that."""

import shutil

import pytest

FILES = (
    "config.json",
    "manifest.json",
    "model.keras",
    "history.csv",
    "samples.png",
    "samples.gif",
    "loss.png",
)


def test_a_whole_run(tfgen, trained):
    done = tfgen("check", trained)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert all(line.startswith("whole    ") for line in lines)
    for name in FILES:
        assert f"whole    {trained}/{name}" in lines
    [checkpoint] = [line for line in lines if "/checkpoints/ckpt-" in line]


def truncate(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def test_damage_is_named(tfgen, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    spoiled = [run / name for name in FILES]
    for file in spoiled:
        truncate(file)
    [data] = run.glob("checkpoints/ckpt-*.data-*")
    flip(data)
    done = tfgen("check", run)
    assert done.status == 1
    damaged = [x for x in done.out.splitlines() if x.startswith("DAMAGED  ")]
    named = [line.split()[1].rstrip(":") for line in damaged]
    assert sorted(named) == sorted(
        [*map(str, spoiled), str(data).partition(".data")[0]]
    )
    assert any(line.endswith("is not as it was written") for line in damaged)


@pytest.mark.parametrize("name", ["config.json", "manifest.json"])
def test_what_is_missing(tfgen, trained, tmp_path, name):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    (run / name).unlink()
    done = tfgen("check", run)
    assert done.status == 1
    assert f"DAMAGED  {run}/{name}: it is missing" in done.out.splitlines()


def test_no_run(refused):
    assert "is not a run of `tfgen train`" in refused("check", "nowhere")
