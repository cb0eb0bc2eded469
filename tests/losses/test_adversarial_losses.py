"""Losses against their formulas in float64 NumPy, value and slope."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen import losses

REAL = np.array([-3.0, -0.5, 0.2, 1.5, 4.0])
FAKE = np.array([0.3, -2.0, 1.2, -0.7, 5.0])


def log_sigmoid(x):
    return -np.log1p(np.exp(-x))


FORMULAS = {
    "minimax": (
        lambda r, f: -log_sigmoid(r) - log_sigmoid(-f),
        lambda r, f: log_sigmoid(-f),
    ),
    "non_saturating": (
        lambda r, f: -log_sigmoid(r) - log_sigmoid(-f),
        lambda r, f: -log_sigmoid(f),
    ),
    "least_squares": (
        lambda r, f: 0.5 * (r - 1) ** 2 + 0.5 * f**2,
        lambda r, f: 0.5 * (f - 1) ** 2,
    ),
    "hinge": (
        lambda r, f: np.maximum(0, 1 - r) + np.maximum(0, 1 + f),
        lambda r, f: -f,
    ),
    "wasserstein": (lambda r, f: f - r, lambda r, f: -f),
    "relativistic": (
        lambda r, f: -log_sigmoid(r - f),
        lambda r, f: -log_sigmoid(f - r),
    ),
}


def value_and_slopes(method, real, fake):
    real, fake = (tf.constant(v, tf.float32) for v in (real, fake))
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = method(real, fake)
    slopes = tape.gradient(value, [real, fake], unconnected_gradients="zero")
    return value.numpy(), [slope.numpy() for slope in slopes]


def numeric_slopes(formula, real, fake, step=1e-6):
    return [
        (formula(real + step, fake) - formula(real - step, fake)) / (2 * step),
        (formula(real, fake + step) - formula(real, fake - step)) / (2 * step),
    ]


def test_every_loss_has_a_formula():
    assert set(FORMULAS) == set(losses.ADVERSARIAL_LOSSES)


@pytest.mark.parametrize("player", [0, 1], ids=["discriminator", "generator"])
@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_slopes(name, player):
    loss, formula = losses.get_adversarial_loss(name), FORMULAS[name][player]
    method = (loss.discriminator_loss, loss.generator_loss)[player]
    value, slopes = value_and_slopes(method, REAL, FAKE)
    np.testing.assert_allclose(value, formula(REAL, FAKE), rtol=1e-5, atol=1e-6)
    for slope, expected in zip(
        slopes, numeric_slopes(formula, REAL, FAKE), strict=True
    ):
        np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_label_smoothing(name):
    loss = losses.ADVERSARIAL_LOSSES[name](label_smoothing=0.1)
    expected = (
        -0.9 * log_sigmoid(REAL) - 0.1 * log_sigmoid(-REAL) - log_sigmoid(-FAKE)
    )
    value = loss.discriminator_loss(np.float32(REAL), np.float32(FAKE))
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("name", FORMULAS)
def test_finite_at_extreme_logits(name):
    loss = losses.get_adversarial_loss(name)
    far = np.array([-1e4, 1e4, -1e4, 1e4])
    for method in (loss.discriminator_loss, loss.generator_loss):
        value, slopes = value_and_slopes(method, far, far[::-1])
        assert np.isfinite(value).all()
        assert all(np.isfinite(slope).all() for slope in slopes)


@pytest.mark.parametrize("value", ["hingee", 3, None])
def test_unknown(value):
    with pytest.raises(ValueError, match="expected one of minimax, non_sat"):
        losses.get_adversarial_loss(value)


@pytest.mark.parametrize("smoothing", [-0.1, 0.5])
def test_smoothing_out_of_range(smoothing):
    with pytest.raises(ValueError, match="from 0 to below 0.5"):
        losses.Minimax(label_smoothing=smoothing)


@pytest.mark.parametrize(
    "name, real, fake",
    [
        ("hinge", [0, 0, 1, 1, 1], [0, 1, 0, 1, 0]),
        ("least_squares", [0, 0, 0, 1, 1], [1, 1, 0, 1, 0]),
        ("relativistic", [0, 1, 0, 1, 0], [0, 1, 0, 1, 0]),
        ("wasserstein", [0, 1, 0, 1, 0], [0, 1, 0, 1, 0]),
    ],
)
def test_accuracies(name, real, fake):
    loss = losses.get_adversarial_loss(name)
    told = loss.accuracies(np.float32(REAL), np.float32(FAKE))
    np.testing.assert_array_equal(told, [real, fake])
