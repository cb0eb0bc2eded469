"""The gRPC interface, asked by TensorFlow Serving's own Python package."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)


@pytest.fixture
def predict(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def predict(signature, inputs, name="shouter", version=None, label=None):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = name
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        if label is not None:
            request.model_spec.version_label = label
        for key, value in inputs.items():
            if not isinstance(value, tensor_pb2.TensorProto):
                value = tf.make_tensor_proto(value)
            request.inputs[key].CopyFrom(value)
        return stub.Predict(request, timeout=30)

    return predict


def test_predict(predict, in_python):
    x = np.random.default_rng(0).random((5, 4, 4, 1)).astype("float32")
    response = predict("encode", {"x": x})
    expected = in_python.signatures["encode"](x=tf.constant(x))
    assert set(response.outputs) == {"mean", "stddev"}
    for name, tensor in response.outputs.items():
        np.testing.assert_allclose(
            tf.make_ndarray(tensor), expected[name], atol=1e-6
        )
    assert response.model_spec.name == "shouter"
    assert response.model_spec.version.value == 2
    assert response.model_spec.signature_name == "encode"


def test_strings_and_integers(predict):
    inputs = {
        "text_bytes": [b"\0 a", b"b"],
        "number": np.array([3, 4], "int64"),
    }
    outputs = predict("shout", inputs).outputs
    assert tf.make_ndarray(outputs["loud_bytes"]).tolist() == [b"\0 a!", b"b!"]
    assert tf.make_ndarray(outputs["half"]).tolist() == [1.5, 2.0]


def test_values_in_typed_fields(predict):
    """As clients in other languages fill them; the last one is repeated."""
    tensor = tf.make_tensor_proto([1], tf.int64)
    tensor.tensor_shape.dim[0].size = 3
    texts = tf.make_tensor_proto([b"a", b"b", b"c"])
    outputs = predict("shout", {"number": tensor, "text_bytes": texts}).outputs
    assert tf.make_ndarray(outputs["half"]).tolist() == [0.5, 0.5, 0.5]
    latent = tf.make_tensor_proto([[0.5, 1.0, 2.0]])
    latent.float_val.extend([0.5, 1.0, 2.0])
    latent.ClearField("tensor_content")
    (answer,) = predict("decode", {"latent": latent}).outputs.values()
    packed = predict("decode", {"latent": np.float32([[0.5, 1.0, 2.0]])})
    assert list(answer.float_val) == list(packed.outputs["x"].float_val)


def test_versions_and_labels(predict):
    inputs = {"seed": np.array([1])}
    by_number = predict("", inputs, version=1)
    by_label = predict("", inputs, label="stable")
    newest = predict("", inputs)
    assert by_number == by_label
    assert by_number.model_spec.version.value == 1
    assert by_number.model_spec.signature_name == "serving_default"
    assert newest.outputs["x"] != by_number.outputs["x"]


SEED = {"seed": np.array([1])}


@pytest.mark.parametrize(
    "signature, inputs, options, code, details",
    [
        (
            "",
            SEED,
            {"name": "nobody"},
            "NOT_FOUND",
            "Servable not found for request: Latest(nobody)",
        ),
        (
            "",
            SEED,
            {"version": 9},
            "NOT_FOUND",
            "Servable not found for request: Specific(shouter, 9)",
        ),
        (
            "",
            SEED,
            {"label": "gold"},
            "INVALID_ARGUMENT",
            "Unrecognized servable version label: gold",
        ),
        ("", SEED, {"name": ""}, "INVALID_ARGUMENT", "Missing ModelSpec"),
        (
            "sing",
            SEED,
            {},
            "FAILED_PRECONDITION",
            'Serving signature key "sing" not found.',
        ),
        (
            "",
            {"see": np.array([1])},
            {},
            "INVALID_ARGUMENT",
            "input size does not match signature: 1!=1 len({see}) != "
            "len({seed}). Sent extra: {see}. Missing but required: {seed}.",
        ),
        (
            "",
            {"seed": np.array([1], "int32")},
            {},
            "INVALID_ARGUMENT",
            "Expects arg[0] to be int64 but int32 is provided",
        ),
        (
            "decode",
            {"latent": np.ones((1, 3))},
            {},
            "INVALID_ARGUMENT",
            "Expects arg[0] to be float but double is provided",
        ),
    ],
)
def test_refused(predict, signature, inputs, options, code, details):
    with pytest.raises(grpc.RpcError) as error:
        predict(signature, inputs, **options)
    assert error.value.code().name == code
    assert error.value.details() == details


def test_a_tensor_of_the_wrong_size(predict):
    tensor = tf.make_tensor_proto([1.0, 2.0, 3.0])
    tensor.tensor_shape.dim.add(size=5)
    with pytest.raises(grpc.RpcError, match="tensor parsing error: latent"):
        predict("decode", {"latent": tensor})


def test_output_filter(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = predict_pb2.PredictRequest(output_filter=["stddev"])
    request.model_spec.name = "shouter"
    request.model_spec.signature_name = "encode"
    x = np.zeros((1, 4, 4, 1), "float32")
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(x))
    assert list(stub.Predict(request).outputs) == ["stddev"]
    request.output_filter.append("variance")
    with pytest.raises(grpc.RpcError, match="alias not found.*mean,stddev"):
        stub.Predict(request)


def test_metadata(channel, served_base):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "shouter"
    with pytest.raises(grpc.RpcError, match="INVALID_ARGUMENT"):
        stub.GetModelMetadata(request)
    request.metadata_field.append("signature_def")
    response = stub.GetModelMetadata(request)
    assert response.model_spec.version.value == 2
    found = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(found)
    content = (served_base / "2" / "saved_model.pb").read_bytes()
    meta_graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]
    for name, signature in found.signature_def.items():
        expected = meta_graph.signature_def[name]
        assert signature.inputs == expected.inputs
        assert signature.outputs == expected.outputs
        assert signature.method_name == expected.method_name
    assert len(found.signature_def) == 5


def test_status(channel):
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "shouter"
    response = stub.GetModelStatus(request)
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert [
        (status.version, status.state, status.status.error_code)
        for status in response.model_version_status
    ] == [(2, available, 0), (1, available, 0)]
    request.model_spec.name = "nobody"
    with pytest.raises(grpc.RpcError, match="Could not find any versions"):
        stub.GetModelStatus(request)


def test_what_is_not_offered(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
        stub.Classify(classification_pb2.ClassificationRequest())
