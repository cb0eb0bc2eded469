"""Rows of a mixed table in a GAN, by hand calculation."""

import math
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tfgen
from tfgen.models.generated_rows import CENTRES, GeneratedRows
from tfgen.models.row_conditions import RowConditions
from tfgen.training import GlobalBatch

warnings.simplefilter("ignore", tfgen.data.DataNote)

COLUMNS = ("number", 3, "number or 1")
# Codes stand by how many there are, in the order of their first column.
THREE, TWO = np.log([0.7, 0.2, 0.1]), np.log([0.9, 0.1])


@pytest.fixture(scope="module")
def table():
    return GeneratedRows(COLUMNS)


def outputs(rows=1, three=THREE, two=TWO):
    """Components with the shares of `weights`, and values 10, 20, ..."""
    weights = np.log([[0.1, 0.2, 0.4, 0.2, 0.1], [0.6, 0.1, 0.1, 0.1, 0.1]])
    values = np.arange(10, 110, 10).reshape(2, 5) - CENTRES
    row = np.concatenate([weights.ravel(), values.ravel(), three, two])
    return np.float32([row] * rows)


def test_real_rows_as_they_are_seen(table):
    assert (table.width, table.size, table.codes) == (4, 7, 5)
    assert table.outputs == 2 * 5 + 2 * 5 + 3 + 2
    seen = table.seen(np.float32([[0.5, 2, -1.5, 0], [1.0, 0, 0.0, 1]]))
    np.testing.assert_array_equal(
        seen,
        [[0.5, -1.5, 0, 0, 1, 1, 0], [1.0, 0.0, 1, 0, 0, 0, 1]],
    )


