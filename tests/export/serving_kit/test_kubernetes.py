"""The manifests, by Kubernetes' schemas and against each other."""

import copy

import kubernetes_validate
import pytest
import yaml

VERSIONS = ["1.30", "1.37"]

# KServe has a definition of its own. Of InferenceService v1beta1 (KServe
# 0.21): the fields that are not a container's.
KSERVE_PREDICTOR = {"minReplicas", "maxReplicas", "canaryTrafficPercent"}
KSERVE_MODEL = {
    "modelFormat",
    "protocolVersion",
    "runtime",
    "runtimeVersion",
    "storage",
    "storageUri",
}


def manifests(kit):
    found = [
        document
        for path in sorted((kit / "kubernetes").glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
    ]
    return {(m["kind"], m["metadata"]["name"]): m for m in found}


def kustomization(kit):
    return yaml.safe_load((kit / "kustomization.yaml").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(each_kit, version):
    found = manifests(each_kit)
    for manifest in found.values():
        kubernetes_validate.validate(manifest, version, strict=True)
    assert sorted(kind for kind, _ in found) == [
        "Deployment",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "Service",
        "Service",
    ]


def test_a_mistake_is_found(kit):
    manifest = copy.deepcopy(manifests(kit)["Deployment", "faces-serving"])
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    container["readinesProbe"] = container.pop("readinessProbe")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, "1.37", strict=True)


def test_kustomization_finds_its_files(kit):
    described = kustomization(kit)
    (generator,) = described["configMapGenerator"]
    for name in [*described["resources"], *generator["files"]]:
        assert (kit / name).is_file()
    written = {
        f"kubernetes/{path.name}" for path in (kit / "kubernetes").iterdir()
    }
    assert set(described["resources"]) == written


def test_names_fit_together(kit):
    found = manifests(kit)
    pod = found["Deployment", "faces-serving"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert found["Deployment", "faces-serving"]["spec"]["selector"] == {
        "matchLabels": labels
    }
    budget = found["PodDisruptionBudget", "faces-serving"]["spec"]
    assert budget["selector"]["matchLabels"] == labels
    for name in ("faces-serving", "faces-serving-pods"):
        assert found["Service", name]["spec"]["selector"] == labels
    scaled = found["HorizontalPodAutoscaler", "faces-serving"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == "faces-serving"
    (image,) = kustomization(kit)["images"]
    (container,) = pod["spec"]["containers"]
    assert container["image"] == image["name"]
    (generator,) = kustomization(kit)["configMapGenerator"]
    volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
    assert volumes["config"]["configMap"]["name"] == generator["name"]


def test_ports_and_probes(kit):
    found = manifests(kit)
    pod = found["Deployment", "faces-serving"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    for name in ("startupProbe", "readinessProbe"):
        probe = container[name]["httpGet"]
        assert probe == {"path": "/v1/models/faces", "port": "rest"}
    assert container["livenessProbe"]["tcpSocket"]["port"] == "grpc"
    # preStop sleeps 10 seconds of these.
    assert pod["terminationGracePeriodSeconds"] > 10


def test_a_name_that_is_a_number_stays_text(one_model, tmp_path):
    import shutil

    from tfgen.export import write_serving_kit

    base = shutil.copytree(one_model, tmp_path / "123")
    found = manifests(write_serving_kit(base, tmp_path / "kit"))
    assert {kind for kind, _ in found} >= {"Deployment", "Service"}
    for manifest in found.values():
        assert "123" in manifest["metadata"]["name"]
        kubernetes_validate.validate(manifest, "1.37", strict=True)


@pytest.mark.parametrize(
    "name, model", [("my-faces", "My_faces"), ("shoes", "shoes")]
)
def test_kserve(kit_of_several, name, model):
    path = kit_of_several / "kserve" / f"{name}.yaml"
    service = yaml.safe_load(path.read_text())
    assert service["apiVersion"] == "serving.kserve.io/v1beta1"
    assert service["kind"] == "InferenceService"
    assert service["metadata"] == {"name": name}
    assert set(service["spec"]) == {"predictor"}
    predictor = service["spec"]["predictor"]
    assert set(predictor) - KSERVE_PREDICTOR == {"model"}
    served = predictor["model"]
    assert served["modelFormat"] == {"name": "tensorflow", "version": "2"}
    assert served["storageUri"] == f"pvc://models/{model}"
    # The kit's clients ask for the folder's name, not for the service's.
    assert f"--model_name={model}" in served["args"]
    probe = served["readinessProbe"]["httpGet"]
    assert probe == {"path": f"/v1/models/{model}", "port": 8080}
    container = {k: v for k, v in served.items() if k not in KSERVE_MODEL}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "kserve-container", **container}]},
    }
    kubernetes_validate.validate(pod, "1.37", strict=True)
