"""Latents in levels against a closed form, integrals and many draws."""

import types

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import (
    Gaussian,
    GaussianMixture,
    HierarchicalPosterior,
    HierarchicalPrior,
)
from tfgen.probability.latents import kl_by_level

ROWS = 3


def made(density, latent_dim, **model):
    """With weights that were moved at random from where they start."""
    keras.utils.set_random_seed(0)
    density.set_model(types.SimpleNamespace(latent_dim=latent_dim, **model))
    random = np.random.default_rng(0)
    for weight in density.weights:
        weight.assign(weight + 0.5 * random.normal(size=weight.shape))
    return density


def made_prior(sizes, top="standard_normal"):
    prior = HierarchicalPrior(sizes, top, units=(5,))
    unused = dict.fromkeys(("num_classes", "data_shape", "data_range"))
    return made(prior, sum(sizes), **unused)


def posterior_of(sizes, rows=ROWS):
    posterior = made(HierarchicalPosterior(sizes, (5,), 2), sum(sizes))
    numbers = np.random.default_rng(1).normal(
        size=(rows, posterior.parameters(sum(sizes)))
    )
    return posterior, posterior.distribution(np.float32(0.7 * numbers))


# t ~ N(0, 1), z = 0.8 t + 0.5 + 0.6 e, x = W (t, z) + B + 0.5 e'.

W = np.array([[1.0, 0.5], [-0.5, 1.0], [0.0, 2.0]])
B = np.array([0.3, 0.0, -1.0])


@pytest.fixture(scope="module")
def joint():
    """Mean and covariance of (t, z, x)."""
    mean = np.array([0.0, 0.5])
    covariance = np.array([[1.0, 0.8], [0.8, 0.8**2 + 0.6**2]])
    across = covariance @ W.T
    of_x = W @ across + 0.25 * np.eye(3)
    return (
        np.concatenate([mean, W @ mean + B]),
        np.block([[covariance, across], [across.T, of_x]]),
    )


@pytest.fixture(scope="module")
def model(joint):
    def network(inputs, kernel, bias):
        dense = keras.layers.Dense(len(bias))
        made = keras.Sequential([keras.Input((inputs,)), dense])
        made.set_weights([np.float32(kernel), np.float32(bias)])
        return made

    # The exact posterior: of t given x, and of z given t and x.
    to_t, at_t, of_t = conditional(*joint, [0], [2, 3, 4])
    to_z, at_z, of_z = conditional(*joint, [1], [0, 2, 3, 4])
    kernel = np.stack([to_t[0], np.zeros(3), to_z[0, 1:]], axis=1)
    posterior = HierarchicalPosterior((1, 1), units=(), context_dim=1)
    prior = HierarchicalPrior((1, 1), units=())
    model = tfgen.VAE(
        network(3, kernel, [at_t[0], np.log(of_t[0, 0]), at_z[0]]),
        network(2, W.T, B),
        Gaussian(0.5),
        latent_dims=(1, 1),
        posterior=posterior,
        prior=prior,
    )
    below = [[[to_z[0, 0], 0.0]], [0.0, np.log(of_z[0, 0])], [[1.0, 0.0]]]
    posterior.set_weights([np.float32(values) for values in below])
    below = [[[0.8, 0.0]], [0.5, np.log(0.6**2)]]
    prior.set_weights([np.float32(values) for values in below])
    return model


@pytest.fixture(scope="module")
def x(joint):
    random = np.random.default_rng(0)
    return np.float32(random.multivariate_normal(*joint, 2000)[:, 2:])


@pytest.fixture(scope="module")
def evidence(joint, x):
    mean, covariance = joint
    normal = scipy.stats.multivariate_normal(mean[2:], covariance[2:, 2:])
    return normal.logpdf(x)


def test_each_weight_is_the_evidence(model, x, evidence):
    """p(x|z) p(z) / q(z|x) is p(x) wherever z was drawn."""
    bound = tfgen.metrics.importance_weighted_bound(model, x[:50], k=1)
    np.testing.assert_allclose(bound.values, evidence[:50], atol=1e-4)


