import hashlib
import json

import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import export_saved_model


def test_signatures_are_the_endpoints(exported):
    loaded = tf.saved_model.load(str(exported))
    assert set(loaded.signatures) == {
        "decode",
        "encode",
        "generate",
        "serving_default",
    }
    _, inputs = loaded.signatures["serving_default"].structured_input_signature
    assert inputs == {"seed": tf.TensorSpec((None,), "int64", name="seed")}


def test_no_generate_the_first_endpoint_is_the_default(stand_in, tmp_path):
    class OnlyDecode(stand_in.StandIn):
        def endpoints(self):
            return {"decode": super().endpoints()["decode"]}

    path = export_saved_model(OnlyDecode(), tmp_path)
    manifest = json.loads((path / "assets.extra/manifest.json").read_text())
    assert manifest["signatures"]["serving_default"]["endpoint"] == "decode"


def test_each_weight_is_stored_once(model, exported):
    stored = sum(f.stat().st_size for f in (exported / "variables").iterdir())
    assert 4 * model.count_params() <= stored
    assert stored <= 1.1 * 4 * model.count_params()


def test_extra_files_leave_the_servers_alone(exported):
    names = {path.name for path in (exported / "assets.extra").iterdir()}
    assert names == {
        "expected_answers.npz",
        "manifest.json",
        "requests",
        "tf_serving_warmup_requests",
    }
    assert {path.name for path in exported.iterdir()} == {
        "assets",
        "assets.extra",
        "batching_params.pbtxt",
        "fingerprint.pb",
        "saved_model.pb",
        "variables",
    }


def test_manifest(exported):
    manifest = json.loads((exported / "assets.extra/manifest.json").read_text())
    assert manifest["versions"]["tensorflow"] == tf.__version__
    assert manifest["model"] == "StandIn"
    encode = manifest["signatures"]["encode"]
    assert encode["inputs"]["x"]["shape"] == [None, 4, 4, 1]
    assert encode["outputs"]["stddev"]["dtype"] == "float32"
    content = (exported / "saved_model.pb").read_bytes()
    assert (
        manifest["files"]["saved_model.pb"]
        == hashlib.sha256(content).hexdigest()
    )
    assert "variables/variables.data-00000-of-00001" in manifest["files"]


def test_expected_answers(stand_in, tmp_path):
    model = stand_in.StandIn(num_classes=3)
    model.data_range = (-1.0, 1.0)
    path = export_saved_model(model, tmp_path)
    with np.load(path / "assets.extra/expected_answers.npz") as answers:
        x = answers["encode/8/inputs/x"]
        assert x.shape == (8, 4, 4, 1) and x.dtype == np.float32
        assert -1 <= x.min() < -0.5 and 0.5 < x.max() <= 1
        assert set(answers["encode/8/inputs/label"]) == {0, 1, 2}
        assert answers["generate/3/inputs/seed"].dtype == np.int64
        latent = answers["decode/3/inputs/latent"]
        assert latent.min() < 0
        direct = model._decode(
            tf.constant(latent), answers["decode/3/inputs/label"]
        )
        np.testing.assert_allclose(
            answers["decode/3/outputs/x"], direct["x"], atol=1e-6
        )


def test_nan_answers_are_refused(model, tmp_path):
    kernel = model.decoder.layers[0].kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(ValueError, match="answers NaN in 'x'"):
        export_saved_model(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_plain_keras_model_is_refused(tmp_path):
    import keras

    with pytest.raises(ValueError, match="Pass a tfgen model"):
        export_saved_model(keras.Sequential(), tmp_path)


@pytest.mark.parametrize("name", ["signatures", "variables", "a b"])
def test_names_that_break_the_archive_are_refused(stand_in, tmp_path, name):
    decode = stand_in.StandIn().endpoints()["decode"]
    model = stand_in.WithEndpoint(name, decode.function, decode.inputs)
    with pytest.raises(ValueError, match=f"Endpoint '{name}' cannot"):
        export_saved_model(model, tmp_path)
