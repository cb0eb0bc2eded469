"""The folder as a whole: what is in it, and when there is none."""

import json
import os
import shlex
import shutil

import pytest

from tfgen.export import write_serving_kit
from tfgen.export.serving_kit import kit_writer

FILES = {
    "Dockerfile",
    "README.md",
    "clients/client_grpc.py",
    "clients/client_rest.py",
    "clients/messages.py",
    "clients/models.json",
    "clients/picture.py",
    "clients/questions.py",
    "clients/requirements.txt",
    "compose.yaml",
    "config/batching.config",
    "config/healthcheck.sh",
    "config/models.canary.config",
    "config/models.config",
    "config/monitoring.config",
    "curl.sh",
    "grafana/dashboards/tensorflow-serving.json",
    "grafana/provisioning/dashboards/dashboards.yml",
    "grafana/provisioning/datasources/prometheus.yml",
    "kserve/faces.yaml",
    "kubernetes/autoscaler.yaml",
    "kubernetes/deployment.yaml",
    "kubernetes/disruption-budget.yaml",
    "kubernetes/service.yaml",
    "kustomization.yaml",
    "prometheus/prometheus.yml",
    "prometheus/rules.yml",
}


def files_of(folder):
    """But what Python keeps where other tests import the clients."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_files(kit):
    assert files_of(kit) == FILES


def test_nothing_is_left_to_fill_in(each_kit):
    texts = [(each_kit / name).read_text() for name in files_of(each_kit)]
    assert [text for text in texts if "@@" in text] == []


def test_models_are_described(kit_of_several):
    models = json.loads((kit_of_several / "clients/models.json").read_text())
    assert list(models) == ["My_faces", "shoes"]
    assert models["My_faces"]["version"] == 12
    # As the stand-in has them.
    assert models["shoes"]["value_range"] == [0.0, 1.0]
    assert models["shoes"]["num_classes"] is None
    assert models["shoes"]["signatures"]["decode"] == {
        "inputs": {"latent": {"dtype": "float32", "shape": [None, 3]}},
        "outputs": {"x": {"dtype": "float32", "shape": [None, 4, 4, 1]}},
    }
    assert "serving_default" not in models["shoes"]["signatures"]


def test_one_kserve_service_a_model(kit_of_several):
    names = {path.name for path in (kit_of_several / "kserve").iterdir()}
    assert names == {"my-faces.yaml", "shoes.yaml"}


def test_programs_can_be_started(kit):
    programs = [name for name in FILES if os.access(kit / name, os.X_OK)]
    assert sorted(programs) == [
        "clients/client_grpc.py",
        "clients/client_rest.py",
        "config/healthcheck.sh",
        "curl.sh",
    ]


def test_readme_names_only_files_that_exist(kit):
    text = (kit / "README.md").read_text()
    for name in FILES - {"README.md"}:
        folder = name.partition("/")[0]
        assert f"`{folder}" in text or f" {folder}" in text
    mentioned = {word for word in text.split("`") if word.startswith("config/")}
    assert mentioned == {"config/", "config/models.config"}


def test_an_empty_folder_will_do(one_model, tmp_path):
    (tmp_path / "kit").mkdir()
    write_serving_kit(one_model, tmp_path / "kit")
    assert files_of(tmp_path / "kit") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["kit"]


def test_a_folder_with_files_is_left_alone(one_model, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds files already"):
        write_serving_kit(one_model, tmp_path)
    assert files_of(tmp_path) == {"mine.txt"}


def test_a_file_is_left_alone(one_model, tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(ValueError, match="Pass another folder"):
        write_serving_kit(one_model, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


def test_whole_or_not_at_all(one_model, tmp_path, monkeypatch):
    def full_disk(models):
        raise OSError("No space left on device")

    monkeypatch.setattr(kit_writer, "_describe", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_serving_kit(one_model, tmp_path / "kit")
    assert list(tmp_path.iterdir()) == []


def test_not_among_the_models(one_model):
    with pytest.raises(ValueError, match="lies in .* where the server looks"):
        write_serving_kit(one_model, one_model / "kit")
    assert not (one_model / "kit").exists()


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_models(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="tfgen export RUN --to BASE"):
        write_serving_kit(tmp_path / name, tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


def test_a_damaged_export(one_model, tmp_path):
    base = shutil.copytree(one_model, tmp_path / "faces")
    (base / "1" / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"saved_model\.pb is not as it was"):
        write_serving_kit(base, tmp_path / "kit")


@pytest.mark.parametrize("name", ["a model", "a:b", "größe", "-x"])
def test_a_name_that_no_url_can_hold(one_model, tmp_path, name):
    base = shutil.copytree(one_model, tmp_path / name)
    with pytest.raises(ValueError, match="letters, digits.*Rename"):
        write_serving_kit(base, tmp_path / "kit")


def test_names_that_are_one_in_kubernetes(one_model, tmp_path):
    for name in ("a_b", "a-b"):
        shutil.copytree(one_model, tmp_path / "models" / name)
    with pytest.raises(ValueError, match="'a-b' and 'a_b' would both"):
        write_serving_kit(tmp_path / "models", tmp_path / "kit")


def test_a_path_that_compose_cannot_hold(one_model, tmp_path):
    base = shutil.copytree(one_model, tmp_path / "a}b" / "faces")
    with pytest.raises(ValueError, match=r"compose\.yaml cannot hold"):
        write_serving_kit(base, tmp_path / "kit")


@pytest.mark.parametrize("several", [False, True])
def test_commands_for_a_path_with_a_space(one_model, tmp_path, several):
    base = tmp_path / "my models"
    shutil.copytree(one_model, base / "faces")
    served = base if several else base / "faces"
    kit = write_serving_kit(served, tmp_path / "kit")
    text = (kit / "README.md").read_text() + (kit / "Dockerfile").read_text()
    words = [
        shlex.split(line.removeprefix("#"), comments=True)
        for line in text.splitlines()
        if line.lstrip("# ").startswith(("tfgen ", "docker build "))
    ]
    source = "../my models" if several else "../my models/faces"
    build = ["docker", "build", "--build-context", f"models={source}", "-t"]
    assert [line[:5] for line in words if line[0] == "docker"] == [build] * 2
    assert [line for line in words if line[0] == "tfgen"] == [
        ["tfgen", "serve", "../my models/faces", "--label", "stable=1"],
        ["tfgen", "export", "RUN", "--to", "../my models/faces"],
        ["tfgen", "verify", "../my models/faces/2"],
    ]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("faces", "faces"),
        ("My_faces", "my-faces"),
        ("3d.v2", "model-3d-v2"),
        ("a" * 39 + "-b", "a" * 39),
        ("模型", "model"),
        ("_", "model"),
    ],
)
def test_kubernetes_names(name, expected):
    from tfgen.export.serving_kit.exported_models import kubernetes_name

    assert kubernetes_name(name) == expected
