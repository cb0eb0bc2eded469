"""`case` is each model in turn, `few` a choice of them."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

# Without packages in tests/, a file finds its neighbour by its path.
_path = pathlib.Path(__file__).with_name("models.py")
_spec = importlib.util.spec_from_file_location("conformance_models", _path)
models = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = models
_spec.loader.exec_module(models)

IN_NEW_PROCESS = """
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
import keras
import tfgen

seed = 0
data = dict(np.load("data.npz"))
"""


def pytest_configure(config):
    # Keras 3.15 turns its variables into arrays in NumPy 1's way, on saving.
    config.addinivalue_line(
        "filterwarnings",
        "ignore:__array__ implementation doesn't accept a copy"
        ":DeprecationWarning",
    )


@pytest.fixture(params=models.CASES, ids=lambda case: case.name)
def case(request):
    return request.param


@pytest.fixture(params=models.FEW, ids=lambda case: case.name)
def few(request):
    return request.param


@pytest.fixture(
    params=[c for c in models.FEW if "resnet" not in c.name],
    ids=lambda case: case.name,
)
def fewer(request):
    """Without the residual network, whose two replicas compile for long."""
    return request.param


@pytest.fixture(params=models.SERVED, ids=lambda case: case.name)
def served(request):
    return request.param


@pytest.fixture(scope="session")
def served_cases():
    return models.SERVED


@pytest.fixture(scope="session")
def first():
    """The smallest model."""
    return models.CASES[0]


@pytest.fixture(scope="session")
def few_cases():
    return models.FEW


@pytest.fixture
def run_with_data(run_python, tmp_path):
    """Runs code in a new process that has `data`, `keras` and `tfgen`.

    Every new process costs seconds, so one takes all models.
    """

    def run(code, arrays):
        np.savez(tmp_path / "data.npz", **arrays)
        return run_python(IN_NEW_PROCESS + code)

    return run


def make_inputs(model, endpoint, x, y=None):
    """Inputs of an endpoint, as many rows as `x` has."""
    random = np.random.default_rng(7)
    rows = len(x)
    latents = np.float32(random.normal(size=(2, rows, model.latent_dim)))
    inputs = {
        "x": x,
        "x_start": x,
        "x_end": x[::-1],
        "label": y,
        "latent": latents[0],
        "latent_start": latents[0],
        "latent_end": latents[1],
        "weight": np.float32(random.uniform(size=rows)),
        "temperature": np.float32(random.uniform(0.5, 1.5, rows)),
        "truncation": np.float32(random.uniform(0.5, 3, rows)),
        "seed": random.integers(-(2**62), 2**62, rows),
    }
    return {key: inputs[key] for key in endpoint.inputs}


def answer(model, x, y=None):
    """What a model answers at each endpoint, as a flat dict of arrays."""
    return {
        f"{name}.{key}": array
        for name, endpoint in model.endpoints().items()
        for key, array in model.run_endpoint(
            name, make_inputs(model, endpoint, x, y)
        ).items()
    }


@pytest.fixture(scope="session")
def inputs_of():
    return make_inputs


@pytest.fixture(scope="session")
def answers():
    return answer
