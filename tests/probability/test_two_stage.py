"""A second VAE of latents, against Gaussians whose density is known."""

import types

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import TwoStage
from tfgen.training import GlobalBatch


def made(units, latent_dim, classes=None, **options):
    prior = TwoStage(units, **options)
    prior.set_model(
        types.SimpleNamespace(latent_dim=latent_dim, num_classes=classes)
    )
    return prior


@pytest.fixture(scope="module")
def linear():
    """z = 0.8 u + 0.5 + 0.6 e of each latent, and its exact posterior."""
    prior = made((), 2)
    eye, none, one = np.eye(2), np.zeros((2, 2)), np.ones(2)
    # var(z) = 1; E[u|z] = 0.8 (z - 0.5), var(u|z) = 0.36
    prior.set_weights(
        [
            np.concatenate([0.8 * eye, none], axis=1),
            np.concatenate([-0.4 * one, np.log(0.36) * one]),
            np.concatenate([0.8 * eye, none], axis=1),
            np.concatenate([0.5 * one, np.log(0.36) * one]),
        ]
    )
    return prior


def test_density_by_the_exact_posterior(linear):
    z = np.float32(np.random.default_rng(0).normal(size=(4, 50, 2)) * 2)
    wanted = scipy.stats.norm(0.5, 1.0).logpdf(z).sum(axis=-1)
    came = linear.distribution().log_prob(z)
    np.testing.assert_allclose(came, wanted, atol=1e-4)


def test_draws(linear):
    noise = np.float32(np.random.default_rng(1).normal(size=(20_000, 4)))
    z = linear.from_normal(tf.constant(noise)).numpy()
    np.testing.assert_allclose(z.mean(axis=0), [0.5, 0.5], atol=0.03)
    np.testing.assert_allclose(np.cov(z.T), np.eye(2), atol=0.04)


def test_a_bound_that_rises_with_the_draws(linear):
    """On average over the noise, where the posterior is too wide."""
    z = np.float32(np.random.default_rng(0).normal(size=(400, 2)))
    exact = scipy.stats.norm(0.5, 1.0).logpdf(z).sum(axis=-1).mean()
    means = []
    for draws in (1, 5, 50):
        prior = made((), 2, draws=draws)
        kernel, bias, *decoder = linear.get_weights()
        bias[2:] += 1.0
        prior.set_weights([kernel, bias, *decoder])
        found = []
        for step in range(10):
            with GlobalBatch(tf.constant(z), None, seed=0, step=step):
                found.append(prior.distribution().log_prob(z))
        means.append(np.mean(found))
    assert means[0] + 0.2 < means[1] < means[2] < exact + 0.005
    # One draw: KL(q(u|z) || p(u|z)) of two latents, (e - 1 - 1) / 2 each.
    assert exact - means[0] == pytest.approx(np.e - 2.0, abs=0.1)


def test_classes_have_densities_of_their_own():
    keras.utils.set_random_seed(0)
    prior = made((6,), 2, classes=2, draws=200)
    axis = np.float32(np.linspace(-8, 8, 81))
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    densities = []
    for label in (0, 1):
        labels = tf.one_hot(np.full(len(grid), label), 2)
        log_prob = prior.distribution(labels).log_prob(grid)
        densities.append(np.exp(np.float64(log_prob)))
        assert densities[-1].sum() * 0.2**2 == pytest.approx(1.0, abs=0.15)
    assert np.abs(densities[0] - densities[1]).max() > 0.01


def test_a_latent_has_one_density_wherever_it_is_asked_for():
    keras.utils.set_random_seed(0)
    density = made((6,), 3).distribution()
    z = np.float32(np.random.default_rng(0).normal(size=(7, 3)))
    alone = [float(density.log_prob(row)) for row in z]
    np.testing.assert_allclose(density.log_prob(z), alone, atol=1e-5)


def test_noise_is_new_at_each_training_step():
    """Else the networks would learn their few draws by heart."""
    keras.utils.set_random_seed(0)
    density = made((6,), 2).distribution()
    z = tf.ones((5, 2))
    found = []
    for step in (0, 0, 1):
        with GlobalBatch(z, None, seed=0, step=step):
            found.append(density.log_prob(z).numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert len(np.unique(np.concatenate(found[1:]))) == 10


def test_fitted_to_a_model_it_bounds_the_density():
    """A ring of latents, which no Gaussian is near to."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 3000), rng.normal(2, 0.1, 3000)
    z = np.float32(radius * np.stack([np.cos(angle), np.sin(angle)])).T
    x = keras.Input((2,))
    width = keras.ops.full_like(x, 2 * np.log(0.01))
    model = tfgen.VAE(
        keras.Model(x, [x, width]),
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]),
        "gaussian",
    )
    prior = TwoStage((64, 64))
    fitted = tfgen.fit_prior(model, z, prior, verbose=False)
    # p(z) = normal(radius; 2, 0.1) / (2 pi radius)
    far = np.linalg.norm(z[::10], axis=1)
    exact = scipy.stats.norm(2, 0.1).logpdf(far) - np.log(2 * np.pi * far)
    assert -exact.mean() - 0.05 < fitted.after < -exact.mean() + 1.0
    assert fitted.gain > 1.0
    # Of a standard normal's draws 28% lie so near to the ring.
    drawn = prior.from_normal(tf.random.normal((2000, 4), seed=1)).numpy()
    assert np.mean(np.abs(np.linalg.norm(drawn, axis=1) - 2) < 0.5) > 0.6


def test_what_is_refused():
    with pytest.raises(ValueError, match="draws is 0, expected 1 or more"):
        TwoStage(draws=0)
