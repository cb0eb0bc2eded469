"""Which versions stay: `keep`, and one folder without versions: `flat`."""

import contextlib
import shutil

import pytest

from tfgen.export import export_saved_model, verify, version_folders
from tfgen.export.manifest import read_manifest, write_manifest
from tfgen.export.version_folders import keep_last, list_versions, new_version


def make(base, *versions):
    for version in versions:
        with new_version(base, version) as folder:
            (folder.path / "assets.extra").mkdir()
            write_manifest(folder.path, {"versions": {"tfgen": "0"}})


def numbers(base):
    return list(list_versions(base))


def test_the_last_stay(tmp_path):
    make(tmp_path, 1, 2, 5, 10)
    assert keep_last(tmp_path, 2, new=10) == [1, 2]
    assert numbers(tmp_path) == [5, 10]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_new_one_stays_though_it_is_not_the_last(tmp_path):
    make(tmp_path, 4, 9, 3)
    assert keep_last(tmp_path, 1, new=3) == [4]
    assert numbers(tmp_path) == [3, 9]


def test_what_others_wrote_stays(tmp_path):
    make(tmp_path, 2, 3, 4, 5)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"theirs")
    damaged = tmp_path / "2" / "assets.extra" / "manifest.json"
    damaged.write_text(damaged.read_text().replace("tfgen", "other"))
    (tmp_path / "0").symlink_to(tmp_path / "5")
    assert keep_last(tmp_path, 1, new=5) == [3, 4]
    assert numbers(tmp_path) == [0, 1, 2, 5]


def test_another_export_removes_first(tmp_path, monkeypatch):
    make(tmp_path, 1, 2, 3, 4)
    locked = version_folders._locked

    @contextlib.contextmanager
    def waiting(base):
        # What the export that held the lock until now has done.
        shutil.rmtree(tmp_path / "1")
        with locked(base):
            yield

    monkeypatch.setattr(version_folders, "_locked", waiting)
    assert keep_last(tmp_path, 2, new=4) == [2]
    assert numbers(tmp_path) == [3, 4]


def test_a_version_that_disappears_is_skipped(tmp_path):
    make(tmp_path, 1, 2, 3)

    def choose(paths):
        shutil.rmtree(paths[1])
        return [1, 2]

    assert version_folders.remove_versions(tmp_path, choose) == [2]
    assert [path.name for path in tmp_path.iterdir()] == ["3"]


def test_what_is_protected_stays(tmp_path):
    make(tmp_path, 1, 2, 3, 4, 5)
    assert keep_last(tmp_path, 2, new=5, protect=[2, 4]) == [1, 3]
    assert numbers(tmp_path) == [2, 4, 5]


def test_export_protects(model, tmp_path):
    make(tmp_path, 1, 2, 3)
    export_saved_model(model, tmp_path, keep=1, protect=(2,))
    assert numbers(tmp_path) == [2, 4]


@pytest.mark.parametrize("protect", [[22], [2, 0], [True], ["2"]])
def test_only_versions_can_be_protected(model, tmp_path, protect):
    make(tmp_path, 1, 2)
    with pytest.raises(ValueError, match=r"\(there: 1, 2\), got"):
        export_saved_model(model, tmp_path, keep=1, protect=protect)
    assert numbers(tmp_path) == [1, 2]


def test_export_keeps_the_last(model, tmp_path):
    make(tmp_path, 1, 2, 3)
    path = export_saved_model(model, tmp_path, keep=2)
    assert path == tmp_path / "4"
    assert numbers(tmp_path) == [3, 4]


def test_an_export_that_fails_removes_nothing(stand_in, tmp_path):
    class Failing(stand_in.StandIn):
        def run_endpoint(self, name, inputs, batch_size=256):
            raise ValueError("no answer")

    make(tmp_path, 1, 2, 3)
    with pytest.raises(ValueError, match="no answer"):
        export_saved_model(Failing(), tmp_path, keep=1)
    assert numbers(tmp_path) == [1, 2, 3]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("keep", [0, -1, 1.5, True, "2"])
def test_other_numbers_are_refused(model, tmp_path, keep):
    with pytest.raises(ValueError, match="keep to be an integer from 1 on"):
        export_saved_model(model, tmp_path / "base", keep=keep)
    assert not (tmp_path / "base").exists()


def test_flat(model, tmp_path):
    path = tmp_path / "new" / "vertex"
    assert export_saved_model(model, path, flat=True) == path
    assert (path / "saved_model.pb").is_file()
    read_manifest(path)
    assert not verify(path).problems
    assert [p.name for p in path.parent.iterdir()] == ["vertex"]


def test_flat_overwrites_nothing(model, tmp_path):
    path = tmp_path / "vertex"
    path.mkdir()
    with pytest.raises(ValueError, match=f"{path} exists"):
        export_saved_model(model, path, flat=True)
    assert not list(path.iterdir())


@pytest.mark.parametrize(
    "option", [{"version": 2}, {"keep": 2}, {"protect": [2]}]
)
def test_flat_has_no_versions(model, tmp_path, option):
    with pytest.raises(ValueError, match="neither version nor keep"):
        export_saved_model(model, tmp_path / "new", flat=True, **option)
    assert not (tmp_path / "new").exists()
