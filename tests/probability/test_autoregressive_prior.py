"""The autoregressive prior against Jacobians, integrals and a closed form."""

import types

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import Autoregressive


def made(latent_dim, num_classes=None, by=0.3, **options):
    """With weights that were moved at random from where they start."""
    keras.utils.set_random_seed(0)
    prior = Autoregressive(**({"steps": 2, "units": (9, 8)} | options))
    prior.set_model(
        types.SimpleNamespace(latent_dim=latent_dim, num_classes=num_classes)
    )
    random = np.random.default_rng(0)
    for weight in prior.weights:
        weight.assign(weight + by * random.normal(size=weight.shape))
    return prior


def labels_of(rows, num_classes):
    if num_classes is None:
        return None
    return tf.one_hot(np.arange(rows) % num_classes, num_classes)


every_shape = pytest.mark.parametrize(
    "latent_dim, num_classes", [(1, None), (2, 3), (5, None)]
)


@every_shape
def test_draws_and_densities(latent_dim, num_classes):
    """The density of a draw is that of its noise over the Jacobian's."""
    prior, rows = made(latent_dim, num_classes), 4
    hot = labels_of(rows, num_classes)
    noise = np.random.default_rng(1).normal(size=(rows, latent_dim))
    noise = tf.constant(np.float32(noise))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z = prior.from_normal(noise, hot)
    jacobian = np.float64(tape.batch_jacobian(z, noise))
    wanted = scipy.stats.norm.logpdf(noise).sum(axis=1)
    wanted -= np.linalg.slogdet(jacobian)[1]
    came = prior.distribution(hot).log_prob(z)
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("num_classes", [None, 2])
def test_integrates_to_one(num_classes):
    prior = made(2, num_classes)
    axis = np.float32(np.linspace(-15, 15, 601))
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    distribution = prior.distribution(labels_of(1, num_classes))
    density = np.exp(np.float64(distribution.log_prob(grid)))
    assert density.sum() * 0.05**2 == pytest.approx(1, abs=1e-3)


def test_it_learns_how_latents_depend():
    """A correlated Gaussian, narrower than the prior begins: its entropy."""
    covariance = np.array([[0.5, 0.45], [0.45, 0.5]])
    random = np.random.default_rng(0)
    z = np.float32(random.multivariate_normal([0.5, 0], covariance, 2000))
    prior = made(2, by=0.0, steps=1, units=(16,))
    optimizer = keras.optimizers.Adam(0.03)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            nats = -tf.reduce_mean(prior.distribution().log_prob(z))
        variables = prior.trainable_variables
        optimizer.apply(tape.gradient(nats, variables), variables)
        return nats

    optimizer.build(prior.trainable_variables)
    for _ in range(150):
        nats = step()
    entropy = np.log(np.linalg.det(2 * np.pi * np.e * covariance)) / 2
    assert float(nats) == pytest.approx(entropy, abs=0.06)


def test_it_is_saved_with_a_model(tmp_path):
    x = np.float32(np.random.default_rng(0).normal(size=(40, 3)))
    prior = Autoregressive(1, (4,))
    vae = tfgen.build("vae", input_shape=(3,), latent_dim=2, prior=prior)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(loaded.score(x), vae.score(x))
    assert loaded.prior.units == (4,)


@pytest.mark.parametrize("options", [{"steps": 0}, {"units": ()}])
def test_refusals(options):
    with pytest.raises(ValueError, match="expected 1 or more"):
        Autoregressive(**options)