def test_rows_are_drawn_by_their_probabilities(table):
    uniform = np.full((4, 4), 0.5, "float32")
    uniform[:, 0] = (0.09, 0.29, 0.31, 0.91)
    uniform[:, 1] = (0.69, 0.71, 0.89, 0.91)
    uniform[:, 3] = (0.89, 0.89, 0.91, 0.91)
    rows = table.rows(outputs(4), uniform).numpy()
    np.testing.assert_allclose(rows[:, 0], [10, 20, 30, 50], rtol=1e-5)
    np.testing.assert_array_equal(rows[:, 1], [0, 1, 1, 2])
    np.testing.assert_array_equal(rows[:, 3], [0, 0, 1, 1])
    # The second number counts with code 0 alone.
    np.testing.assert_allclose(rows[:, 2], [60, 60, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(table.rows(outputs()), [[30, 0, 60, 0]], 1e-5)


def noise(**places):
    """Such that the most probable is drawn, but where it is near to 1."""
    uniform = np.full((1, 25), 0.5, "float32")
    for place, value in places.items():
        uniform[0, int(place[1:])] = value
    return uniform


def softmax_slope(logits, uniform):
    """Of the first of two values by its own logit, at a temperature of .2."""
    noisy = (np.float64(logits) - np.log(-np.log(uniform))) / 0.2
    soft = np.exp(noisy - noisy.max())
    soft /= soft.sum()
    return soft[0] * soft[1] / 0.2


def test_draws_are_one_hot_and_have_the_gradient_of_a_softmax(table):
    given = tf.constant(outputs())
    with tf.GradientTape() as tape:
        tape.watch(given)
        drawn = table.drawn(given, noise(_22=0.99, _24=0.99))
        first = drawn[0, 5]
    # 0 for the second number, which does not count.
    expected = [[30, 0, 0, 0, 1, 0, 1]]
    np.testing.assert_allclose(drawn, expected, atol=1e-4)
    slope = softmax_slope(TWO, [0.5, 0.99])
    np.testing.assert_allclose(
        tape.gradient(first, given)[0, 23:], [slope, -slope], rtol=1e-3
    )


def test_a_code_learns_by_the_number_beside_it(table):
    given = tf.constant(outputs())
    with tf.GradientTape() as tape:
        tape.watch(given)
        number = table.drawn(given, noise(_24=0.8))[0, 1]
    gradient = tape.gradient(number, given).numpy()[0]
    slope = 60 * softmax_slope(TWO, [0.5, 0.8])
    np.testing.assert_allclose(gradient[[15, 23]], [1, slope], rtol=1e-3)


class Batch:
    """Rows, and noise that is given."""

    def __init__(self, x, *uniform):
        self.x, self._uniform = x, np.float32(uniform)[:, None]

    def uniform(self, shape, purpose):
        return self._uniform


@pytest.fixture(scope="module")
def conditions(table):
    shares = np.float32([0.25, 0.75, 0.0, 0.5, 0.5])
    found = RowConditions(table, keras.Layer().add_weight)
    found.shares.assign(shares)
    return found


def test_conditions_are_codes_of_the_row(table, conditions):
    seen = np.repeat(table.seen(np.float32([[0.5, 2, 0, 1]])), 3, axis=0)
    np.testing.assert_array_equal(
        conditions.of(Batch(seen, 0.3, 0.6, 0.7)),
        [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]],
    )


def test_conditions_are_drawn_as_often_as_in_training(conditions):
    ends = np.float32([[0.25], [1.0], [1.5], [2.0], [3.0]]) / 3
    np.testing.assert_array_equal(
        conditions.at(ends - 0.01),
        np.eye(6, dtype="float32")[[0, 1, 3, 4, 5], :5],
    )


def test_unlikely_codes_cost_their_logarithm(conditions):
    asked = np.float32([[0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0] * 5])
    expected = [-math.log(0.2), -math.log(0.1), 0]
    np.testing.assert_allclose(
        conditions.loss(outputs(3), asked), expected, rtol=1e-5, atol=1e-6
    )


def test_a_table_without_codes():
    table = GeneratedRows(("number", "number"))
    x = np.float32([[1, 2]])
    np.testing.assert_array_equal(table.seen(x), x)
    given = np.zeros((1, 20), "float32")
    given[0, [2, 6]] = 9  # weights of components in the middle, and beside
    np.testing.assert_allclose(table.rows(given), [CENTRES[[2, 1]]])
    drawn = table.drawn(given, np.full((1, 20), 0.5, "float32"))
    np.testing.assert_allclose(drawn, [CENTRES[[2, 1]]], atol=1e-6)


def small(columns=COLUMNS, **options):
    return tfgen.build(
        "gan",
        input_shape=(GeneratedRows(columns).width,),
        columns=columns,
        network_options={"units": (6,)},
        latent_dim=2,
        seed=4,
        **options,
    )


X = np.float32([[0.5, 2, -1.5, 0], [1, 0, 0, 1], [2, 1, 1, 0], [0, 2, 2, 0]])


def test_the_generators_step():
    """Against its loss with the conditions' cross-entropy, written out."""
    model = small(loss="non_saturating", penalties=[], average_decay=0.0)
    generator = keras.models.clone_model(model.generator)
    generator.set_weights(model.generator.get_weights())
    batch = GlobalBatch(X, None, 4, tf.constant(0, tf.int64))
    batch.x = model.table.seen(X)
    batch.labels = model.conditions.of(batch)
    assert batch.labels.numpy().any()
    latents = batch.normal((2,), "latent_0")
    uniform = batch.uniform((25,), "codes_0")
    model.compile(
        {
            "generator": keras.optimizers.SGD(0.1),
            "discriminator": keras.optimizers.SGD(0.0),
        },
        run_eagerly=True,
    )
    logs = model.fit(
        tf.data.Dataset.from_tensors(X), verbose=0, shuffle=False
    ).history
    with tf.GradientTape() as tape:
        outputs = generator([latents, batch.labels])
        fake = model.table.drawn(outputs, uniform)
        logits = model.discriminator([fake, batch.labels])
        _, *codes = tf.split(outputs, (20, 3, 2), axis=-1)
        log_probs = tf.concat([tf.nn.log_softmax(c) for c in codes], -1)
        paid = -tf.reduce_sum(batch.labels * log_probs, axis=-1)
        value = tf.reduce_mean(tf.math.softplus(-logits[:, 0]) + paid)
    gradients = tape.gradient(value, generator.trainable_variables)
    for ours, old, gradient in zip(
        model.generator.trainable_variables,
        generator.trainable_variables,
        gradients,
        strict=True,
    ):
        np.testing.assert_allclose(ours, old - 0.1 * gradient, atol=1e-6)
    np.testing.assert_allclose(logs["condition_loss"], np.mean(paid), rtol=1e-5)


class Copying(keras.layers.Layer):
    """Logits that settle what the condition asks for."""

    def call(self, inputs):
        return 50.0 * inputs


def test_samples_have_conditions_by_the_datas_frequencies():
    latent, told = keras.Input((2,)), keras.Input((2,))
    generator = keras.Model([latent, told], Copying()(told))
    x, label = keras.Input((2,)), keras.Input((2,))
    both = keras.layers.Concatenate()([x, label])
    discriminator = keras.Model([x, label], keras.layers.Dense(1)(both))
    model = tfgen.GAN(generator, discriminator, columns=(2,), average_decay=0)
    model.compile("sgd", run_eagerly=True)
    x = np.float32([[0], [1], [1], [1]] * 10)
    model.fit(x, batch_size=10, epochs=2, verbose=0)
    np.testing.assert_allclose(model.conditions.shares, [0.25, 0.75], atol=1e-6)
    # Half have the condition none, of which the half is 0.
    share = np.mean(model.sample(4000, seed=0) == 0)
    assert abs(share - (0.5 * 0.5 + 0.5 * 0.25)) < 0.03
    assert model.decode(np.zeros((3, 2))).shape == (3, 1)


def test_classes_take_the_place_of_conditions():
    model = small(num_classes=2)
    assert model.conditions is None
    assert model.generator.inputs[1].shape == (None, 2)
    assert model.discriminate(X, [0, 1, 0, 1]).shape == (4,)


def test_networks_that_do_not_fit():
    rows = GeneratedRows((3,))
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert rows.size == 3
    with pytest.raises(ValueError, match=r"gives \(2,\), expected \(3,\)"):
        tfgen.GAN(generator, discriminator, columns=(3,))


def test_privacy_is_refused():
    model = small(privacy="epsilon=3", loss="non_saturating")
    with pytest.raises(ValueError, match="take the model 'vae'"):
        model.compile()


@pytest.mark.slow
def test_two_far_modes_stay_two():
    """One column, half near -5 and half near 5, beside a code."""
    rng = np.random.default_rng(0)
    place = rng.choice([-5.0, 5.0], 600)
    frame = pd.DataFrame(
        {"x": rng.normal(place, 0.5), "kind": rng.choice(["a", "b"], 600)}
    )
    source = tfgen.data.from_arrays(frame)
    model = tfgen.build(
        "gan", data=source, seed=0, network_options={"units": (128, 128)}
    )
    model.compile()
    model.fit(source, batch_size=150, epochs=1000, verbose=0)
    x = model.sample_rows(2000, seed=0)["x"].to_numpy()
    assert np.mean(np.abs(x) < 3) < 0.05  # 6e-5 of the data
    assert 0.35 < np.mean(x > 0) < 0.65
