"""Kits of one model, of two versions, and of several models."""

import shutil
import subprocess

import pytest


@pytest.fixture(scope="session")
def one_model(exported, tmp_path_factory):
    """A folder `faces` with version 1."""
    base = tmp_path_factory.mktemp("serving") / "faces"
    shutil.copytree(exported, base / "1")
    return base


@pytest.fixture(scope="session")
def several_models(exported, tmp_path_factory):
    """A folder with `My_faces` 3 and 12, and `shoes` 1; and one without."""
    base = tmp_path_factory.mktemp("serving") / "models"
    for name, version in (("My_faces", 3), ("My_faces", 12), ("shoes", 1)):
        shutil.copytree(exported, base / name / str(version))
    (base / "notes").mkdir()
    return base


@pytest.fixture(scope="session")
def kit(one_model, tmp_path_factory):
    """The kit of one model; not to be changed."""
    from tfgen.export import write_serving_kit

    return write_serving_kit(one_model, tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="session")
def kit_of_several(several_models, tmp_path_factory):
    """The kit of several models; not to be changed."""
    from tfgen.export import write_serving_kit

    return write_serving_kit(several_models, tmp_path_factory.mktemp("kit"))


@pytest.fixture(params=["kit", "kit_of_several"])
def each_kit(request):
    """Both kits, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def promtool():
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool (Debian: prometheus) is not installed")

    def run(*words, text=None):
        return subprocess.run(
            [path, *map(str, words)],
            input=text,
            capture_output=True,
            text=True,
        )

    return run
