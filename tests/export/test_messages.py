"""The messages against those of TensorFlow and tensorflow-serving-api."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    prediction_log_pb2,
)

from tfgen.export.messages import message_class
from tfgen.export.tensor_conversion import (
    read_tensor,
    write_tensor,
)


def fields(descriptor, seen=None):
    """{message.field: (number, type, repeated)}, of all that it refers to."""
    seen = {} if seen is None else seen
    for field in descriptor.fields:
        key = f"{descriptor.full_name}.{field.name}"
        if key in seen:
            continue
        kinds = {
            getattr(type(field), name): name
            for name in dir(type(field))
            if name.startswith("TYPE_")
        }
        kind = kinds[field.type]
        seen[key] = (
            field.number,
            kind,
            field.is_repeated,
        )
        if field.enum_type is not None:
            values = field.enum_type.values
            seen.update({(key, value.name): value.number for value in values})
        if field.message_type is not None:
            fields(field.message_type, seen)
    return seen


@pytest.mark.parametrize(
    "theirs",
    [
        tensor_pb2.TensorProto,
        meta_graph_pb2.MetaGraphDef,
        predict_pb2.PredictRequest,
        predict_pb2.PredictResponse,
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
        get_model_metadata_pb2.SignatureDefMap,
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
        prediction_log_pb2.PredictionLog,
    ],
    ids=lambda theirs: theirs.DESCRIPTOR.name,
)
def test_fields_are_theirs(theirs):
    mine = message_class(theirs.DESCRIPTOR.name)
    assert mine.DESCRIPTOR.full_name == theirs.DESCRIPTOR.full_name
    expected = fields(theirs.DESCRIPTOR)
    found = fields(mine.DESCRIPTOR)
    assert found
    assert {key: expected.get(key) for key in found} == found


ARRAYS = [
    np.array([[1.5, -2.0], [np.inf, 0.25]], "float32"),
    np.array([0.1, 0.2], "float64"),
    np.array([1.5, -0.25], "float16"),
    np.array([-(2**62), 5], "int64"),
    np.array([-3, 7], "int32"),
    np.array([-3, 7], "int8"),
    np.array([-300, 7], "int16"),
    np.array([200, 7], "uint8"),
    np.array([60_000, 7], "uint16"),
    np.array([2**32 - 1], "uint32"),
    np.array([2**64 - 1], "uint64"),
    np.array([True, False]),
    np.array([b"\0\xff", b"a"], object),
    np.zeros((0, 3), "float32"),
]
NAMES = [f"{array.dtype}{array.shape}" for array in ARRAYS]


@pytest.mark.parametrize("array", ARRAYS, ids=NAMES)
def test_tensors_are_read_by_tensorflow(array):
    theirs = tensor_pb2.TensorProto.FromString(
        write_tensor(array).SerializeToString()
    )
    read = tf.make_ndarray(theirs)
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("array", ARRAYS, ids=NAMES)
def test_tensors_of_tensorflow_are_read(array):
    theirs = tf.make_tensor_proto(array)
    mine = message_class("TensorProto").FromString(theirs.SerializeToString())
    read = read_tensor("x", mine)
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)
