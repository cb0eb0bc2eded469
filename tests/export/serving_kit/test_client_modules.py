"""What the clients are made of: messages and pictures."""

import json
import shutil
import struct
import sys

import numpy as np
import PIL.Image
import pytest
from tensorflow_serving.apis import predict_pb2


@pytest.fixture(scope="module")
def modules(kit):
    """The kit's own modules, imported as the clients do."""
    sys.path.insert(0, str(kit / "clients"))
    try:
        import picture

        import messages

        yield messages, picture
    finally:
        sys.path.pop(0)
        for name in ("messages", "picture", "questions"):
            sys.modules.pop(name, None)


def test_messages_are_tensorflow_servings(modules):
    messages, _ = modules
    request = messages.PredictRequest()
    request.model_spec.name = "photos"
    request.model_spec.version_label = "stable"
    request.model_spec.signature_name = "decode"
    rows = [[[0.5, -1.0], [2.0, 3.0], [4.0, 5.0]]]
    messages.write_tensor(request, "latent", rows, "float32")
    messages.write_tensor(request, "label", [2**40, 1], "int64")
    messages.write_tensor(request, "x", [[1e9 + 0.5]], "float64")
    messages.write_tensor(request, "image_bytes", [b"a", b"bc"], "string")
    theirs = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert theirs.model_spec.name == "photos"
    assert theirs.model_spec.version_label == "stable"
    assert theirs.model_spec.signature_name == "decode"
    latent = theirs.inputs["latent"]
    assert [dim.size for dim in latent.tensor_shape.dim] == [1, 3, 2]
    assert latent.dtype == 1
    np.testing.assert_array_equal(
        np.frombuffer(latent.tensor_content, "<f4"), np.ravel(rows)
    )
    x = theirs.inputs["x"]
    assert x.dtype == 2
    assert x.tensor_content == struct.pack("<d", 1e9 + 0.5)
    label = theirs.inputs["label"]
    assert label.dtype == 9
    assert label.tensor_content == struct.pack("<qq", 2**40, 1)
    assert list(theirs.inputs["image_bytes"].string_val) == [b"a", b"bc"]


@pytest.mark.parametrize("content", [True, False])
def test_answers_are_read_either_way(modules, content):
    import tensorflow as tf

    messages, _ = modules
    array = np.arange(12, dtype="float32").reshape(3, 2, 2) / 4
    tensor = tf.make_tensor_proto(array)
    if not content:
        # As the server writes by default.
        tensor.ClearField("tensor_content")
        tensor.float_val.extend(array.ravel())
    theirs = predict_pb2.PredictResponse()
    theirs.outputs["x"].CopyFrom(tensor)
    theirs.outputs["same"].CopyFrom(tf.make_tensor_proto(np.ones(3, "int64")))
    theirs.outputs["files"].CopyFrom(tf.make_tensor_proto([b"a", b"b"]))
    ours = messages.PredictResponse.FromString(theirs.SerializeToString())
    read = {e.key: messages.read_tensor(e.value) for e in ours.outputs}
    assert read == {
        "x": array.tolist(),
        "same": [1, 1, 1],
        "files": [b"a", b"b"],
    }


def test_pictures_keep_their_range(modules, tmp_path):
    _, picture = modules
    grey = [[[[-1.0], [0.0]], [[1.0], [2.0]]]] * 2
    picture.write_picture(tmp_path / "grey.png", grey, (-1.0, 1.0))
    shown = np.asarray(PIL.Image.open(tmp_path / "grey.png"))
    # Pixels become squares of 32; beyond white is white.
    assert shown.shape == (64, 128)
    np.testing.assert_array_equal(
        shown[::32, ::32], [[0, 128, 0, 128], [255, 255, 255, 255]]
    )


def test_pictures_without_a_range_take_their_own(modules, tmp_path):
    _, picture = modules
    grey = [[[[-3.0], [0.0]], [[1.0], [2.0]]]]
    picture.write_picture(tmp_path / "grey.png", grey, None)
    shown = np.asarray(PIL.Image.open(tmp_path / "grey.png"))
    np.testing.assert_array_equal(shown[::32, ::32], [[0, 153], [204, 255]])


def test_pictures_that_do_not_fill_their_grid(modules, tmp_path):
    _, picture = modules
    white = [[[[1.0, 1.0, 1.0]] * 70] * 3] * 3
    picture.write_picture(tmp_path / "white.png", white, (0.0, 1.0))
    shown = np.asarray(PIL.Image.open(tmp_path / "white.png"))
    assert shown.shape == (6, 140, 3)
    assert shown[:3].min() == shown[3:, :70].min() == 255
    assert shown[3:, 70:].max() == 0


