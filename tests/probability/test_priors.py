"""Mixture priors against SciPy and closed forms."""

import types

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import (
    GaussianMixture,
    StandardNormal,
    VampPrior,
    get_prior,
)

WEIGHTS = np.array([[0.2, 0.5, 0.3, 0.0], [0.6, 0.0, 0.1, 0.3]])
MEANS = np.array([[-2.0, 0.5], [1.0, 1.0], [0.0, -1.5], [2.0, -1.0]])
CHOLESKY = np.array(
    [
        [[0.5, 0.0], [0.3, 0.4]],
        [[1.0, 0.0], [-0.6, 0.5]],
        [[0.3, 0.0], [0.2, 0.8]],
        [[0.6, 0.0], [0.0, 0.6]],
    ]
)
STDDEVS = np.array([[0.5, 0.4], [1.0, 0.5], [0.3, 0.8], [0.6, 0.6]])
SCALES = {"diagonal": STDDEVS, "full": CHOLESKY}
COVARIANCES = {
    "diagonal": [np.diag(stddev**2) for stddev in STDDEVS],
    "full": CHOLESKY @ CHOLESKY.transpose(0, 2, 1),
}


def make_mixture(covariance, num_classes=None):
    """The mixture above, of the second class where there are none."""
    prior = GaussianMixture(4, covariance)
    prior.set_model(
        types.SimpleNamespace(latent_dim=2, num_classes=num_classes)
    )
    weights = WEIGHTS if num_classes else WEIGHTS[1]
    prior.set_parameters(weights, MEANS, SCALES[covariance])
    return prior


def log_density(z, weights, covariance):
    logs = [
        scipy.stats.multivariate_normal(mean, matrix).logpdf(z)
        for mean, matrix in zip(MEANS, COVARIANCES[covariance], strict=True)
    ]
    return scipy.special.logsumexp(logs, axis=0, b=weights[:, None])


def hot(number, rows):
    return None if number is None else tf.one_hot([number] * rows, 2)


every_mixture = pytest.mark.parametrize(
    ("covariance", "label"),
    [(kind, label) for kind in SCALES for label in (None, 0, 1)],
)


@every_mixture
def test_log_prob_as_scipy(covariance, label):
    prior = make_mixture(covariance, label is not None and 2)
    z = np.float32(np.random.default_rng(0).normal(size=(50, 2), scale=2))
    came = prior.distribution(hot(label, 50)).log_prob(z)
    weights = WEIGHTS[1 if label is None else label]
    wanted = log_density(z, weights, covariance)
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-4)


def test_rows_by_their_own_class_and_draws():
    """`(draws, rows, latent_dim)`, with a class for each row."""
    prior = make_mixture("full", 2)
    z = np.float32(np.random.default_rng(0).normal(size=(3, 2, 2)))
    came = prior.distribution(tf.eye(2)).log_prob(z)
    assert came.shape == (3, 2)
    for row in range(2):
        wanted = log_density(z[:, row], WEIGHTS[row], "full")
        np.testing.assert_allclose(came[:, row], wanted, rtol=1e-4, atol=1e-4)


@every_mixture
def test_integrates_to_one(covariance, label):
    prior = make_mixture(covariance, label is not None and 2)
    line = np.linspace(-7, 7, 281)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    density = prior.distribution(hot(label, len(grid))).prob(np.float32(grid))
    assert np.sum(density) * 0.05**2 == pytest.approx(1, abs=1e-3)


ROWS = 40_000


@pytest.fixture(scope="module")
def noise():
    drawn = np.random.default_rng(1).normal(size=(ROWS, 3))
    return tf.constant(drawn, tf.float32)


@every_mixture
def test_moments_of_draws(covariance, label, noise):
    """Mean m, and covariance `sum_k(w_k (C_k + m_k m_k')) - m m'`."""
    prior = make_mixture(covariance, label is not None and 2)
    draws = prior.from_normal(noise, hot(label, ROWS)).numpy()
    weights = WEIGHTS[1 if label is None else label]
    mean = weights @ MEANS
    second = np.array(COVARIANCES[covariance]) + np.einsum(
        "ki,kj->kij", MEANS, MEANS
    )
    wanted = np.tensordot(weights, second, 1) - np.outer(mean, mean)
    error = 5 * np.sqrt(np.diag(wanted) / ROWS)
    assert (np.abs(draws.mean(axis=0) - mean) < error).all()
    np.testing.assert_allclose(np.cov(draws.T), wanted, atol=0.06)


@every_mixture
def test_frequencies_of_components(covariance, label, noise):
    """Without noise of the latents a draw is the mean of its component.

    A component without weight is never drawn.
    """
    prior = make_mixture(covariance, label is not None and 2)
    still = tf.concat([tf.zeros((ROWS, 2)), noise[:, 2:]], axis=1)
    draws = prior.from_normal(still, hot(label, ROWS)).numpy()
    is_of = np.isclose(draws[:, None], MEANS, atol=1e-6).all(axis=-1)
    assert (is_of.sum(axis=1) == 1).all()
    counts = is_of.sum(axis=0)
    weights = WEIGHTS[1 if label is None else label]
    assert (counts[weights == 0] == 0).all()
    possible = weights > 0
    test = scipy.stats.chisquare(counts[possible], ROWS * weights[possible])
    assert test.pvalue > 1e-3


