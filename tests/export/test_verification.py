import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import (
    VerificationError,
    export_saved_model,
    standalone,
    verify,
)
from tfgen.export.manifest import ANSWERS_FILE, MANIFEST_FILE, write_manifest
from tfgen.export.standalone import process_command

X = {"x": keras.KerasTensor((None, 4), "float32")}


@pytest.fixture
def copy(exported, tmp_path):
    """A version to damage."""
    return Path(shutil.copytree(exported, tmp_path / "base" / "3"))


def sign_again(path):
    """Make the manifest agree with the files as they are now."""
    manifest = json.loads((path / MANIFEST_FILE).read_text())
    (path / MANIFEST_FILE).unlink()
    keep = ("versions", "model", "signatures")
    write_manifest(path, {key: manifest[key] for key in keep})


def test_report(exported, capfd):
    report = verify(exported)
    assert capfd.readouterr() == ("", "")
    assert report.path == exported
    assert report.versions["keras"] == keras.__version__
    assert [s.name for s in report.signatures] == [
        "decode",
        "encode",
        "generate",
        "serving_default",
    ]
    for signature in report.signatures:
        assert signature.batches == (1, 3, 8, 33)
        assert signature.difference < 1e-5
        assert signature.milliseconds > 0
    assert report.scheduler.requests == 1000
    assert report.scheduler.largest_request == 33
    assert report.scheduler.rows > 3000
    assert report.scheduler.difference < 1e-6
    table = str(report).splitlines()
    assert len(table) == 6
    assert table[1].startswith("decode") and table[1].endswith("ok")
    assert "latent:float32(n, 3)" in table[1]
    assert table[5].startswith("scheduler: 1,000 concurrent requests")
    assert table[5].endswith("ok")


def test_conditional(stand_in, tmp_path):
    path = export_saved_model(stand_in.StandIn(num_classes=3), tmp_path)
    report = verify(path)
    assert report.signatures[0].inputs["label"] == "int64(n)"


def test_bfloat16_has_its_own_tolerance(stand_in, tmp_path):
    model = stand_in.StandIn(dtype="mixed_bfloat16")
    report = verify(export_saved_model(model, tmp_path))
    assert {s.tolerance for s in report.signatures} == {5e-2}


@pytest.mark.slow  # the process itself refuses, too
def test_the_process_never_imports_tensorflow(exported):
    """Asks the interpreter for its imports instead of trusting the code."""
    command, environment = process_command("verify", str(exported), "--json")
    process = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "error" not in json.loads(process.stdout.splitlines()[-1])
    lines = process.stderr.splitlines()
    modules = {
        line.rpartition("|")[2].strip()
        for line in lines
        if line.startswith("import time:")
    }
    assert "tfgen.export.cpp_runtime" in modules
    assert not {"tensorflow", "keras", "tfgen", "google.protobuf"} & modules


def test_base_takes_the_newest_with_files_that_others_add(copy, exported):
    shutil.copytree(exported, copy.parent / "11")
    (copy.parent / "11" / "assets.extra" / "notes.txt").write_text("as agreed")
    (copy.parent / ".tfgen-export-dead").mkdir()
    report = verify(copy.parent)
    assert report.path == copy.parent / "11"
    assert "took the newest" in report.note
    assert str(report).startswith(report.note)


@pytest.mark.parametrize(
    "name",
    [
        "saved_model.pb",
        "fingerprint.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        ANSWERS_FILE,
        MANIFEST_FILE,
    ],
)
def test_a_flipped_bit_is_found_and_the_file_named(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 4
    (copy / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} is not as it was exported"):
        verify(copy)


@pytest.mark.parametrize(
    "name", ["variables/variables.index", ANSWERS_FILE, MANIFEST_FILE]
)
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(ValueError, match=name) as error:
        verify(copy)
    assert "\n" not in str(error.value)


def test_no_export(tmp_path):
    with pytest.raises(ValueError, match="is no folder"):
        verify(tmp_path / "missing")
    with pytest.raises(ValueError, match="has neither"):
        verify(tmp_path)
    (tmp_path / "4").mkdir()
    with pytest.raises(ValueError, match=r"Expected saved_model.pb in .*4"):
        verify(tmp_path)


def test_a_saved_model_of_others(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "1"))
    with pytest.raises(ValueError, match="Only versions that `tfgen export`"):
        verify(tmp_path / "1")


