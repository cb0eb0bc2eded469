"""Strings in the C++ runtime: what the bytes are must not matter."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import SavedModelSession

# Short strings lie within TF_TString, longer ones on the heap.
STRINGS = [
    b"",
    b"\0",
    b"ends in zeros\0\0",
    b"a" * 22,
    b"b" * 23,
    b"\xff\x00" * 50_000,
]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    class Strings(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec((None,), tf.string, "file_bytes")]
        )
        def double(self, file_bytes):
            return {
                "same_bytes": tf.identity(file_bytes),
                "twice_bytes": file_bytes + file_bytes,
                "size": tf.strings.length(file_bytes),
            }

        @tf.function(
            input_signature=[tf.TensorSpec((None, 2), tf.string, "pairs")]
        )
        def swap(self, pairs):
            return {"pairs": pairs[:, ::-1]}

    path = str(tmp_path_factory.mktemp("strings"))
    module = Strings()
    signatures = {"double": module.double, "swap": module.swap}
    tf.saved_model.save(module, path, signatures=signatures)
    with SavedModelSession(path) as session:
        yield session


def test_bytes_come_back_as_they_went(session):
    answers = session.run("double", file_bytes=STRINGS)
    assert answers["same_bytes"].tolist() == STRINGS
    assert answers["twice_bytes"].tolist() == [2 * s for s in STRINGS]
    assert answers["size"].tolist() == [0, 1, 15, 22, 23, 100_000]
    assert answers["same_bytes"].dtype == object


def test_order_of_several_dimensions(session):
    pairs = np.array([[b"a", b"b"], [b"c", b"d"], [b"e", b"f"]], object)
    swapped = session.run("swap", pairs=pairs)["pairs"]
    assert swapped.tolist() == [[b"b", b"a"], [b"d", b"c"], [b"f", b"e"]]
    transposed = np.array([[b"a", b"c"], [b"b", b"d"]], object).T
    swapped = session.run("swap", pairs=transposed)["pairs"]
    assert swapped.tolist() == [[b"b", b"a"], [b"d", b"c"]]


def test_no_rows(session):
    assert session.run("double", file_bytes=[])["twice_bytes"].shape == (0,)


def test_text_is_no_bytes(session):
    with pytest.raises(ValueError, match="got str. Pass bytes"):
        session.run("double", file_bytes=["text"])


def test_strings_free_their_memory(session):
    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    strings = [b"x" * 100_000] * 10  # 1 MB in, 3 MB out
    for _ in range(20):
        session.run("double", file_bytes=strings)
    before = resident()
    for _ in range(100):
        session.run("double", file_bytes=strings)
    assert resident() - before < 40e6  # a leak of the inputs would hold 100 MB
