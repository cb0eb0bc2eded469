"""The files of examples/several_hosts, with stand-ins for their programs."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "several_hosts"
SLURM = FOLDER / "slurm.sh"
TRAIN = ["train", "vae", "--strategy", "multi_worker"]


@pytest.fixture
def programs(tmp_path):
    """A folder of programs that print what they were called with."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def add(name, lines):
        (folder / name).write_text(f"#!/bin/bash\n{lines}\n")
        (folder / name).chmod(0o755)

    add("tfgen", 'echo "$TF_CONFIG" | tr -d "\\n"; echo; echo "$@"')
    add("scontrol", '[ "$*" = "show hostnames a[1-2]" ] && printf "a1\\na2\\n"')
    add("srun", 'shift; for i in 0 1; do SLURM_PROCID=$i "$@"; done')
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def run(words, environment):
    """TF_CONFIG and the words of each call of tfgen."""
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [(json.loads(config), words.split()) for config, words in pairs]


def manifests():
    return list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()))


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_manifests_fit_their_schemas(version):
    service, job = manifests()
    for manifest in (service, job):
        kubernetes_validate.validate(manifest, version, strict=True)
    pod = job["spec"]["template"]["spec"]
    assert pod["subdomain"] == service["metadata"]["name"]
    name = job["metadata"]["name"]
    assert service["spec"]["selector"] == {"job-name": name}
    assert name == "train"  # of which the script makes the pods' names


def test_a_pod(programs):
    (container,) = manifests()[1]["spec"]["template"]["spec"]["containers"]
    environment = {e["name"]: e["value"] for e in container["env"]}
    words = [*container["command"], *container["args"]]
    for index in (0, 1):
        place = {"JOB_COMPLETION_INDEX": str(index)}
        ((config, called),) = run(words, programs | environment | place)
        assert config == {
            "cluster": {"worker": ["train-0.train:2222", "train-1.train:2222"]},
            "task": {"type": "worker", "index": index},
        }
        assert [w for w in called if w in TRAIN] == TRAIN


@pytest.mark.parametrize("begun", [False, True])
def test_a_slurm_job(programs, tmp_path, begun):
    out = tmp_path / "run"
    if begun:
        out.mkdir()
        (out / "config.json").touch()
    job = {"SLURM_JOB_NODELIST": "a[1-2]", "RUN": str(out)}
    calls = run(["bash", SLURM], programs | job)
    assert [config for config, _ in calls] == [
        {
            "cluster": {"worker": ["a1:2222", "a2:2222"]},
            "task": {"type": "worker", "index": index},
        }
        for index in (0, 1)
    ]
    resumed = ["train", "--resume", "--out", str(out)]
    for _, called in calls:
        assert (called == resumed) == begun
        assert begun or [w for w in called if w in TRAIN] == TRAIN


def test_the_slurm_script_is_clean():
    beside = pathlib.Path(sys.executable).with_name("shellcheck")
    checker = beside if beside.exists() else shutil.which("shellcheck")
    if checker is None:
        pytest.skip("needs shellcheck")
    done = subprocess.run([checker, SLURM], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