@pytest.mark.parametrize("choice", [-40.0, 40.0, -np.inf, np.inf])
def test_no_noise_chooses_what_has_no_weight(choice):
    """Zero weights at both ends, and between."""
    prior = make_mixture("diagonal")
    weights = np.array([0.0, 0.7, 0.0, 0.3])
    for order in ([0, 1, 2, 3], [1, 0, 3, 2]):
        prior.set_parameters(weights[order], MEANS, STDDEVS)
        draw = prior.from_normal(tf.constant([[0.0, 0.0, choice]]))
        chosen = np.isclose(draw, MEANS).all(axis=1)
        assert chosen.sum() == 1
        assert weights[order][chosen] > 0


def test_nor_do_rounded_sums_choose_what_has_no_weight():
    """Float32 sums of equal weights end below 1, where the noise is above."""
    for components in range(5, 60):
        prior = GaussianMixture(components)
        prior.set_model(types.SimpleNamespace(latent_dim=1, num_classes=None))
        means = np.arange(components)[:, None]
        weights = np.append(np.ones(components - 1) / (components - 1), 0)
        prior.set_parameters(weights, means, np.ones((components, 1)))
        draw = prior.from_normal(tf.constant([[0.0, 8.0]]))
        assert draw[0, 0] == components - 2


@pytest.mark.parametrize("covariance", SCALES)
def test_parameters_that_were_set(covariance):
    prior = make_mixture(covariance, 2)
    gaussians = prior.gaussians()
    np.testing.assert_allclose(gaussians.mean(), MEANS, rtol=1e-6)
    wanted = COVARIANCES[covariance]
    if covariance == "full":
        np.testing.assert_allclose(gaussians.covariance(), wanted, rtol=1e-5)
    else:
        np.testing.assert_allclose(gaussians.stddev(), STDDEVS, rtol=1e-5)
    weights = prior.distribution(
        tf.eye(2)
    ).mixture_distribution.probs_parameter()
    np.testing.assert_allclose(weights, WEIGHTS, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1e-2, 30.0, 1000.0])
def test_narrow_and_wide_scales_can_be_set(scale):
    prior = make_mixture("diagonal")
    prior.set_parameters(WEIGHTS[1], MEANS, np.full((4, 2), scale))
    np.testing.assert_allclose(prior.gaussians().stddev(), scale, rtol=1e-4)


def test_one_weights_row_is_for_all_classes():
    prior = make_mixture("diagonal", 2)
    prior.set_parameters(WEIGHTS[0], MEANS, STDDEVS)
    z = np.float32([[0.3, -0.2], [0.3, -0.2]])
    came = prior.distribution(tf.eye(2)).log_prob(z)
    wanted = log_density(z, WEIGHTS[0], "diagonal")
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


def test_gradients_of_impossible_components_are_finite():
    prior = make_mixture("full", 2)
    with tf.GradientTape() as tape:
        log_prob = prior.distribution(tf.eye(2)).log_prob([[30.0, -30.0]] * 2)
    for gradient in tape.gradient(log_prob, prior.trainable_variables):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("covariance", SCALES)
def test_starts_with_unit_scales(covariance):
    prior = GaussianMixture(5, covariance)
    prior.set_model(types.SimpleNamespace(latent_dim=3, num_classes=None))
    np.testing.assert_allclose(prior.gaussians().stddev(), 1.0, rtol=1e-6)
    weights = tf.nn.softmax(prior.logits)
    np.testing.assert_allclose(weights, 0.2, rtol=1e-6)


# VampPrior: x's first two values are the means, the others log variances.


class Encoding:
    """Stands for a model: posterior N(x_12 + class, exp(x_34))."""

    latent_dim = 2
    data_shape = (4,)

    def __init__(self, num_classes=None, data_range=None):
        self.num_classes = num_classes
        self.data_range = data_range

    posterior_family = tfgen.probability.DiagonalPosterior()

    def posterior_parameters(self, x, labels=None):
        mean, log_variance = tf.split(x, 2, axis=-1)
        if labels is not None:
            mean += tf.cast(tf.argmax(labels, axis=1), tf.float32)[:, None]
        return mean, log_variance


def make_vamp(components, **model):
    prior = VampPrior(components)
    prior.set_model(Encoding(**model))
    random = np.random.default_rng(2)
    inputs = random.normal(size=(components, 4))
    prior.raw_inputs.assign(inputs)
    return prior, inputs


