"""A config holds all that makes a model, and is JSON."""

import inspect
import json

import keras
import numpy as np


def parameters(cls):
    """Names that `__init__` takes, `name` of Keras included."""
    names = list(inspect.signature(cls).parameters)
    assert names.pop() == "kwargs"
    return {*names, "name"}


def as_json(model):
    return json.loads(json.dumps(model.get_config()))


def shapes(model):
    return [tuple(weight.shape) for weight in model.weights]


def test_config_mirrors_the_arguments(case, built):
    model = built(case)
    assert set(model.get_config()) == parameters(type(model))


def test_config_gives_the_same_architecture(case, built):
    model = built(case)
    again = type(model).from_config(as_json(model))
    assert as_json(again) == as_json(model)
    assert shapes(again) == shapes(model)
    assert [w.dtype for w in again.weights] == [w.dtype for w in model.weights]


def test_config_by_keras(case, built):
    model = built(case)
    text = json.dumps(keras.saving.serialize_keras_object(model))
    again = keras.saving.deserialize_keras_object(json.loads(text))
    assert type(again) is type(model)
    assert as_json(again) == as_json(model)
    assert keras.saving.get_registered_name(type(model)).startswith("tfgen>")


def test_same_answers_with_the_same_weights(various, built, answers):
    model = built(various)
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    x, y = various.data(3)
    asked = ("decode", "score", "discriminate")  # all networks
    first, second = (answers(each, x, y, asked) for each in (model, again))
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], name)
