import shutil

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfgen.export.development_server import DevelopmentServer
from tfgen.export.manifest import WARM_UP_FILE


class Shouter(tf.Module):
    """Every kind of input; answers depend on the version."""

    def __init__(self, seed):
        super().__init__()
        numbers = np.random.default_rng(seed).normal(size=(3, 16))
        self.kernel = tf.Variable(numbers.astype("float32"))

    def save(self, path):
        default = {"serving_default": self.generate}
        names = ("decode", "encode", "generate", "shout")
        signatures = default | {name: getattr(self, name) for name in names}
        tf.saved_model.save(self, str(path), signatures=signatures)

    @tf.function(input_signature=[tf.TensorSpec((None, 3), name="latent")])
    def decode(self, latent):
        flat = tf.sigmoid(latent @ self.kernel)
        return {"x": tf.reshape(flat, (-1, 4, 4, 1))}

    @tf.function(input_signature=[tf.TensorSpec((None, 4, 4, 1), name="x")])
    def encode(self, x):
        mean = tf.reshape(x, (-1, 16)) @ tf.transpose(self.kernel)
        return {"mean": mean, "stddev": tf.nn.softplus(mean)}

    @tf.function(input_signature=[tf.TensorSpec((None,), "int64", "seed")])
    def generate(self, seed):
        numbers = tf.cast(seed, "float32")[:, None]
        return self.decode(tf.sin(numbers * [[1.0, 2.0, 3.0]]))

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), "string", "text_bytes"),
            tf.TensorSpec((None,), "int64", "number"),
        ]
    )
    def shout(self, text_bytes, number):
        half = tf.cast(number, "float32") / 2.0
        return {"loud_bytes": text_bytes + b"!", "half": half}


@pytest.fixture(scope="session")
def served_base(tmp_path_factory):
    """The versions 1 and 2 of a model."""
    base = tmp_path_factory.mktemp("served") / "shouter"
    for version in (1, 2):
        Shouter(seed=version).save(base / str(version))
    return base


@pytest.fixture(scope="session")
def server(served_base):
    with DevelopmentServer(
        served_base, rest_port=0, grpc_port=0, labels={"stable": 1}
    ) as server:
        yield server


@pytest.fixture(scope="session")
def session(server):
    """One that keeps its connections."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def post(server, session):
    """`post(content, path=":predict")` -> (status, answer)."""

    def post(content, path=":predict"):
        keyword = "data" if isinstance(content, bytes) else "json"
        response = session.post(
            f"{server.rest_url}/v1/models/shouter{path}", **{keyword: content}
        )
        return response.status_code, response.json()

    return post


@pytest.fixture
def get(server, session):
    """`get(path)` -> (status, answer)."""

    def get(path):
        response = session.get(f"{server.rest_url}{path}")
        return response.status_code, response.json()

    return get


@pytest.fixture(scope="session")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


@pytest.fixture
def copied_base(served_base, tmp_path):
    """A base to change, with version 1 alone, and the folder of version 2."""
    base = tmp_path / "model"
    shutil.copytree(served_base / "1", base / "1")
    return base, served_base / "2"


@pytest.fixture(scope="session")
def in_python(served_base):
    """Version 2 in Python's TensorFlow: the other program."""
    return tf.saved_model.load(str(served_base / "2"))


@pytest.fixture
def write_warm_up():
    """`write_warm_up(version, signature, **inputs)`, by TensorFlow Serving."""

    def write(version, signature, **inputs):
        log = prediction_log_pb2.PredictionLog()
        request = log.predict_log.request
        request.model_spec.name = "model"
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(value)
        (version / "assets.extra").mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(version / WARM_UP_FILE)) as writer:
            writer.write(log.SerializeToString())

    return write
