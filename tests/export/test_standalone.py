"""`tfgen verify` on a machine with TensorFlow's libraries and NumPy alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfgen.export

LIBRARIES = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A folder with the files of export/, NumPy and the two libraries."""
    folder = tmp_path_factory.mktemp("machine")
    shutil.copytree(Path(tfgen.export.__file__).parent, folder / "export")
    packages = folder / "packages"
    packages.mkdir()
    numpy_folder = Path(np.__file__).parent
    for path in (numpy_folder, numpy_folder.with_name("numpy.libs")):
        if path.exists():
            (packages / path.name).symlink_to(path)
    (folder / "runtime").mkdir()
    for name in LIBRARIES:
        library = Path(tf.__file__).with_name(name)
        (folder / "runtime" / name).symlink_to(library)
    return folder


def run(machine, *arguments):
    """Runs standalone.py without site-packages."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "TF", "LD_"))
    }
    return subprocess.run(
        [sys.executable, "-S", "export/standalone.py", *map(str, arguments)],
        cwd=machine,
        env={**environment, "PYTHONPATH": str(machine / "packages")},
        capture_output=True,
        text=True,
    )


def test_nothing_else_is_there(machine):
    code = (
        "import numpy\n"
        "for name in ('tensorflow', 'keras', 'tfgen', 'google.protobuf'):\n"
        "    try:\n"
        "        __import__(name)\n"
        "    except ImportError:\n"
        "        print(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=machine,
        env={"PYTHONPATH": str(machine / "packages")},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [
        "tensorflow",
        "keras",
        "tfgen",
        "google.protobuf",
    ]


def test_verify(machine, exported):
    done = run(machine, "verify", exported, "--library", machine / "runtime")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "decode",
        "encode",
        "generate",
        "serving_default",
        "scheduler:",
    ]
    assert all(line.endswith("ok") for line in lines[1:])


def test_without_a_library(machine, exported):
    done = run(machine, "verify", exported)
    assert done.returncode == 1
    assert done.stderr.startswith("tfgen: ")
    assert "TFGEN_TENSORFLOW_LIBRARY" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_library_that_is_none(machine, exported, tmp_path):
    for name in LIBRARIES:
        (tmp_path / name).write_text("no library")
    done = run(machine, "verify", exported, "--library", tmp_path)
    assert done.returncode == 1
    assert "cannot be loaded" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_command(machine):
    done = run(machine, "dance")
    assert done.returncode == 2
    assert "serve" in done.stderr and "verify" in done.stderr
