"""One example under several decoder outputs; SciPy for the Bernoulli."""

import numpy as np
import pytest
import scipy.special

import tfgen.probability as probability

LIKELIHOODS = [
    probability.Bernoulli(),
    probability.Bernoulli(from_logits=False),
    probability.ContinuousBernoulli(),
    probability.DiscretizedLogistic(),
    probability.Gaussian("per_value"),
    probability.Gaussian(0.3),
    probability.LogisticMixture(),
    probability.Categorical(3),
    probability.AutoregressiveImage(probability.Categorical(3), 4, 2),
]


@pytest.mark.parametrize(
    "likelihood", LIKELIHOODS, ids=lambda found: type(found).__name__
)
def test_as_log_prob_one_by_one(likelihood):
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (3, 5, 4, 1)).astype("float32")
    shape = likelihood.decoder_shape((5, 4, 1))
    outputs = random.random((3, 7, *shape)).astype("float32")
    likelihood.set_shape((5, 4, 1))
    for weight in likelihood.trainable_variables:
        weight.assign(random.normal(size=weight.shape))
    came = likelihood.log_prob_of_draws(x, outputs)
    assert came.shape == (3, 7)
    for draw in range(7):
        wanted = likelihood.log_prob(x, outputs[:, draw])
        np.testing.assert_allclose(came[:, draw], wanted, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 120, 127, 784, 3072])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
def test_bernoulli_of_any_size_and_logits(size, scale):
    """Also where a product of many factors could leave float32."""
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (2, size)).astype("float32")
    logits = scale * random.normal(size=(2, 3, size))
    logits = logits.astype("float32")
    signs = np.float64(2 * x - 1)[:, None]
    each = scipy.special.log_expit(signs * np.float64(logits))
    came = probability.Bernoulli().log_prob_of_draws(x, logits)
    np.testing.assert_allclose(came, each.sum(axis=-1), rtol=3e-6, atol=3e-6)


def test_bernoulli_sure_and_right():
    """Log 1 is 0, and no product is lost to rounding."""
    x = np.ones((1, 784), "float32")
    came = probability.Bernoulli().log_prob_of_draws(
        x, np.full((1, 2, 784), [[80.0], [7.0]], "float32")
    )
    wanted = 784 * scipy.special.log_expit([80.0, 7.0])
    np.testing.assert_allclose(came[0], wanted, atol=3e-4)


def test_levels():
    levels = [likelihood.levels for likelihood in LIKELIHOODS]
    assert levels == [2, 2, None, 256, None, None, 256, 3, 3]
