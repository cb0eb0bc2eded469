import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import export_saved_model

X = {"x": keras.KerasTensor((None, 4), "float32")}


def python_function(x):
    return {
        "y": tf.ensure_shape(tf.numpy_function(np.sin, [x], x.dtype), (None, 4))
    }


def eager_python_function(x):
    y = tf.py_function(lambda value: value, [x], tf.float32)
    return {"y": tf.ensure_shape(y, (None, 4))}


def stateful_random(x):
    return {"y": x + tf.random.normal(tf.shape(x))}


def stateful_random_deep_inside(x):
    inner = tf.function(lambda row: row + tf.random.uniform(()))
    return {"y": tf.map_fn(lambda row: inner(row), x)}


def compiled(x):
    return {"y": tf.function(lambda x: 2 * x, jit_compile=True)(x)}


def scalar_output(x):
    return {"y": tf.reduce_mean(x)}


def fixed_batch_output(x):
    return {"y": tf.reduce_mean(x, axis=0, keepdims=True)}


def unknown_rank(x):
    return {"y": tf.py_function(lambda value: value, [x], tf.float32)}


def write_a_variable():
    variable = tf.Variable(0.0)

    def function(x):
        variable.assign_add(1.0)
        return {"y": x + variable}

    return function


def seed_generator():
    generator = keras.random.SeedGenerator(0)

    def function(x):
        return {"y": x + keras.random.normal(tf.shape(x), seed=generator)}

    return function


@pytest.mark.parametrize(
    "function, inputs, operation, complaint",
    [
        (python_function, X, "PyFunc", "calls Python"),
        (eager_python_function, X, "EagerPyFunc", "calls Python"),
        (stateful_random, X, "RandomStandardNormal", "hidden random state"),
        (
            stateful_random_deep_inside,
            X,
            "RandomUniform",
            "hidden random state",
        ),
        (compiled, X, "PartitionedCall", "jit_compile"),
        (scalar_output, X, "PartitionedCall", "a scalar"),
        (fixed_batch_output, X, "PartitionedCall", "must be the batch"),
        (unknown_rank, X, "PartitionedCall", "known rank"),
        (write_a_variable(), X, "AssignAddVariableOp", "writes a variable"),
        (seed_generator(), X, "Assign", "writes a variable"),
        (
            lambda x, scale: {"y": x * scale},
            {**X, "scale": keras.KerasTensor((), "float32")},
            "planted_scale",
            "input 'scale' is float32().*a scalar",
        ),
        (
            lambda x: {"y": tf.cast(x, "float32")},
            {"x": keras.KerasTensor((None, 4), "bfloat16")},
            "planted_x",
            "bfloat16.*REST",
        ),
    ],
)
def test_refused_with_operation_and_signature(
    stand_in, tmp_path, function, inputs, operation, complaint
):
    model = stand_in.WithEndpoint("planted", function, inputs)
    with pytest.raises(ValueError) as error:
        export_saved_model(model, tmp_path)
    error.match("signature 'planted'")
    error.match(operation)
    error.match(complaint)
    assert "'decode'" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_results_must_be_named(stand_in, tmp_path):
    model = stand_in.WithEndpoint("planted", lambda x: x, X)
    with pytest.raises(ValueError, match="'planted' must return a dict"):
        export_saved_model(model, tmp_path)


def test_half_precision_results_become_float32(stand_in, tmp_path):
    model = stand_in.WithEndpoint(
        "planted", lambda x: {"y": tf.cast(x, "bfloat16")}, X
    )
    path = export_saved_model(model, tmp_path)
    signature = tf.saved_model.load(str(path)).signatures["planted"]
    assert signature.structured_outputs["y"].dtype == tf.float32
