"""Temperature and truncation of the latents, against scipy."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.models.latents import truncated

NOISE = np.float32(np.random.default_rng(0).normal(size=(20_000, 1)))


def narrow(noise, temperature, truncation):
    rows = (len(noise),)
    tensors = (
        tf.fill(rows, np.float32(value)) for value in (temperature, truncation)
    )
    return truncated(tf.constant(noise), *tensors).numpy()


@pytest.mark.parametrize("bound", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_truncated_normal_by_quantiles(bound, temperature):
    quantiles = scipy.stats.norm.cdf(NOISE.astype("float64"))
    expected = temperature * scipy.stats.truncnorm.ppf(quantiles, -bound, bound)
    narrowed = narrow(NOISE, temperature, bound)
    np.testing.assert_allclose(narrowed, expected, rtol=1e-5, atol=1e-6)
    assert np.abs(narrowed).max() <= temperature * bound


def test_distribution_is_that_of_drawing_again():
    """Brock et al. redraw what lies outside."""
    redrawn = NOISE[np.abs(NOISE) <= 0.8]
    test = scipy.stats.ks_2samp(narrow(NOISE, 1.0, 0.8).ravel(), redrawn)
    assert test.pvalue > 0.01


def test_tails_keep_their_digits():
    noise = np.float32([[-5.5], [-4.0], [1e-6], [0.0], [4.0], [5.5]])
    np.testing.assert_allclose(narrow(noise, 1.0, 50.0), noise, rtol=1e-6)
    np.testing.assert_allclose(narrow(noise, 0.5, np.inf), noise / 2, rtol=1e-6)
    near = narrow(noise, 1.0, 2.0)
    quantiles = scipy.stats.norm.cdf(noise.astype("float64"))
    expected = scipy.stats.truncnorm.ppf(quantiles, -2.0, 2.0)
    np.testing.assert_allclose(near, expected, rtol=1e-5, atol=1e-6)
    assert np.abs(near).max() <= 2.0


@pytest.mark.parametrize("bound", [0.0, -1.0])
def test_no_room_gives_the_mean(bound):
    np.testing.assert_array_equal(narrow(NOISE[:9], 1.0, bound), 0.0)


def test_rows_have_their_own():
    noise = tf.ones((3, 2))
    both = truncated(
        noise, tf.constant([1.0, 2.0, 1.0]), tf.constant([1.0, 1.0, np.nan])
    ).numpy()
    np.testing.assert_allclose(both[1], 2 * both[0])
    assert np.isfinite(both[:2]).all() and np.isnan(both[2]).all()


@pytest.fixture(scope="module")
def model():
    return tfgen.build(
        "vae",
        input_shape=(3,),
        latent_dim=2,
        network="mlp",
        observation_noise=False,
    )


def test_sample_takes_both(model):
    latents = np.random.default_rng(0).normal(size=(1, 2))
    plain = model.sample(5, seed=1)
    again = model.sample(5, seed=1, truncation=40.0)
    np.testing.assert_allclose(again, plain, rtol=1e-5, atol=1e-6)
    mean = model.decode(np.zeros_like(latents))
    cold = model.sample(5, seed=1, temperature=0.0)
    np.testing.assert_allclose(cold, np.repeat(mean, 5, axis=0), rtol=1e-6)
    near = model.sample(5, seed=1, truncation=0.01)
    assert np.abs(near - mean).max() < 0.1 * np.abs(plain - mean).max()


def test_endpoint_is_sample(model):
    inputs = {"seed": [5], "temperature": [0.8], "truncation": [1.5]}
    answer = model.run_endpoint("generate_truncated", inputs)["x"]
    sample = model.sample(1, seed=5, temperature=0.8, truncation=1.5)
    np.testing.assert_allclose(answer, sample, rtol=1e-6)
    assert np.abs(sample - model.sample(1, seed=5)).max() > 1e-3


@pytest.mark.parametrize(
    "options, message",
    [
        ({"temperature": -1.0}, "temperature is -1.0, expected"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"truncation": 0.0}, "truncation is 0.0, expected a bound above 0"),
        ({"truncation": float("nan")}, "truncation is nan"),
    ],
)
def test_others_are_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        model.sample(2, **options)
