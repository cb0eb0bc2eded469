"""A saved model goes on in another process as if nothing had happened."""

import numpy as np
import pytest

GO_ON = """
import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("conformance", {conftest!r})
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

out = {{}}
for name in {names}:
    model = keras.models.load_model(name + ".keras")
    x, y = data[name + ".x"], data.get(name + ".y")
    head = x[:5], y if y is None else y[:5]
    for key, array in conftest.answer(model, *head).items():
        out[f"{{name}}.{{key}}"] = array
    out[f"{{name}}.sample"] = model.sample(3, seed=1)
    for i, variable in enumerate(model.optimizer.variables):
        out[f"{{name}}.optimizer.{{i}}"] = variable.numpy()
    for i, weight in enumerate(model.get_weights()):
        out[f"{{name}}.loaded.{{i}}"] = weight
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    for i, weight in enumerate(model.get_weights()):
        out[f"{{name}}.end.{{i}}"] = weight
np.savez("out.npz", **out)
"""


@pytest.mark.xdist_group("trained_on_40_rows")
def test_keras_file_in_a_new_process(
    families, trained_on_40_rows, answers, run_with_data, tmp_path
):
    wanted, arrays = {}, {}
    for case in families:
        name = case.name
        x, y = case.data(40)
        model = trained_on_40_rows(case).model
        model.save(tmp_path / f"{name}.keras")
        head = answers(model, x[:5], None if y is None else y[:5])
        wanted |= {f"{name}.{key}": array for key, array in head.items()}
        wanted[f"{name}.sample"] = model.sample(3, seed=1)
        state = [v.numpy() for v in model.optimizer.variables]
        assert any(np.any(v != 0) for v in state)
        add(wanted, f"{name}.optimizer", state)
        add(wanted, f"{name}.loaded", model.get_weights())
        model.fit(x, y, batch_size=16, epochs=2, verbose=0)
        add(wanted, f"{name}.end", model.get_weights())
        arrays[f"{name}.x"] = x
        if y is not None:
            arrays[f"{name}.y"] = y
    names = [case.name for case in families]
    conftest = __file__.replace("test_saving.py", "conftest.py")
    run_with_data(GO_ON.format(names=names, conftest=conftest), arrays)
    came = np.load(tmp_path / "out.npz")
    assert set(came) == set(wanted)
    for key in wanted:
        np.testing.assert_array_equal(came[key], wanted[key], key)


def add(arrays, name, values):
    arrays |= {f"{name}.{i}": value for i, value in enumerate(values)}


def test_weights_file(case, built, tmp_path):
    model, other = built(case), case.build(seed=1)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
