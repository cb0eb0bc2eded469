"""KL divergences against closed forms and numerical integration."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

import tfgen.probability as probability

RANDOM = np.random.default_rng(0)


def kl_by_dimension(mean, log_variance):
    """KL(N(m, v) || N(0, 1)) = (m^2 + v - log v - 1) / 2."""
    return (mean**2 + np.exp(log_variance) - log_variance - 1) / 2


@pytest.fixture
def parameters():
    return RANDOM.normal(size=(2, 6, 3))


def posterior_of(mean, log_variance):
    both = np.concatenate([mean, log_variance], axis=-1)
    return probability.diagonal_gaussian(tf.constant(both, tf.float32))


def test_kl_to_the_standard_normal(parameters):
    posterior = posterior_of(*parameters)
    prior = probability.standard_normal(3)
    came = probability.kl_divergence(posterior, prior, None)
    wanted = kl_by_dimension(*parameters).sum(axis=-1)
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


def test_free_bits_by_hand():
    """KLs a dimension 0.5 and 0.32, 0 and 2: those below 0.4 pay 0.4."""
    mean = np.array([[1.0, 0.8], [0.0, 2.0]])
    posterior = posterior_of(mean, np.zeros((2, 2)))
    prior = probability.standard_normal(2)
    came = probability.kl_divergence(posterior, prior, None, free_bits=0.4)
    np.testing.assert_allclose(came, [0.9, 2.4], rtol=1e-6)


def test_free_bits_give_no_gradient_below():
    mean = tf.constant([[1.0, 0.8]])
    with tf.GradientTape() as tape:
        tape.watch(mean)
        posterior = probability.diagonal_gaussian((mean, tf.zeros((1, 2))))
        prior = probability.standard_normal(2)
        kl = probability.kl_divergence(posterior, prior, None, free_bits=0.4)
    # d(m^2 / 2) = m in the dimension that pays more than 0.4.
    np.testing.assert_allclose(tape.gradient(kl, mean), [[1.0, 0.0]])


def mixture(locations, scale):
    tfd = tfp.distributions
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.5] * len(locations)),
        tfd.Independent(
            tfd.Normal(tf.constant(locations)[:, None], scale),
            reinterpreted_batch_ndims=1,
        ),
    )


def test_monte_carlo_where_there_is_no_closed_form():
    """KL(N(0.3, 0.8^2) || half N(-1, 0.7^2) + half N(1, 0.7^2))."""
    q = scipy.stats.norm(0.3, 0.8)

    def p(z):
        return (
            scipy.stats.norm.pdf(z, -1, 0.7) + scipy.stats.norm.pdf(z, 1, 0.7)
        ) / 2

    wanted, _ = scipy.integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - np.log(p(z))), -6, 6
    )
    draws = 0.3 + 0.8 * RANDOM.normal(size=(100_000, 1))
    posterior = posterior_of(np.array([[0.3]]), np.log([[0.8**2]]))
    came = probability.kl_divergence(
        posterior, mixture([-1.0, 1.0], 0.7), tf.constant(draws, tf.float32)
    )
    assert came.shape == (100_000,)
    error = np.std(came) / np.sqrt(len(draws))
    assert np.mean(came) == pytest.approx(wanted, abs=4 * error)


def test_free_bits_need_independent_dimensions():
    posterior = posterior_of(np.zeros((1, 1)), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="pass free_bits=0"):
        probability.kl_divergence(
            posterior, mixture([-1.0, 1.0], 0.7), tf.zeros((1, 1)), 0.1
        )


def test_posterior_from_one_output_or_a_pair(parameters):
    mean, log_variance = np.float32(parameters)
    pair = probability.diagonal_gaussian((mean, log_variance))
    np.testing.assert_array_equal(pair.mean(), mean)
    np.testing.assert_allclose(pair.variance(), np.exp(log_variance), rtol=1e-5)
    one = posterior_of(*parameters)
    np.testing.assert_array_equal(one.stddev(), pair.stddev())


@pytest.mark.parametrize("extreme", [-1e30, -1e3, 1e3, 1e30])
def test_extreme_log_variances_stay_finite(extreme):
    parameters = tf.constant([[1.0, extreme]])
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        posterior = probability.diagonal_gaussian(parameters)
        prior = probability.standard_normal(1)
        kl = probability.kl_divergence(posterior, prior, None)
    assert np.all(np.isfinite(kl))
    assert np.all(np.isfinite(tape.gradient(kl, parameters)))
