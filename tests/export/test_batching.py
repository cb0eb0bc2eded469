"""Merged requests, against TensorFlow's own batching from Python."""

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import SavedModelSession, export_saved_model
from tfgen.export.batching import BatchingParameters, BatchingSession
from tfgen.export.cpp_runtime import RuntimeFailure

MERGING = BatchingParameters(
    max_batch_size=64,
    batch_timeout_micros=200_000,
    num_batch_threads=2,
    max_enqueued_batches=1000,
)
UNAVAILABLE = 14


def open_session(path, parameters=MERGING):
    return BatchingSession(SavedModelSession(path), parameters)


def at_once(calls):
    """Runs functions in threads that start together; returns the answers."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def call(position):
        barrier.wait()
        try:
            answers[position] = calls[position]()
        except RuntimeError as error:
            answers[position] = error

    threads = [
        threading.Thread(target=call, args=(i,)) for i in range(len(calls))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture(scope="module")
def batch_size_model(tmp_path_factory):
    """A signature that tells how many rows came with a row."""

    class BatchSize(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None,), "int64", "x")])
        def serve(self, x):
            rows = tf.fill(tf.shape(x), tf.shape(x)[0])
            return {"x": tf.identity(x), "rows": rows}

    path = str(tmp_path_factory.mktemp("batch_size"))
    module = BatchSize()
    tf.saved_model.save(module, path, signatures={"serve": module.serve})
    return path


def test_a_thousand_requests_get_their_own_answers(exported):
    generator = np.random.default_rng(0)
    sizes = generator.integers(1, 9, 1000)
    images = [generator.random((n, 4, 4, 1)).astype("float32") for n in sizes]
    # The model in Python, one request at a time, is the other program.
    model = tf.saved_model.load(str(exported))
    alone = model.signatures["encode"]
    with open_session(exported) as session:
        answers = at_once(
            [lambda x=x: session.run("encode", x=x) for x in images]
        )
    for x, answer in zip(images, answers, strict=True):
        for name, value in alone(x=tf.constant(x)).items():
            np.testing.assert_allclose(answer[name], value, atol=1e-6)


def test_the_scheduler_of_tensorflow_in_python_agrees(exported):
    """`tf.nondifferentiable_batch_function` around the same signature."""
    model = tf.saved_model.load(str(exported))

    @tf.nondifferentiable_batch_function(2, 64, 200_000)
    def batched(latent):
        return model.signatures["decode"](latent=latent)["x"]

    generator = np.random.default_rng(1)
    latents = [
        generator.normal(size=(n, 3)).astype("float32")
        for n in generator.integers(1, 9, 50)
    ]
    expected = at_once([lambda z=z: batched(tf.constant(z)) for z in latents])
    with open_session(exported) as session:
        answers = at_once(
            [lambda z=z: session.run("decode", latent=z) for z in latents]
        )
    for answer, wanted in zip(answers, expected, strict=True):
        np.testing.assert_allclose(answer["x"], wanted.numpy(), atol=1e-6)


def test_requests_are_merged_up_to_the_size(batch_size_model):
    with open_session(batch_size_model) as session:
        session.run("serve", x=[0])
        answers = at_once(
            [lambda i=i: session.run("serve", x=[i]) for i in range(128)]
        )
    assert [answer["x"].tolist() for answer in answers] == [
        [i] for i in range(128)
    ]
    rows = [int(answer["rows"][0]) for answer in answers]
    assert max(rows) <= 64
    assert np.mean(rows) > 8


def test_batches_are_padded_to_the_allowed_sizes(batch_size_model):
    parameters = BatchingParameters(
        max_batch_size=12, allowed_batch_sizes=(5, 12)
    )
    with open_session(batch_size_model, parameters) as session:
        answer = session.run("serve", x=[7, 8, 9])
        assert answer["x"].tolist() == [7, 8, 9]
        assert answer["rows"].tolist() == [5, 5, 5]
        assert session.run("serve", x=range(6))["rows"].tolist() == [12] * 6


def test_too_long_a_request_is_refused_in_tensorflows_words(batch_size_model):
    with open_session(batch_size_model) as session:
        with pytest.raises(
            RuntimeFailure, match="Task size 65 is larger than maximum"
        ) as error:
            session.run("serve", x=range(65))
    assert error.value.code == 3


def test_too_many_requests_are_refused(batch_size_model):
    parameters = BatchingParameters(
        max_batch_size=1, num_batch_threads=1, max_enqueued_batches=1
    )
    with open_session(batch_size_model, parameters) as session:
        session.run("serve", x=[0])
        answers = at_once(
            [lambda i=i: session.run("serve", x=[i]) for i in range(64)]
        )
    refused = [a for a in answers if isinstance(a, RuntimeFailure)]
    assert refused and {error.code for error in refused} == {UNAVAILABLE}


def test_a_request_without_rows(exported):
    with open_session(exported) as session:
        answer = session.run("decode", latent=np.zeros((0, 3)))
    assert answer["x"].shape == (0, 4, 4, 1)


def test_inputs_of_different_lengths(stand_in, tmp_path):
    inputs = {
        name: keras.KerasTensor((None,), "float32") for name in ("a", "b")
    }
    model = stand_in.WithEndpoint("add", lambda a, b: {"y": a + b}, inputs)
    with open_session(export_saved_model(model, tmp_path)) as session:
        assert session.run("add", a=[1.0, 2.0], b=[3.0, 5.0])["y"].tolist() == [
            4.0,
            7.0,
        ]
        with pytest.raises(RuntimeFailure, match="equal 0th-dimension"):
            session.run("add", a=[1.0, 2.0], b=[3.0])


@pytest.mark.parametrize(
    "values, message",
    [
        ({"max_batch_size": 0}, "max_batch_size .* at least 1, got 0"),
        ({"batch_timeout_micros": -1}, "batch_timeout_micros .* least 0"),
        (
            {"max_batch_size": 8, "allowed_batch_sizes": (2, 4)},
            "end with max_batch_size, 8; got",
        ),
        (
            {"max_batch_size": 8, "allowed_batch_sizes": (4, 2, 8)},
            "to be ascending",
        ),
    ],
)
def test_refused_parameters(values, message):
    with pytest.raises(ValueError, match=message):
        BatchingParameters(**values)
