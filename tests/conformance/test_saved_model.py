"""An export answers everywhere as the Keras model does."""

import pathlib
import subprocess
import sysconfig
import venv

import pytest

import tfgen

# A consumer's program: NumPy and TensorFlow, nothing of tfgen's, nor Keras.
CONSUMER = """
import importlib.util, pathlib, sys
import numpy as np
import tensorflow as tf

for name in ("tfgen", "keras", "tf_keras", "tensorflow_probability"):
    assert importlib.util.find_spec(name) is None, name

def compare(name, key, expected, answer):
    if key.endswith("_bytes"):
        expected, answer = (
            np.stack([np.int32(tf.io.decode_png(file)) for file in files]) / 255
            for files in (expected, answer.numpy())
        )
        # A value between two levels may be rounded to either.
        tolerance = 1 / 255 + 1e-5
    else:
        tolerance = 1e-5 * max(1, np.abs(expected).max())
    difference = np.abs(expected - np.asarray(answer)).max()
    assert difference <= tolerance, (name, key, difference)

for folder in map(pathlib.Path, sys.argv[1:]):
    loaded = tf.saved_model.load(str(folder)).signatures
    answers = np.load(folder / "assets.extra" / "expected_answers.npz")
    cases = {tuple(key.split("/")[:2]) for key in answers.files}
    assert {name for name, _ in cases} == {*loaded} - {"serving_default"}
    for name, batch in sorted(cases):
        inputs, outputs = (
            {
                key.split("/")[3]: answers[key]
                for key in answers.files
                if key.startswith(f"{name}/{batch}/{role}/")
            }
            for role in ("inputs", "outputs")
        )
        got = loaded[name](**{k: tf.constant(v) for k, v in inputs.items()})
        assert set(got) == set(outputs), (name, set(got))
        for key, expected in outputs.items():
            compare(name, key, expected, got[key])
    print(folder.parent.name, len(cases))
"""


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """`exported(case)` is the folder of its only version."""
    folder = tmp_path_factory.mktemp("serving")

    def export(case):
        base = folder / case.name
        if not base.exists():
            tfgen.export.export_saved_model(case.build(), base)
        return base / "1"

    return export


def test_cpp_runtime(served, exported):
    report = tfgen.export.verify(exported(served))
    assert not report.problems
    names = {signature.name for signature in report.signatures}
    endpoints = {*served.build().endpoints(), "serving_default"}
    files = {name for name in names if name.endswith("_png")}
    assert names - files == endpoints
    # Each image endpoint has its variant, and tables have none.
    image = len(served.shape) == 3
    assert len(files) == image * (len(endpoints) - 1)


@pytest.fixture(scope="session")
def foreign_python(tmp_path_factory):
    """A new environment with all that is installed but tfgen and Keras."""
    folder = tmp_path_factory.mktemp("foreign")
    venv.create(folder / "venv", with_pip=False)
    packages = folder / "packages"
    packages.mkdir()
    ours = (
        "tfgen",
        "keras",
        "tf_keras",
        "tensorflow_probability",
        "__editable__",
    )
    for path in map(pathlib.Path, {*sysconfig.get_paths().values()}):
        if path.name != "site-packages":
            continue
        for entry in path.iterdir():
            if not entry.name.startswith(ours) and entry.suffix != ".pth":
                (packages / entry.name).symlink_to(entry)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n")
    return folder / "venv" / "bin" / "python"


def test_a_program_without_tfgen(served_cases, exported, foreign_python):
    folders = [str(exported(case)) for case in served_cases]
    done = subprocess.run(
        [foreign_python, "-I", "-c", CONSUMER, *folders],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [c.name for c in served_cases]
