"""Linear-Gaussian models, of which everything is known in closed form."""

import types

import keras
import numpy as np
import pytest

import tfgen

# x = W z + B + SIGMA e. The columns w of W are orthogonal, so the posterior is
# diagonal: N(v w'(x - B) / SIGMA^2, v) with v = 1 / (1 + w'w / SIGMA^2).
W = np.array([[1.0, 0.5], [-0.5, 1.0], [0.5, 1.0], [0.5, -1.0]])
B = np.array([0.3, 0.0, -1.0, 0.5])
SIGMA = 0.5
VARIANCE = 1 / (1 + (W**2).sum(axis=0) / SIGMA**2)
TO_MEAN = VARIANCE * W / SIGMA**2


def data(n, seed=0):
    random = np.random.default_rng(seed)
    noise = SIGMA * random.normal(size=(n, 4))
    return np.float32(random.normal(size=(n, 2)) @ W.T + B + noise)


def linear(likelihood=None):
    """A VAE with weights set by hand; its bound is exact."""
    layers = keras.layers
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
    encoder.set_weights(
        [
            np.concatenate([TO_MEAN, np.zeros((4, 2))], axis=1),
            np.concatenate([-B @ TO_MEAN, np.log(VARIANCE)]),
        ]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    decoder.set_weights([W.T, B])
    likelihood = likelihood or tfgen.probability.Gaussian(SIGMA)
    return tfgen.VAE(encoder, decoder, likelihood)


@pytest.fixture(scope="session")
def exact():
    """The model, its data and the numbers that they follow."""
    return types.SimpleNamespace(
        vae=linear(),
        linear=linear,
        data=data,
        mean=B,
        covariance=W @ W.T + SIGMA**2 * np.eye(4),
        to_mean=TO_MEAN,
        variance=VARIANCE,
        weights=W,
        sigma=SIGMA,
    )
