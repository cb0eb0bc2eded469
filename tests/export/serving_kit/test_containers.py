"""The compose file, the Dockerfile and the scripts, by their checkers."""

import getpass
import re
import socket
import subprocess
import sys
from pathlib import Path

import compose_spec
import pytest
import yaml

# What tensorflow_model_server of 2.20 takes (tensorflow_serving/
# model_servers/main.cc), of that what the kit uses.
FLAGS = {
    "allow_version_labels_for_unavailable_models",
    "batching_parameters_file",
    "enable_batching",
    "enable_per_model_batching_parameters",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "monitoring_config_file",
    "port",
    "rest_api_port",
    "tensorflow_inter_op_parallelism",
    "tensorflow_intra_op_parallelism",
}


def filled_in(path):
    """The file with the defaults of its variables, as compose reads it.

    Docker's own word for the machine is an address by then, too.
    """
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", path.read_text())
    return text.replace(":host-gateway", ":172.17.0.1")


def flags(text):
    return set(re.findall(r"--(\w+)=", text))


def checker(name):
    return str(Path(sys.executable).with_name(name))


def test_compose_file(each_kit):
    compose = compose_spec.PyCompose.from_yaml(
        filled_in(each_kit / "compose.yaml")
    )
    compose.validate()
    assert set(compose.service_names()) == {
        "serving",
        "prometheus",
        "grafana",
    }


def test_a_mistake_in_a_compose_file_is_found(kit):
    text = filled_in(kit / "compose.yaml").replace("interval", "intervall")
    with pytest.raises(ValueError, match="intervall"):
        compose_spec.PyCompose.from_yaml(text)


@pytest.mark.parametrize(
    "name, target",
    [("kit", "/models/faces"), ("kit_of_several", "/models")],
)
def test_where_models_are_mounted(name, target, request):
    kit = request.getfixturevalue(name)
    serving = yaml.safe_load(filled_in(kit / "compose.yaml"))["services"][
        "serving"
    ]
    models, config = serving["volumes"]
    assert models["target"] == target
    assert models["read_only"]
    source = (kit / models["source"]).resolve()
    mounted = source.relative_to(source.parent) if name == "kit" else Path()
    assert source.is_dir()
    # As the server sees it: base_path of models.config holds versions.
    text = (kit / "config/models.config").read_text()
    for base_path in re.findall(r'base_path: "(.+)"', text):
        inside = Path(base_path).relative_to("/models").relative_to(mounted)
        assert (source / inside / "1").is_dir() or (
            source / inside / "12"
        ).is_dir()
    assert (kit / config["source"]).resolve() == (kit / "config").resolve()


def test_part_of_a_cpu(kit):
    """The server's flags are int32, the limit may be a fraction."""
    text = (kit / "compose.yaml").read_text()
    text = text.replace("${SERVING_CPUS:-2}", "1.5")
    filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    serving = yaml.safe_load(filled)["services"]["serving"]
    assert serving["deploy"]["resources"]["limits"]["cpus"] == "1.5"
    words = dict(
        word.split("=") for word in serving["command"] if "parallelism" in word
    )
    assert words == {
        "--tensorflow_intra_op_parallelism": "2",
        "--tensorflow_inter_op_parallelism": "2",
    }


def test_files_that_containers_mount_exist(kit):
    services = yaml.safe_load(filled_in(kit / "compose.yaml"))["services"]
    for service in services.values():
        for volume in service["volumes"]:
            if volume["type"] == "bind":
                assert (kit / volume["source"]).exists()
    dashboards = yaml.safe_load(
        (kit / "grafana/provisioning/dashboards/dashboards.yml").read_text()
    )
    (provider,) = dashboards["providers"]
    targets = [v["target"] for v in services["grafana"]["volumes"]]
    assert provider["options"]["path"] in targets


def test_containers_have_no_rights(each_kit):
    text = filled_in(each_kit / "compose.yaml")
    for service in yaml.safe_load(text)["services"].values():
        assert int(service["user"].split(":")[0]) > 0
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all("0.0.0.0" not in port for port in service["ports"])
    for line in (each_kit / "Dockerfile").read_text().splitlines():
        if line.startswith("USER"):
            assert line == "USER 1000:1000"
            break
    else:
        raise AssertionError("the image runs as root")
    path = each_kit / "kubernetes/deployment.yaml"
    pod = yaml.safe_load(path.read_text())["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_no_word_of_the_machine(each_kit, exported):
    """Neither kit nor export says who wrote it, or where."""
    words = {str(Path.home()), getpass.getuser() + "@", socket.gethostname()}
    words |= {str(Path(__file__).parents[3]), str(exported.parent), sys.prefix}
    words = {word.encode() for word in words}
    files = [*each_kit.rglob("*"), *exported.rglob("*")]
    for path in filter(Path.is_file, files):
        if path.suffix == ".pyc":  # of tests that import the clients
            continue
        content = path.read_bytes()
        assert not [word for word in words if word in content], path


def test_flags_of_the_server(kit):
    compose = flags((kit / "compose.yaml").read_text())
    image = flags((kit / "Dockerfile").read_text().partition("ENTRYPOINT")[2])
    deployment = flags((kit / "kubernetes/deployment.yaml").read_text())
    assert compose == FLAGS
    assert compose - image == {
        "model_config_file_poll_wait_seconds",
        "tensorflow_inter_op_parallelism",
        "tensorflow_intra_op_parallelism",
    }
    # The ports are in the image's entry point.
    assert image - deployment == {"port", "rest_api_port"}
    assert deployment <= FLAGS


def test_configuration_that_flags_name_exists(kit):
    for name in ("compose.yaml", "Dockerfile", "kubernetes/deployment.yaml"):
        named = re.findall(r"_file=/config/([\w.]+)", (kit / name).read_text())
        assert sorted(named) == [
            "batching.config",
            "models.config",
            "monitoring.config",
        ]
        assert all((kit / "config" / file).exists() for file in named)


def test_dockerfile(each_kit):
    done = subprocess.run(
        [checker("hadolint"), each_kit / "Dockerfile"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_scripts(each_kit):
    done = subprocess.run(
        [
            checker("shellcheck"),
            each_kit / "curl.sh",
            each_kit / "config/healthcheck.sh",
        ],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "words", [["check", "--select=B,E,F,I,UP,W"], ["format", "--check"]]
)
def test_clients_are_well_formed(kit, words):
    options = ["--isolated", "--line-length=80", "--target-version=py39"]
    done = subprocess.run(
        [checker("ruff"), *words, *options, kit / "clients"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