def test_bound_is_tight(model, x, evidence):
    model.compile()
    logs = model.evaluate(x, batch_size=500, verbose=0, return_dict=True)
    difference = -logs["negative_elbo"] - evidence.mean()
    assert abs(difference) < 0.1  # 4 standard errors of 2,000 draws
    parts = logs["kl_loss_1"] + logs["kl_loss_2"]
    assert parts == pytest.approx(logs["kl_loss"])


def test_encode_is_the_posterior_mean(model, x, joint):
    """Of linear levels a mean given the mean above is the whole mean."""
    to, at, _ = conditional(*joint, [0, 1], [2, 3, 4])
    wanted = x[:9] @ to.T + at
    np.testing.assert_allclose(model.encode(x[:9]), wanted, atol=1e-5)


def test_samples_are_of_the_prior(model, joint):
    noise = np.random.default_rng(3).normal(size=(20_000, 2))
    drawn = model.prior.from_normal(tf.constant(np.float32(noise)))
    mean, covariance = joint
    np.testing.assert_allclose(np.mean(drawn, axis=0), mean[:2], atol=0.04)
    np.testing.assert_allclose(
        np.cov(drawn, rowvar=False), covariance[:2, :2], atol=0.05
    )


def conditional(mean, covariance, wanted, given):
    """Kernel, offset and covariance of a Gaussian's values given others."""
    kernel = np.linalg.solve(
        covariance[np.ix_(given, given)], covariance[np.ix_(given, wanted)]
    ).T
    left = covariance[np.ix_(wanted, wanted)]
    left = left - kernel @ covariance[np.ix_(given, wanted)]
    return kernel, mean[wanted] - kernel @ mean[given], left


@pytest.mark.parametrize("top", ["standard_normal", GaussianMixture(3)])
def test_kl_of_each_level_against_many_draws(top):
    sizes = (2, 1, 3)
    posterior, given_x = posterior_of(sizes)
    prior = made_prior(sizes, top).distribution()
    noise = np.random.default_rng(2).normal(size=(40_000, ROWS, 6))
    z, _ = posterior.draw(given_x, np.float32(noise))
    came = kl_by_level(given_x, prior, z)
    assert len(came) == 3
    z = tf.identity(z)
    of_levels = zip(given_x.levels(z), prior.levels(z), came, strict=True)
    for (q, part), (p, _), kl in of_levels:
        ratio = np.float64(q.log_prob(part) - p.log_prob(part))
        kl = np.broadcast_to(kl, ratio.shape)
        error = (ratio - kl).std(axis=0) / len(ratio) ** 0.5
        difference = np.abs(kl.mean(axis=0) - ratio.mean(axis=0))
        assert np.all(difference < 4 * error + 1e-5)
        assert np.all(kl.mean(axis=0) > 0.01)


@pytest.mark.parametrize("kind", ["prior", "posterior"])
def test_integrates_to_one(kind):
    if kind == "prior":
        distribution = made_prior((1, 1)).distribution()
    else:
        distribution = posterior_of((1, 1), rows=1)[1]
    axis = np.float32(np.linspace(-12, 12, 481))
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    density = np.exp(np.float64(distribution.log_prob(grid)))
    assert density.sum() * 0.05**2 == pytest.approx(1, abs=1e-3)


def test_density_of_any_latent_is_that_of_the_draw():
    posterior, distribution = posterior_of((2, 1))
    noise = np.random.default_rng(2).normal(size=(4, ROWS, 3))
    z, wanted = posterior.draw(distribution, np.float32(noise))
    came = distribution.log_prob(tf.identity(z))
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"latent_dims": (3,)}, "expected the sizes of two levels"),
        ({"latent_dims": "3-x"}, "expected the sizes of two levels"),
        ({"latent_dim": 2}, "leave one out"),
        ({"posterior": "flow"}, "leave out one of posterior and latent_dims"),
        ({"free_bits": 0.1}, "pass free_bits=0"),
        ({"objective": "total_correlation", "beta": 2.0}, "leave latent_dims"),
    ],
)
def test_what_does_not_go_together(options, message):
    options = {"latent_dims": (2, 1), **options}
    with pytest.raises(ValueError, match=message):
        tfgen.build("vae", input_shape=(4,), **options)
