"""mixed_bfloat16 computes in bfloat16 and answers in float32."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.training.step_runner import biases_in_float32

POLICY = "mixed_bfloat16"


def in_bfloat16(case):
    code = case.code.replace("seed=seed", f"seed=seed, precision={POLICY!r}")
    assert code != case.code
    return dataclasses.replace(case, code=code)


def policies(model):
    return {
        layer.dtype_policy.name
        for layer in model._flatten_layers(include_self=False)
        if layer.weights and not isinstance(layer, keras.Model)
        if layer is not getattr(model, "likelihood", None)
    }


def test_trains_and_answers(one, answers, tmp_path):
    case = in_bfloat16(one)
    model = case.build()
    assert policies(model) == {POLICY}
    assert keras.config.dtype_policy().name == "float32"
    x, y = case.data(32)
    # Tracing takes longer than these steps; `test_two_replicas` does.
    model.compile(keras.optimizers.Adam(3e-3), run_eagerly=True)
    model.beta_warmup_steps = 0  # else the first epochs' loss lacks the KL
    logs = model.fit(x, y, epochs=15, verbose=0).history
    assert np.isfinite([*logs.values()]).all()
    if "loss" in logs:  # those of a GAN need not fall
        assert np.mean(logs["loss"][-3:]) < np.mean(logs["loss"][:3])
    assert {weight.dtype for weight in model.weights} == {"float32", "int64"}
    before = answers(model, x[:4], None if y is None else y[:4])
    assert {array.dtype.name for array in before.values()} == {"float32"}

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert policies(loaded) == {POLICY}
    after = answers(loaded, x[:4], None if y is None else y[:4])
    for key in before:
        np.testing.assert_array_equal(before[key], after[key], key)


def test_it_is_bfloat16_and_near_float32(family, answers):
    x, y = family.data(4)
    exact = answers(family.build(), x, y)
    rounded = answers(in_bfloat16(family).build(), x, y)
    key = "encode.mean" if "encode.mean" in exact else "decode.x"
    difference = np.abs(exact[key] - rounded[key]).max()
    # bfloat16 has 8 bits: relative steps of 0.4%.
    assert 1e-6 < difference < 0.05 * np.abs(exact[key]).max() + 0.05


def test_two_replicas(one, two_replicas):
    case = in_bfloat16(one)
    with two_replicas.scope():
        model = case.build()
        model.compile("sgd")
    x, y = case.data(33)
    logs = model.fit(x, y, batch_size=16, verbose=0).history
    assert np.isfinite([*logs.values()]).all()


def test_other_precisions_are_refused(few):
    case = dataclasses.replace(
        few, code=few.code.replace("seed=seed", "precision='mixed_float16'")
    )
    with pytest.raises(ValueError, match="expected one of float32, mixed_b"):
        case.build()


def bias_gradients(family, network, precision):
    """Those of one step of SGD on 1,024 equal images, by path."""
    model = tfgen.build(
        family,
        input_shape=(8, 8, 1),
        latent_dim=2,
        network=network,
        precision=precision,
        seed=0,
    )
    model.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    x = np.full((1024, 8, 8, 1), model.data_range[1], "float32")
    variables = [v for v in model.trainable_variables if v.name == "bias"]
    before = [v.numpy() for v in variables]
    model.train_on_batch(x)
    pairs = zip(before, variables, strict=True)
    return [(old - new.numpy()) / 1e-3 for old, new in pairs]


@pytest.mark.parametrize(
    ("family", "network"), [("vae", "mlp"), ("vae", "conv"), ("gan", "conv")]
)
def test_gradients_of_biases(family, network):
    """Added up in bfloat16 they stop at 256 terms: up to 97% are lost."""
    exact = bias_gradients(family, network, "float32")
    found = bias_gradients(family, network, POLICY)
    assert len(exact) >= 6
    for a, b in zip(exact, found, strict=True):
        assert np.linalg.norm(a - b) <= 0.04 * np.linalg.norm(a)


def test_gradients_of_others_stay_as_they_are():
    """4,096 ones come to 4,096 in a step of tfgen alone."""

    def gradient():
        bias = tf.Variable(tf.zeros(3, tf.bfloat16))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(
                tf.nn.bias_add(tf.zeros((4096, 3), bias.dtype), bias)
            )
        return float(tape.gradient(loss, bias)[0])

    before = gradient()
    with biases_in_float32(), biases_in_float32():
        assert gradient() == 4096
    assert gradient() == before