def test_a_table_becomes_a_csv_file(kit, run_python, tmp_path):
    clients = shutil.copytree(kit / "clients", tmp_path / "clients")
    row = {"dtype": "float32", "shape": [None, 2]}
    number = {"dtype": "float32", "shape": [None]}
    seed = {"dtype": "int64", "shape": [None]}
    inputs = {"seed": seed, "other": number}
    model = {
        "version": 1,
        "value_range": None,
        "num_classes": None,
        "signatures": {"generate": {"inputs": inputs, "outputs": {"x": row}}},
    }
    (clients / "models.json").write_text(json.dumps({"iris": model}))
    code = f"""
import sys
sys.path.insert(0, {str(clients)!r})
sys.argv = ["client", "-n", "20", "--seed", "3"]
import questions

def connect(server, model, version):
    assert (server, model, version) == ("here", "iris", "stable")

    def predict(signature, inputs):
        pairs = zip(inputs["seed"], inputs["other"], strict=True)
        return {{"x": [[seed, other / 4] for seed, other in pairs]}}

    return predict

questions.run("A client.", "here", connect)
"""
    assert run_python(code) == "samples.csv\n"
    lines = (tmp_path / "samples.csv").read_text().splitlines()
    assert lines == [f"{seed},0.25" for seed in range(3, 23)]


def test_scores_are_asked_for_in_batches(kit, run_python, tmp_path):
    clients = shutil.copytree(kit / "clients", tmp_path / "clients")
    row = {"dtype": "float64", "shape": [None, 2]}
    number = {"dtype": "float32", "shape": [None]}
    label = {"dtype": "int64", "shape": [None]}
    score = {"inputs": {"x": row, "label": label}, "outputs": {"score": number}}
    model = {
        "value_range": None,
        "num_classes": 2,
        "columns": ["a", "b"],
        "class_names": ["cat", "dog"],
        "label_column": "kind",
        "signatures": {"score": score},
    }
    (clients / "models.json").write_text(json.dumps({"pets": model}))
    lines = [f"{i},{'dog' if i % 2 else 'cat'},{i / 4}" for i in range(40)]
    (tmp_path / "new.csv").write_text("\n".join(["b,kind,a", *lines]))
    code = f"""
import sys
sys.path.insert(0, {str(clients)!r})
sys.argv = ["client", "--score", "new.csv"]
import questions

def connect(server, model, version):

    def predict(signature, inputs):
        assert len(inputs["x"]) <= 16
        pairs = zip(inputs["x"], inputs["label"], strict=True)
        return {{"score": [a + 2 * b + 100 * label for (a, b), label in pairs]}}

    return predict

questions.run("A client.", "here", connect)
"""
    assert run_python(code) == "scores.csv\n"
    found = np.loadtxt(tmp_path / "scores.csv", delimiter=",", skiprows=1)
    rows = np.arange(40)
    np.testing.assert_array_equal(found[:, 0], rows)
    expected = rows / 4 + 2 * rows + 100 * (rows % 2)
    np.testing.assert_array_equal(found[:, 1], expected)


def test_rows_out_of_range_are_said(kit, run_python, tmp_path):
    clients = shutil.copytree(kit / "clients", tmp_path / "clients")
    number = {"dtype": "float32", "shape": [None]}
    score = {
        "inputs": {"x": {"dtype": "float32", "shape": [None, 1]}},
        "outputs": {"score": number, "kl": number},
    }
    model = {
        "value_range": [0.0, 1.0],
        "num_classes": None,
        "columns": ["a"],
        "class_names": None,
        "label_column": None,
        "signatures": {"score": score},
    }
    (clients / "models.json").write_text(json.dumps({"pets": model}))
    (tmp_path / "new.csv").write_text(
        "a\n" + "0.5\n" * 18 + "255\n" + "1\n" * 13 + "255\n"
    )
    code = f"""
import contextlib
import sys
sys.path.insert(0, {str(clients)!r})
sys.argv = ["client", "--score", "new.csv"]
import questions

def connect(server, model, version):

    def predict(signature, inputs):
        found = [a if a <= 1 else nan for a, in inputs["x"]]
        if found[0] != found[0]:  # the third request's only row
            raise questions.ServingError("no row of x lies within [0, 1]; ...")
        return {{"score": found, "kl": found}}

    return predict

nan = float("nan")
assert questions.unanswered({{"x": [[[0.0]], [[nan]]], "b": [b"", b""]}}) == [1]
with contextlib.redirect_stderr(sys.stdout):
    questions.run("A client.", "here", connect)
"""
    assert run_python(code).splitlines() == [
        "row 18 is outside [0.0, 1.0]: its score is NaN",
        "row 32 is outside [0.0, 1.0]: its score is NaN",
        "scores.csv",
    ]
