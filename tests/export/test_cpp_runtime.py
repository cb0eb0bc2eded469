import gc
import threading

import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import SavedModelSession, export_saved_model


@pytest.fixture(scope="module")
def session(exported):
    with SavedModelSession(exported) as session:
        yield session


def test_signatures(session):
    assert list(session.signatures) == [
        "decode",
        "encode",
        "generate",
        "serving_default",
    ]
    assert str(session.signatures["encode"].inputs["x"]) == (
        "float32(n, 4, 4, 1)"
    )
    assert list(session.signatures["encode"].outputs) == ["mean", "stddev"]


def test_same_answers_as_tensorflow_in_python(session, exported):
    latent = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    loaded = tf.saved_model.load(str(exported))
    expected = loaded.signatures["decode"](latent=tf.constant(latent))["x"]
    answer = session.run("decode", latent=latent)["x"]
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_empty_batch(session):
    assert session.run("decode", latent=np.zeros((0, 3)))["x"].shape == (
        0,
        4,
        4,
        1,
    )


def test_memory_layout_of_the_array_does_not_matter(session):
    x = np.random.default_rng(0).random((4, 4, 1, 6)).astype("float32")
    turned = x.transpose(3, 1, 0, 2)
    np.testing.assert_array_equal(
        session.run("encode", x=turned)["mean"],
        session.run("encode", x=turned.copy())["mean"],
    )


@pytest.mark.parametrize(
    "name, arrays, message",
    [
        ("sing", {}, "Expected a signature out of"),
        ("decode", {}, r"expected the inputs \['latent'\], got \[\]"),
        ("decode", {"x": [1.0]}, r"expected the inputs \['latent'\]"),
        ("decode", {"latent": [[1.0, 2.0]]}, r"got an array of shape \(1, 2\)"),
        ("generate", {"seed": [1.5]}, "got float64"),
        ("generate", {"seed": 1}, r"shape \(\)"),
    ],
)
def test_wrong_inputs(session, name, arrays, message):
    with pytest.raises(ValueError, match=message):
        session.run(name, **arrays)


def test_runtime_errors_name_the_signature(stand_in, tmp_path):
    import keras

    def picky(x):
        good = tf.reduce_all(x < 100.0)
        check = tf.debugging.Assert(good, ["too large"])
        with tf.control_dependencies([check]):
            return {"y": tf.identity(x)}

    inputs = {"x": keras.KerasTensor((None, 4), "float32")}
    model = stand_in.WithEndpoint("picky", picky, inputs)
    model.data_range = None
    with SavedModelSession(export_saved_model(model, tmp_path)) as session:
        assert session.run("picky", x=np.ones((2, 4)))["y"].shape == (2, 4)
        with pytest.raises(RuntimeError, match="'picky' failed.*too large"):
            session.run("picky", x=np.full((2, 4), 1000.0))


def test_no_saved_model(tmp_path):
    with pytest.raises(ValueError, match="saved_model.pb"):
        SavedModelSession(tmp_path)


def test_a_broken_saved_model_is_the_loaders_error(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"no protobuf")
    with pytest.raises(RuntimeError, match="the C\\+\\+ loader refused"):
        SavedModelSession(tmp_path)


def test_closed(exported):
    session = SavedModelSession(exported)
    session.close()
    session.close()
    with pytest.raises(ValueError, match="closed"):
        session.run("generate", seed=[1])


def test_threads(session):
    expected = session.run("generate", seed=np.arange(8))["x"]
    answers = {}

    def ask(thread):
        for _ in range(20):
            answers[thread] = session.run("generate", seed=[thread])["x"]

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for thread in range(8):
        np.testing.assert_allclose(
            answers[thread][0], expected[thread], atol=1e-6
        )


def test_calls_free_their_memory(session):
    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    x = np.zeros((20_000, 4, 4, 1), "float32")  # 1.3 MB in, 0.5 MB out
    for _ in range(20):
        session.run("encode", x=x)
    before = resident()
    for _ in range(200):
        session.run("encode", x=x)
    assert resident() - before < 60e6  # a leak would hold 360 MB
