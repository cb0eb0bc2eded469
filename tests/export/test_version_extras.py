"""What lies beside the graph: requests, warm-up, batching parameters."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)
from tensorflow_serving.apis import prediction_log_pb2

import tfgen
from tfgen.export import export_saved_model
from tfgen.export.manifest import read_manifest


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    model = tfgen.build(
        "vae_gan",
        input_shape=(8, 8, 1),
        latent_dim=3,
        network="mlp",
        num_classes=3,
    )
    base = tmp_path_factory.mktemp("serving") / "digits"
    run = {"seed": 7, "metrics": {"loss": 1.5}}
    return export_saved_model(model, base, run=run)


@pytest.fixture(scope="module")
def served(version):
    return tf.saved_model.load(str(version)).signatures


def request(version, signature):
    path = version / "assets.extra" / "requests" / f"{signature}.json"
    return json.loads(path.read_text())


def warm_up(version):
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(path)):
        yield prediction_log_pb2.PredictionLog.FromString(record.numpy())


def test_one_warm_up_request_for_each_signature(version, served):
    logs = list(warm_up(version))
    assert {log.WhichOneof("log_type") for log in logs} == {"predict_log"}
    specs = [log.predict_log.request.model_spec for log in logs]
    assert sorted(spec.signature_name for spec in specs) == sorted(served)
    assert {spec.name for spec in specs} == {"digits"}


def test_warm_up_requests_are_answered(version, served):
    for log in warm_up(version):
        asked = log.predict_log.request
        assert not asked.output_filter
        tensors = {
            name: tf.constant(tf.make_ndarray(tensor))
            for name, tensor in asked.inputs.items()
        }
        answer = served[asked.model_spec.signature_name](**tensors)
        assert {len(value) for value in answer.values()} == {1}


def from_json(value):
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return value


def test_example_requests_have_the_expected_answers(version, served):
    file = version / "assets.extra" / "expected_answers.npz"
    with np.load(file, allow_pickle=False) as answers:
        for name in set(served) - {"serving_default"}:
            body = request(version, name)
            assert body["signature_name"] == name
            (row,) = body["instances"]
            _, specs = served[name].structured_input_signature
            answer = served[name](
                **{
                    key: tf.constant([from_json(row[key])], spec.dtype)
                    for key, spec in specs.items()
                }
            )
            for key, value in answer.items():
                expected = answers[f"{name}/1/outputs/{key}"]
                if key.endswith("_bytes"):
                    value = tf.io.decode_png(value[0])
                    expected = tf.io.decode_png(expected[0])
                    value, expected = (
                        np.int32(levels) / 255 for levels in (value, expected)
                    )
                    np.testing.assert_allclose(value, expected, atol=0.0040)
                else:
                    scale = max(1, np.abs(expected).max())
                    np.testing.assert_allclose(
                        value / scale, expected / scale, atol=1e-5
                    )


def test_manifest_describes_model_run_and_requests(version):
    manifest = read_manifest(version)
    assert manifest["run"] == {"seed": 7, "metrics": {"loss": 1.5}}
    assert manifest["model"] == "VAEGAN"
    assert manifest["data_shape"] == [8, 8, 1]
    assert manifest["value_range"] == [0.0, 1.0]
    assert (manifest["num_classes"], manifest["latent_dim"]) == (3, 3)
    for signature in manifest["signatures"].values():
        assert signature["request"] in manifest["files"]
    decode = manifest["signatures"]["decode_png"]
    assert decode["inputs"]["latent"]["shape"] == [None, 3]
    assert decode["outputs"]["image_bytes"]["dtype"] == "string"
    assert decode["outputs"]["image_bytes"]["shape"] == [None]


def test_batching_parameters_parse(version):
    """By the fields that TensorFlow Serving documents for them."""
    types = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="batching.proto",
        package="serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
    )
    message = file.message_type.add(name="BatchingParameters")
    names = (
        "max_batch_size",
        "batch_timeout_micros",
        "max_enqueued_batches",
        "num_batch_threads",
    )
    for number, name in enumerate(names, start=1):
        message.field.add(
            name=name,
            number=number,
            label=types.LABEL_OPTIONAL,
            type=types.TYPE_MESSAGE,
            type_name=".google.protobuf.Int64Value",
        )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    parameters = message_factory.GetMessageClass(
        pool.FindMessageTypeByName("serving.BatchingParameters")
    )()
    text_format.Parse(
        (version / "batching_params.pbtxt").read_text(), parameters
    )
    assert parameters.max_batch_size.value >= 33
    assert parameters.batch_timeout_micros.value > 0
    assert not parameters.HasField("num_batch_threads")


def test_batching_parameters_may_be_changed(stand_in, tmp_path):
    path = export_saved_model(stand_in.StandIn(), tmp_path)
    (path / "batching_params.pbtxt").write_text("max_batch_size { value: 8 }")
    read_manifest(path)
    (path / "assets.extra" / "requests" / "decode.json").write_text("{}")
    with pytest.raises(ValueError, match="decode.json is not as it was"):
        read_manifest(path)
