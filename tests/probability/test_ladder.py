"""Top-down inference against a model whose posterior is known."""

import types

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import Gaussian, HierarchicalPrior, LadderPosterior

# t ~ N(0, 1), z = 0.8 t + 0.5 + 0.6 e, x = W z + B + 0.5 e': given z, the
# data know nothing of t, and what they say of z is a Gaussian of x alone.

W = np.array([0.5, 1.0, 2.0])
B = np.array([0.3, 0.0, -1.0])
SIZES = (1, 1)


@pytest.fixture(scope="module")
def joint():
    """Mean and covariance of (t, x)."""
    to_t = 0.8 * W
    of_x = np.outer(W, W) + 0.25 * np.eye(3)
    return (
        np.concatenate([[0.0], 0.5 * W + B]),
        np.block([[np.eye(1), to_t[None]], [to_t[:, None], of_x]]),
    )


@pytest.fixture(scope="module")
def model(joint):
    def network(inputs, kernel, bias):
        dense = keras.layers.Dense(len(bias))
        made = keras.Sequential([keras.Input((inputs,)), dense])
        made.set_weights([np.float32(kernel), np.float32(bias)])
        return made

    mean, covariance = joint
    of_x = covariance[1:, 1:]
    to_t = np.linalg.solve(of_x, covariance[1:, 0])
    variance = 1.0 - covariance[0, 1:] @ to_t
    to_z, of_z = W / (W @ W), 0.25 / (W @ W)
    zeros = np.zeros(3)
    prior = HierarchicalPrior(SIZES, units=())
    model = tfgen.VAE(
        network(
            3,
            np.stack([to_t, zeros, to_z, zeros], axis=1),
            [-mean[1:] @ to_t, np.log(variance), -B @ to_z, np.log(of_z)],
        ),
        network(2, [np.zeros(3), W], B),
        Gaussian(0.5),
        latent_dims=SIZES,
        top_down=True,
        prior=prior,
    )
    below = [[[0.8, 0.0]], [0.5, np.log(0.6**2)]]
    prior.set_weights([np.float32(values) for values in below])
    return model


def test_each_weight_is_the_evidence(model, joint):
    """p(x|z) p(z) / q(z|x) is p(x) wherever z was drawn."""
    mean, covariance = joint
    of_x = scipy.stats.multivariate_normal(mean[1:], covariance[1:, 1:])
    x = np.float32(of_x.rvs(50, random_state=0))
    bound = tfgen.metrics.importance_weighted_bound(model, x, k=1)
    np.testing.assert_allclose(bound.values, of_x.logpdf(x), atol=1e-4)


@pytest.mark.parametrize("classes", [None, 2])
def test_level_is_the_product_of_both_gaussians(classes):
    """Its density is proportional to the encoder's times the prior's."""
    keras.utils.set_random_seed(0)
    prior = HierarchicalPrior(SIZES, units=(4,))
    owner = types.SimpleNamespace(latent_dim=2, num_classes=classes)
    owner.data_shape = owner.data_range = None
    prior.set_model(owner)
    random = np.random.default_rng(0)
    for weight in prior.weights:
        weight.assign(random.normal(size=weight.shape))
    owner.prior = prior
    ladder = LadderPosterior(SIZES)
    ladder.set_model(owner)
    labels = None if classes is None else np.float32([[0.0, 1.0]])
    numbers = tf.constant([[0.3, -0.4, 1.1, 0.7]])
    posterior = ladder.distribution(ladder.with_labels(numbers, labels))
    z = np.zeros((60, 1, 2), np.float32) + np.float32([0.2, 0.0])
    z[:, 0, 1] = np.linspace(-3.0, 3.0, 60)
    (_, _), (level, part) = posterior.levels(tf.constant(z))
    _, (given, _) = prior.distribution(labels).levels(tf.constant(z))
    own = scipy.stats.norm(1.1, np.exp(0.7 / 2)).logpdf(z[:, 0, 1])
    gaps = level.log_prob(part)[:, 0] - given.log_prob(part)[:, 0] - own
    np.testing.assert_allclose(gaps, np.full(60, gaps[0]), atol=1e-4)


def test_one_level_is_refused():
    with pytest.raises(ValueError, match=r"pass latent_dims, such as \(16, 16"):
        tfgen.build("vae", input_shape=(4,), top_down=True)


def test_doubly_reparameterised_gradient_is_not_taken():
    """It would leave out that the prior's networks make the posterior."""
    model = tfgen.build(
        "vae", input_shape=(4,), latent_dims=(2, 1), top_down=True
    )
    assert not model.posterior_family.of_encoder_alone
