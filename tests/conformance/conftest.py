"""`case` is each model in turn, `few` a choice of them.

Building, tracing and training are dear, so the tests of a case share models
(`built`, `pair`) and run one after the other, in one worker.
"""

import dataclasses
import functools
import importlib.util
import pathlib
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

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


def each_case(fast=None):
    """Parameters of a fixture; those of a case have one worker.

    Cases that are not named in `fast` are slow tests.
    """
    group, is_slow = pytest.mark.xdist_group, [pytest.mark.slow]
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[
                group(case.name),
                *is_slow * bool(fast and case.name not in fast),
            ],
        )
        for case in models.CASES
    ]


@pytest.fixture(params=each_case())
def case(request):
    return request.param


@pytest.fixture(params=each_case(fast=models.VARIOUS))
def various(request):
    """`case`, but those that are made of parts of others are slow tests."""
    return request.param


@pytest.fixture(scope="session")
def built():
    """`built(case)` is a model with its initial weights, to be read only."""
    return functools.lru_cache(maxsize=2)(models.Case.build)


@dataclasses.dataclass
class Trained:
    """A model, what `fit` logged, and the weights at the end of it."""

    model: keras.Model
    logs: dict
    weights: list


@pytest.fixture(scope="session")
def train():
    """Trains a case for a few steps: `train(case, strategy, rows, ...)`."""

    def run(
        case, strategy, rows, optimizer=None, epochs=3, batch=64, **compiled
    ):
        with strategy.scope():
            model = case.build(seed=1)
            optimizer = optimizer or {}
            rate = 3e-4 if len(case.shape) == 3 else 1e-2
            model.compile(keras.optimizers.SGD(rate, **optimizer), **compiled)
        x, y = case.data(rows)
        held_out = case.data(rows // 2 + 1, seed=5)
        logs = model.fit(
            x,
            y,
            batch_size=batch,
            epochs=epochs,
            validation_data=held_out[0] if y is None else held_out,
            verbose=0,
        ).history
        return Trained(model, logs, model.get_weights())

    return run


@dataclasses.dataclass
class Pair:
    """The same training on one replica and on two."""

    case: models.Case
    one: Trained
    two: Trained


@pytest.fixture(scope="session")
def train_pair(train, two_replicas):
    @functools.lru_cache(maxsize=2)
    def run(case):
        # Packs are made of each replica's rows: of 17 and 16 one were left.
        rows = 64 + (36 if "packing" in case.code else 33)
        strategies = (tf.distribute.get_strategy(), two_replicas)
        return Pair(case, *(train(case, s, rows, epochs=2) for s in strategies))

    return run


@pytest.fixture(params=each_case(fast=models.ON_REPLICAS))
def pair(request, train_pair):
    """Each model, trained; to be asked and evaluated, not trained further."""
    return train_pair(request.param)


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


def fast(names, cases):
    """Parameters of a fixture; cases that are not named are slow tests."""
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.slow] * (case.name not in names),
        )
        for case in cases
    ]


@pytest.fixture(params=fast(models.FAMILIES, models.FEW))
def family(request):
    """`few`, but one of each family is a fast test, the others are slow."""
    return request.param


@pytest.fixture(params=fast(("gan_mlp",), models.FEW))
def one(request):
    """`few`, but a single one is a fast test, for what is dear."""
    return request.param


@pytest.fixture(params=fast(models.SERVED_FAST, models.SERVED))
def served(request):
    return request.param


def together(names, cases):
    """Parameters of a fixture: those that are named, and, slow, all."""
    named = [case for case in cases if case.name in names]
    return [
        pytest.param(named, id="few"),
        pytest.param(cases, id="all", marks=pytest.mark.slow),
    ]


@pytest.fixture(params=together(models.SERVED_FAST, models.SERVED))
def served_cases(request):
    return request.param


@pytest.fixture(scope="session")
def first():
    """The smallest model."""
    return models.CASES[0]


@pytest.fixture(params=together(models.FAMILIES, models.FEW))
def families(request):
    return request.param


@pytest.fixture(scope="session")
def trained_on_40_rows():
    """`trained_on_40_rows(case)`: six steps from the initial weights."""

    @functools.cache
    def run(case):
        model = case.build()
        model.compile()
        x, y = case.data(40)
        logs = model.fit(x, y, batch_size=16, epochs=2, verbose=0).history
        return Trained(model, logs, model.get_weights())

    return run


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
    if "codes" in endpoint.inputs:
        shape = (rows, *endpoint.inputs["codes"].shape[1:])
        inputs["codes"] = random.integers(0, model.num_codes, shape)
    return {key: inputs[key] for key in endpoint.inputs}


def answer(model, x, y=None, of=None):
    """What a model answers at each endpoint, as a flat dict of arrays.

    `of` names those that are asked, as far as the model has them.
    """
    return {
        f"{name}.{key}": array
        for name, endpoint in model.endpoints().items()
        if of is None or name in of
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