@pytest.mark.parametrize("label", [None, 0, 1])
def test_vamp_is_the_mixture_of_posteriors(label):
    """Of five pseudo-inputs 0, 2, 4 are of class 0, and 1, 3 of class 1."""
    prior, inputs = make_vamp(5, num_classes=None if label is None else 2)
    if label is not None:
        inputs = inputs[label::2]
    z = np.float32(np.random.default_rng(3).normal(size=(20, 2)))
    means = inputs[:, :2] + (label or 0)
    each = scipy.stats.norm(means, np.exp(inputs[:, 2:] / 2)).logpdf(z[:, None])
    wanted = scipy.special.logsumexp(each.sum(axis=2), axis=1)
    wanted -= np.log(len(inputs))
    came = prior.distribution(hot(label, 20)).log_prob(z)
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("label", [None, 0, 1])
def test_draws_of_vamp(label, noise):
    prior, inputs = make_vamp(5, num_classes=None if label is None else 2)
    if label is not None:
        inputs = inputs[label::2]
    means, variances = inputs[:, :2] + (label or 0), np.exp(inputs[:, 2:])
    still = tf.concat([tf.zeros((ROWS, 2)), noise[:, 2:]], axis=1)
    draws = prior.from_normal(still, hot(label, ROWS)).numpy()
    is_of = np.isclose(draws[:, None], means, atol=1e-5).all(axis=-1)
    assert (is_of.sum(axis=1) == 1).all()
    assert scipy.stats.chisquare(is_of.sum(axis=0)).pvalue > 1e-3
    draws = prior.from_normal(noise, hot(label, ROWS)).numpy()
    wanted = np.mean(variances + means**2, axis=0) - means.mean(axis=0) ** 2
    error = 5 * np.sqrt(wanted / ROWS)
    assert (np.abs(draws.mean(axis=0) - means.mean(axis=0)) < error).all()
    np.testing.assert_allclose(draws.var(axis=0), wanted, rtol=0.05)


def test_a_step_leaves_pseudo_inputs_in_range():
    """One of 0.3 along the gradient's sign, as Adam's first is."""
    prior, _ = make_vamp(50, data_range=(-0.5, 1.0))
    start = np.random.default_rng(0).choice([-0.5, 0.2, 1.0], (50, 4))
    prior.raw_inputs.assign(start)
    optimizer = keras.optimizers.Adam(0.3)
    gradient = np.float32(np.random.default_rng(1).choice([-1, 1], (50, 4)))
    optimizer.apply([tf.constant(gradient)], prior.trainable_variables)
    wanted = np.clip(start - 0.3 * gradient, -0.5, 1.0)
    np.testing.assert_allclose(prior.pseudo_inputs(), wanted, atol=1e-5)
    free, _ = make_vamp(50)
    free.raw_inputs.assign(start)
    optimizer = keras.optimizers.Adam(0.3)
    optimizer.apply([tf.constant(gradient)], free.trainable_variables)
    wanted = start - 0.3 * gradient
    np.testing.assert_allclose(free.pseudo_inputs(), wanted, atol=1e-5)


def test_first_pseudo_inputs_are_in_the_range():
    prior = VampPrior(30)
    prior.set_model(Encoding(data_range=(2.0, 3.0)))
    inputs = prior.raw_inputs.numpy()
    assert inputs.min() >= 2.0
    assert inputs.max() <= 3.0
    assert inputs.std() > 0.1


def test_vamp_learns_in_a_model():
    """Its weights are its pseudo-inputs alone, not the encoder's again."""
    vae = tfgen.build(
        "vae", input_shape=(4,), latent_dim=2, prior=VampPrior(3), seed=0
    )
    (weight,) = vae.prior.trainable_variables
    assert weight.shape == (3, 4)
    assert len({v.path for v in vae.trainable_variables}) == len(
        vae.trainable_variables
    )
    z = np.float32([[0.3, -0.2]])
    posterior = vae.posterior(vae.prior.pseudo_inputs())
    mean, stddev = posterior.mean().numpy(), posterior.stddev().numpy()
    joint, _ = tfgen.probability.mixture_log_prob(z, mean, stddev)
    came = vae.prior.distribution().log_prob(z)
    np.testing.assert_allclose(came, joint, rtol=1e-5)


# Names, configs and refusals.


def test_by_name_and_config():
    assert isinstance(get_prior("standard_normal"), StandardNormal)
    made = tfgen.probability.PRIORS["gaussian_mixture"](7, "full")
    again = type(made).from_config(made.get_config())
    assert (again.components, again.covariance) == (7, "full")


def build(**options):
    return tfgen.build("vae", input_shape=(4,), latent_dim=2, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianMixture(0), "components is 0, expected 1, 2, 3"),
        (lambda: VampPrior(0), "components is 0, expected 1, 2, 3"),
        (
            lambda: GaussianMixture(3, "round"),
            "covariance is 'round', expected one of diagonal, full",
        ),
        (
            lambda: build(prior="nothing"),
            "prior is 'nothing', expected one of standard_normal, gaussian_",
        ),
        (
            lambda: build(prior="vamp", free_bits=0.5),
            "free_bits is 0.5, .* under VampPrior latents depend",
        ),
        (
            lambda: build(prior="gaussian_mixture", free_bits=0.5),
            "free_bits is 0.5, .* under GaussianMixture latents depend",
        ),
        (
            lambda: build(prior=VampPrior(2), num_classes=3),
            "components is 2, expected one for each of 3 classes",
        ),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message) as raised:
        make()
    assert "\n" not in str(raised.value)
