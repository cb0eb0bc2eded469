import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.export import export_saved_model
from tfgen.export.graph_lint import lint_saved_model

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


def batch_statistics(x):
    return {"y": x - tf.reduce_mean(x, axis=0)}


def fused_batch_normalization(x):
    image = tf.reshape(x, (-1, 2, 2, 1))
    y, *_ = tf.compat.v1.nn.fused_batch_norm(image, [1.0], [0.0])
    return {"y": tf.ensure_shape(y, (None, 2, 2, 1))}


def depends_on_its_place(x):
    place = tf.cast(tf.range(tf.shape(x)[0]), tf.float32)
    return {"y": x + place[:, None]}


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
        (batch_statistics, X, "'Mean' .Mean.", "rows of many clients"),
        (
            fused_batch_normalization,
            X,
            "FusedBatchNormV3",
            "rows of many clients",
        ),
        (depends_on_its_place, X, "'y'", "rows of many clients"),
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


def write_encoder(model, path, *, track=False, more=()):
    """A SavedModel of one signature; it needs 870 numbers."""
    archive = keras.export.ExportArchive()
    if track:
        archive.track(model.encoder)
    if more:
        archive.add_variable_collection("more", more)
    archive.add_endpoint(
        "encode",
        lambda x: model.encoder(x, training=False),
        input_signature=[tf.TensorSpec((None, 16), name="x")],
    )
    archive.write_out(str(path), verbose=False)
    return path


def test_needed_weights_pass(model, tmp_path):
    linted = lint_saved_model(write_encoder(model, tmp_path / "1"))
    assert linted.precisions == {
        "encode": "float32",
        "serving_default": "float32",
    }


def test_weights_stored_twice_are_refused(model, tmp_path):
    path = write_encoder(model, tmp_path / "1", track=True)
    with pytest.raises(ValueError, match="6960 .* need 3480.* again"):
        lint_saved_model(path)


def test_weights_that_no_signature_needs_are_refused(model, tmp_path):
    """Such as an optimizer's, or a decoder in training beside its average."""
    more = model.decoder.trainable_variables
    path = write_encoder(model, tmp_path / "1", more=more)
    with pytest.raises(ValueError, match="need 3480. The largest is more/2"):
        lint_saved_model(path)


@pytest.mark.parametrize("average_decay", [0, 0.9])
def test_exports_store_what_they_need(tmp_path, average_decay):
    """Neither optimizers nor, beside its average, the trained generator."""
    model = tfgen.build(
        "gan",
        input_shape=(5,),
        latent_dim=3,
        network="mlp",
        packing=2,
        average_decay=average_decay,
    )
    model.compile()
    path = export_saved_model(model, tmp_path)
    variables = tf.train.list_variables(str(path / "variables/variables"))
    stored = sum(
        math.prod(shape) for name, shape in variables if "VARIABLE" in name
    )
    assert stored == model.generator.count_params()
