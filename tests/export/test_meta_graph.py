"""Protocol buffers by hand, against Google's parser."""

import pytest
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfgen.export.meta_graph import parse_signatures, read_fields


def test_the_example_of_the_documentation():
    # 08 96 01: field 1, 150; 12 07 ...: field 2, "testing"
    message = bytes.fromhex("089601 12 07 74657374696e67")
    assert list(read_fields(message)) == [(1, 150), (2, b"testing")]


def test_every_wire_type():
    message = bytes.fromhex("09 0102030405060708 15 01020304 18 00")
    assert list(read_fields(message)) == [
        (1, bytes(range(1, 9))),
        (2, bytes(range(1, 5))),
        (3, 0),
    ]


def test_negative_numbers():
    message = bytes.fromhex("08 ff ff ff ff ff ff ff ff ff 01")
    assert list(read_fields(message)) == [(1, -1)]


@pytest.mark.parametrize("message", ["08", "0896", "1205 61", "0b", "15 01"])
def test_damaged(message):
    with pytest.raises(ValueError, match="protocol buffer"):
        list(read_fields(bytes.fromhex(message)))


def test_signatures_as_google_reads_them(exported):
    content = (exported / "saved_model.pb").read_bytes()
    meta_graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]
    found = parse_signatures(meta_graph.SerializeToString())
    assert len(found) == 4
    for name, signature in found.items():
        expected = meta_graph.signature_def[name]
        for mine, theirs in (
            (signature.inputs, expected.inputs),
            (signature.outputs, expected.outputs),
        ):
            assert list(mine) == sorted(theirs)
            for key, tensor in mine.items():
                info = theirs[key]
                assert tensor.tensor == info.name
                assert tensor.dtype == types_pb2.DataType.Name(
                    info.dtype
                ).lower().removeprefix("dt_").replace("float", "float32")
                assert [-1 if s is None else s for s in tensor.shape] == [
                    dim.size for dim in info.tensor_shape.dim
                ]


def test_unknown_rank_and_type():
    meta_graph = meta_graph_pb2.MetaGraphDef()
    info = meta_graph.signature_def["planted"].inputs["x"]
    info.name, info.dtype = "x:0", types_pb2.DT_COMPLEX64
    info.tensor_shape.unknown_rank = True
    (tensor,) = parse_signatures(meta_graph.SerializeToString())[
        "planted"
    ].inputs.values()
    assert str(tensor) == "unknown (8) of unknown rank"
