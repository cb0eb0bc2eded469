"""Penalties of a discriminator whose gradient is known in closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import losses
from tfgen.training import GlobalBatch

MATRIX = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, -0.5], [0.0, -0.5, 0.7]])
RANDOM = np.random.default_rng(0)
REAL, FAKE = RANDOM.normal(size=(2, 6, 3))


def quadratic(x):
    """D(x) = x'Ax / 2, so dD/dx = Ax."""
    matrix = tf.constant(MATRIX, tf.float32)
    return 0.5 * tf.reduce_sum(x * (x @ matrix), axis=1)


def batch():
    x = tf.constant(REAL, tf.float32)
    return GlobalBatch(x, None, seed=3, step=tf.constant(5, tf.int64))


def outputs(discriminate=quadratic):
    real, fake = (tf.constant(x, tf.float32) for x in (REAL, FAKE))
    return losses.DiscriminatorOutputs(discriminate, real, fake, batch())


def value(penalty):
    return penalty(outputs()).numpy()


def norm(x):
    return np.linalg.norm(x @ MATRIX, axis=1)


def test_r1():
    np.testing.assert_allclose(value(losses.R1()), norm(REAL) ** 2 / 2, 1e-5)


def test_r2():
    np.testing.assert_allclose(value(losses.R2()), norm(FAKE) ** 2 / 2, 1e-5)


def test_gradient_penalty():
    mix = batch().uniform((), "gradient_penalty_1").numpy()[:, None]
    assert 0 < mix.min() < mix.max() < 1
    between = mix * REAL + (1 - mix) * FAKE
    np.testing.assert_allclose(
        value(losses.GradientPenalty()), (norm(between) - 1) ** 2, 1e-4
    )


def test_dragan():
    noise = batch().normal((3,), "dragan_1").numpy()
    np.testing.assert_allclose(
        value(losses.DRAGAN(spread=0.2)),
        (norm(REAL + 0.2 * noise) - 1) ** 2,
        1e-4,
    )


def make_weight(**arguments):
    return keras.Variable(0.0, trainable=False, name=arguments["name"])


def test_lecam():
    """Moving averages of two steps by hand, then the squared distances."""
    penalty = losses.LeCam(decay=0.9)
    penalty.make_state(make_weight)
    real, fake = (np.sum(x * (x @ MATRIX), axis=1) / 2 for x in (REAL, FAKE))
    np.testing.assert_allclose(value(penalty), real**2 + fake**2, 1e-5)
    for _ in range(2):
        penalty.update_state(outputs())
    seen = 1 - 0.9**2
    expected = (real - seen * fake.mean()) ** 2
    expected += (fake - seen * real.mean()) ** 2
    np.testing.assert_allclose(value(penalty), expected, 1e-4)


def test_lecam_slope_in_the_discriminator_s_weight():
    """D(x) = w s(x): slope 2 s (w s - a), the averages held still."""
    penalty = losses.LeCam(decay=0.9)
    penalty.make_state(make_weight)
    weight = tf.Variable(0.7)
    scaled = outputs(lambda x: weight * tf.reduce_sum(x, axis=1))
    penalty.update_state(scaled)
    with tf.GradientTape() as tape:
        each = penalty(outputs(lambda x: weight * tf.reduce_sum(x, axis=1)))
    real, fake = REAL.sum(axis=1), FAKE.sum(axis=1)
    expected = 2 * real * (0.7 * real - 0.1 * 0.7 * fake.mean())
    expected += 2 * fake * (0.7 * fake - 0.1 * 0.7 * real.mean())
    np.testing.assert_allclose(
        tape.gradient(each, weight), expected.sum(), rtol=1e-4
    )


@pytest.mark.parametrize(
    "name, weight, slope",
    [
        # D(x) = w sum(x) in three dimensions: ||dD/dx|| = sqrt(3) |w|.
        ("r2", 0.7, 3 * 0.7),
        ("gradient_penalty", 0.7, 2 * (3**0.5 * 0.7 - 1) * 3**0.5),
        ("dragan", -0.7, -2 * (3**0.5 * 0.7 - 1) * 3**0.5),
    ],
)
def test_slope_of_linear_discriminators(name, weight, slope):
    weight = tf.Variable(weight)
    with tf.GradientTape() as tape:
        each = losses.get_penalty(name)(
            outputs(lambda x: weight * tf.reduce_sum(x, axis=1))
        )
    np.testing.assert_allclose(
        tape.gradient(each, weight), slope * len(REAL), rtol=1e-5
    )


@pytest.mark.parametrize("name", losses.PENALTIES)
def test_slope_is_finite_where_the_gradient_is_zero(name):
    """A square root of 0 has no finite slope."""
    weight = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        penalty = losses.get_penalty(name)
        penalty.make_state(make_weight)
        each = penalty(outputs(lambda x: weight * tf.reduce_sum(x, axis=1)))
    assert np.isfinite(tape.gradient(each, weight).numpy())


def test_slope_in_the_discriminator_s_weight():
    """D(x) = w sum(x): R1 = 3 w^2 / 2 a row of 3, slope 3 w a row."""
    weight = tf.Variable(0.7)
    with tf.GradientTape() as tape:
        each = losses.R1()(outputs(lambda x: weight * tf.reduce_sum(x, axis=1)))
    np.testing.assert_allclose(each, 1.5 * 0.7**2, rtol=1e-6)
    np.testing.assert_allclose(
        tape.gradient(each, weight), 3 * 0.7 * len(REAL), rtol=1e-6
    )


@pytest.mark.parametrize("arguments", [{"weight": -1.0}, {"every": 0}])
def test_out_of_range(arguments):
    with pytest.raises(ValueError, match="expected a weight of 0 or more"):
        losses.R1(**arguments)
