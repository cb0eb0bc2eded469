import os
import signal
import subprocess
import sys
import time

import pytest

from tfgen.export import export_saved_model, version_folders
from tfgen.export.version_folders import list_versions, new_version

# Stops for good after the graph is written, before the folder gets its name.
HANGING_EXPORT = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("stand_in", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["stand_in"] = module
spec.loader.exec_module(module)
from tfgen.export import export_saved_model, version_folders

class Hanging(module.StandIn):
    def run_endpoint(self, name, inputs, batch_size=256):
        print("written", flush=True)
        time.sleep(600)

export_saved_model(Hanging(), sys.argv[2])
"""


def make(base, version=None):
    with new_version(base, version) as folder:
        (folder.path / "file").write_text("content")
    return folder.path


def names(base):
    return sorted(path.name for path in base.iterdir())


def test_versions_count_up(tmp_path):
    base = tmp_path / "not" / "there"
    assert make(base).name == "1"
    assert make(base, 7).name == "7"
    assert make(base).name == "8"
    assert list_versions(base) == {n: base / str(n) for n in (1, 7, 8)}


def test_only_integers_count(tmp_path):
    for name in ("005", "latest", ".tfgen-export-x", "1.5", "-3"):
        (tmp_path / name).mkdir()
    assert list_versions(tmp_path) == {5: tmp_path / "005"}
    assert make(tmp_path).name == "6"


def test_numbers_that_servers_ignore_do_not_count(tmp_path):
    # TensorFlow Serving reads them as int64.
    (tmp_path / "9223372036854775808").mkdir()
    (tmp_path / ("9" * 200)).mkdir()
    assert list_versions(tmp_path) == {}
    assert make(tmp_path).name == "1"


def test_the_largest_version(tmp_path):
    largest = 9223372036854775807
    assert make(tmp_path, largest).name == str(largest)
    assert list(list_versions(tmp_path)) == [largest]
    for version in (None, largest + 1):
        with pytest.raises(ValueError, match=r"below 2\*\*63, got 9223372036"):
            make(tmp_path, version)
    assert names(tmp_path) == [str(largest)]


def test_a_file_is_no_version(tmp_path):
    (tmp_path / "7").write_text("notes")
    (tmp_path / "6").mkdir()
    assert list(list_versions(tmp_path)) == [6]
    with pytest.raises(ValueError, match="7 exists and is no folder"):
        make(tmp_path, 7)
    assert make(tmp_path).name == "8"
    assert (tmp_path / "7").read_text() == "notes"


def test_no_version_is_overwritten(tmp_path):
    make(tmp_path, 2)
    make(tmp_path, 4)
    (tmp_path / "2" / "file").write_text("old")
    with pytest.raises(ValueError, match="holds 2, 4;.*version=5"):
        make(tmp_path, 2)
    assert (tmp_path / "2" / "file").read_text() == "old"
    assert names(tmp_path) == ["2", "4"]


def test_a_version_that_appears_meanwhile_is_kept(tmp_path):
    with pytest.raises(ValueError, match="exists already"):
        with new_version(tmp_path, 3):
            # Empty: a mere rename() would replace it.
            (tmp_path / "3").mkdir()
    assert names(tmp_path) == ["3"]
    assert names(tmp_path / "3") == []


def test_exports_at_the_same_time_get_their_own_numbers(tmp_path):
    with new_version(tmp_path) as first, new_version(tmp_path) as second:
        pass
    assert {first.path.name, second.path.name} == {"1", "2"}


@pytest.mark.parametrize("version", [0, -1, True, 1.0, "3"])
def test_other_versions_are_refused(tmp_path, version):
    with pytest.raises(ValueError, match="integer from 1 on"):
        make(tmp_path, version)


def test_other_places_are_refused(tmp_path):
    with pytest.raises(ValueError, match="local folder"):
        make("gs://bucket/model")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        make(tmp_path / "file")


def test_no_version_within_an_export(model, tmp_path):
    version = make(tmp_path / "base")
    (version / "saved_model.pb").write_bytes(b"graph")
    with pytest.raises(ValueError, match="1 holds a SavedModel itself.*above"):
        export_saved_model(model, version)
    assert names(version) == ["file", "saved_model.pb"]
    assert make(version.parent).name == "2"


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with new_version(tmp_path) as folder:
            (folder.path / "file").write_text("half")
            raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_leftover_of_another_user_is_left_alone(tmp_path, monkeypatch):
    for name in ("ours", "theirs"):
        (tmp_path / f".tfgen-export-{name}").mkdir()
    open_really = os.open

    def refuse(path, *arguments, **options):
        if str(path).endswith("theirs"):
            raise PermissionError(13, "Permission denied", str(path))
        return open_really(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    make(tmp_path)
    assert names(tmp_path) == [".tfgen-export-theirs", "1"]


def test_servers_may_read_what_is_written(tmp_path):
    path = make(tmp_path)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert path.stat().st_mode == plain.stat().st_mode


def test_kill_leaves_no_version_and_the_next_export_cleans_up(
    fork_server, model, stand_in_path, tmp_path
):
    process = fork_server.Popen(
        [sys.executable, "-c", HANGING_EXPORT, stand_in_path, tmp_path],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "written\n"
        (temporary,) = names(tmp_path)
        assert (tmp_path / temporary / "saved_model.pb").exists()
        # While it lives, nobody takes its folder away.
        assert export_saved_model(model, tmp_path).name == "1"
        assert temporary in names(tmp_path)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert list(list_versions(tmp_path)) == [1]
    assert temporary in names(tmp_path)
    assert export_saved_model(model, tmp_path).name == "2"
    assert names(tmp_path) == ["1", "2"]


def test_no_moment_of_a_kill_shows_half_a_version(fork_server, tmp_path):
    """Kills writers of two files at many moments."""
    code = (
        "import runpy, sys\n"
        "names = runpy.run_path(sys.argv[1])\n"
        "print('go', flush=True)\n"
        "while True:\n"
        "    with names['new_version'](sys.argv[2]) as folder:\n"
        "        (folder.path / 'one').write_text('1')\n"
        "        (folder.path / 'two').write_text('2')\n"
    )
    for moment in range(12):
        process = fork_server.Popen(
            [sys.executable, "-c", code, version_folders.__file__, tmp_path],
            stdout=subprocess.PIPE,
        )
        try:
            process.stdout.readline()
            time.sleep(0.05 + 0.0113 * moment)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
    versions = list(list_versions(tmp_path))
    assert versions == list(range(1, len(versions) + 1)) and versions
    for version in versions:
        assert names(tmp_path / str(version)) == ["one", "two"]
    make(tmp_path)
    assert len(names(tmp_path)) == len(versions) + 1