def test_wrong_expected_answers(copy):
    with np.load(copy / ANSWERS_FILE) as file:
        arrays = dict(file)
    arrays["encode/3/outputs/mean"][1, 2] += 0.1
    np.savez(copy / ANSWERS_FILE, **arrays)
    sign_again(copy)
    with pytest.raises(
        VerificationError, match="'encode' differs .* at batch 3"
    ) as error:
        verify(copy)
    assert len(error.value.report.problems) == 1
    assert "FAILED" in str(error.value.report)


def test_answers_of_other_weights(copy, stand_in, tmp_path):
    keras.utils.set_random_seed(1)
    other = export_saved_model(stand_in.StandIn(), tmp_path / "other")
    shutil.copy(other / ANSWERS_FILE, copy / ANSWERS_FILE)
    sign_again(copy)
    with pytest.raises(VerificationError, match="differs from the Keras model"):
        verify(copy)


def test_rows_that_a_longer_batch_alone_spoils(stand_in, tmp_path):
    """Right for every batch that was asked alone, and for its parts."""

    def spoiled(x):
        long = tf.cast(tf.shape(x)[0] > 40, "float32")
        return {"y": x + long}

    model = stand_in.WithEndpoint("planted", spoiled, X)
    path = export_saved_model(model, tmp_path)
    with pytest.raises(
        VerificationError, match="'planted' .*scheduler merges"
    ) as error:
        verify(path)
    assert str(error.value.report).endswith("FAILED")


def test_rows_that_depend_on_others(stand_in, tmp_path):
    """Sizes that the export itself compares do not show it: 30 is none."""

    def mixed(x):
        mixes = tf.cast(tf.shape(x)[0] == 30, "float32")
        return {"y": x - mixes * tf.reduce_mean(x, 0)}

    model = stand_in.WithEndpoint("planted", mixed, X)
    path = export_saved_model(model, tmp_path)
    with pytest.raises(VerificationError, match="'planted' .* as 3 and 30"):
        verify(path)


def test_what_fails_in_the_runtime_names_the_signature(stand_in, tmp_path):
    """Fine for the batches of Python, which are eager, and dead in a graph."""

    def picky(x):
        if tf.executing_eagerly():
            return {"y": tf.identity(x)}
        check = tf.debugging.Assert(tf.reduce_all(x > 1e9), ["too small"])
        with tf.control_dependencies([check]):
            return {"y": tf.identity(x)}

    model = stand_in.WithEndpoint("planted", picky, X)
    path = export_saved_model(model, tmp_path)
    with pytest.raises(VerificationError, match="'planted'.*too small"):
        verify(path)


def test_a_session_where_xla_is_needed_fails_as_in_the_server(tmp_path):
    """The lint refuses such graphs; the runtime has to as well."""

    class Compiled(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 4), "float32", "x")])
        def serve(self, x):
            return {"y": tf.function(lambda x: 2 * x, jit_compile=True)(x)}

    module = Compiled()
    tf.saved_model.save(
        module, str(tmp_path), signatures={"serve": module.serve}
    )
    code = (
        "import runpy, sys, numpy\n"
        "runpy.run_path(sys.argv[1])['stand_in_packages']()\n"
        "from tfgen.export.cpp_runtime import SavedModelSession\n"
        "session = SavedModelSession(sys.argv[2])\n"
        "session.run('serve', x=numpy.ones((2, 4)))\n"
    )
    process = subprocess.run(
        [sys.executable, "-P", "-c", code, standalone.__file__, tmp_path],
        capture_output=True,
        text=True,
    )
    assert "signature 'serve' failed" in process.stderr
