"""Posteriors against closed forms, integrals, Jacobians and many draws."""

import types

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import (
    FlowPosterior,
    FullPosterior,
    get_posterior,
    independent_normal,
    kl_divergence,
    standard_normal,
)

layers = keras.layers
ROWS = 4


def made(posterior, latent_dim):
    """With weights that were moved at random from where they start."""
    keras.utils.set_random_seed(0)
    posterior = get_posterior(posterior)
    posterior.set_model(types.SimpleNamespace(latent_dim=latent_dim))
    random = np.random.default_rng(0)
    for weight in posterior.weights:
        weight.assign(weight + 0.5 * random.normal(size=weight.shape))
    return posterior


def numbers(posterior, latent_dim, rows=ROWS, seed=1):
    shape = (rows, posterior.parameters(latent_dim))
    return np.float32(0.7 * np.random.default_rng(seed).normal(size=shape))


def small_flow(steps=2, **options):
    return FlowPosterior(steps, (9, 8), **options)


def noise_of(*shape):
    return np.float32(np.random.default_rng(2).normal(size=shape))


# The full Gaussian, against SciPy's.


def test_full_is_the_gaussian_of_its_numbers():
    """Of three latents: means, log variances, then rows below the diagonal."""
    posterior = made("full", 3)
    below = 3**0.5 * np.array([0.5 / 2, -1.0 / 3, 0.25 / 3])
    numbers = np.float32([[1.0, 2.0, 3.0, 0.0, np.log(4), np.log(9), *below]])
    root = np.array([[1.0, 0, 0], [0.5, 2.0, 0], [-1.0, 0.25, 3.0]])
    distribution = posterior.distribution(numbers)
    noise = noise_of(5, 1, 3)
    z, log_prob = posterior.draw(distribution, noise)
    np.testing.assert_allclose(z, [1, 2, 3] + noise @ root.T, rtol=1e-5)
    normal = scipy.stats.multivariate_normal([1, 2, 3], root @ root.T)
    np.testing.assert_allclose(
        log_prob[:, 0], normal.logpdf(z[:, 0]), rtol=1e-5
    )
    np.testing.assert_allclose(
        distribution.stddev()[0], np.sqrt(np.diag(root @ root.T)), rtol=1e-6
    )


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_kl_of_full_to_the_standard_normal(latent_dim):
    posterior = made("full", latent_dim)
    distribution = posterior.distribution(numbers(posterior, latent_dim))
    mean, covariance = distribution.mean(), distribution.covariance()
    wanted = [
        (np.trace(c) + m @ m - latent_dim - np.linalg.slogdet(c)[1]) / 2
        for m, c in zip(np.float64(mean), np.float64(covariance), strict=True)
    ]
    prior = standard_normal(latent_dim)
    came = kl_divergence(distribution, prior, None)
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


# The flow.

every_flow = pytest.mark.parametrize(
    ("latent_dim", "options"),
    [(1, {}), (2, {"steps": 3}), (5, {"context_dim": 2})],
)


@every_flow
def test_density_along_the_draw_and_jacobian(latent_dim, options):
    posterior = made(small_flow(**options), latent_dim)
    distribution = posterior.distribution(numbers(posterior, latent_dim))
    noise = tf.constant(noise_of(ROWS, latent_dim))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z, log_prob = posterior.draw(distribution, noise)
    jacobian = tape.batch_jacobian(z, noise).numpy()
    numerical = np.stack(
        [
            (
                posterior.draw(distribution, noise + step)[0]
                - posterior.draw(distribution, noise - step)[0]
            )
            / 2e-2
            for step in np.float32(1e-2 * np.eye(latent_dim))
        ],
        axis=-1,
    )
    np.testing.assert_allclose(jacobian, numerical, atol=2e-3)
    under_normal = scipy.stats.norm.logpdf(noise).sum(axis=1)
    wanted = under_normal - np.linalg.slogdet(np.float64(jacobian))[1]
    np.testing.assert_allclose(log_prob, wanted, atol=1e-4)


@every_flow
def test_density_of_any_latent(latent_dim, options):
    """By the inverse, which remembers nothing of the draw."""
    posterior = made(small_flow(**options), latent_dim)
    distribution = posterior.distribution(numbers(posterior, latent_dim))
    z, wanted = posterior.draw(distribution, noise_of(3, ROWS, latent_dim))
    came = distribution.log_prob(tf.identity(z))
    np.testing.assert_allclose(came, wanted, atol=1e-3)


@pytest.mark.parametrize("name", ["diagonal", "full", small_flow()])
def test_integrates_to_one(name):
    posterior = made(name, 2)
    distribution = posterior.distribution(numbers(posterior, 2, rows=1))
    axis = np.float32(np.linspace(-9, 9, 361))
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    density = np.exp(np.float64(distribution.log_prob(grid)))
    assert density.sum() * 0.05**2 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", ["full", small_flow()])
def test_gradient_of_the_density_along_the_draw(name):
    """Of log q by the encoder's numbers, against finite differences."""
    posterior = made(name, 3)
    at = tf.constant(numbers(posterior, 3))
    noise = noise_of(ROWS, 3)

    def total(given):
        distribution = posterior.distribution(given)
        return tf.reduce_sum(posterior.draw(distribution, noise)[1])

    with tf.GradientTape() as tape:
        tape.watch(at)
        value = total(at)
    way = np.float32(np.random.default_rng(5).normal(size=at.shape))
    wanted = (total(at + 5e-3 * way) - total(at - 5e-3 * way)) / 1e-2
    came = tf.reduce_sum(tape.gradient(value, at) * way)
    np.testing.assert_allclose(came, wanted, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("name", ["full", small_flow()])
def test_kl_to_a_mixture_against_many_draws(name):
    """The estimate's mean over draws is that of other, SciPy's draws."""
    posterior = made(name, 2)
    distribution = posterior.distribution(numbers(posterior, 2, rows=1))
    mixture = tfgen.probability.GaussianMixture(2)
    mixture.set_model(types.SimpleNamespace(latent_dim=2, num_classes=None))
    means = np.array([[1.0, 0.0], [-1.0, 0.5]])
    mixture.set_parameters([0.3, 0.7], means, np.full((2, 2), 0.8))
    z, log_prob = posterior.draw(distribution, noise_of(200_000, 1, 2))
    came = kl_divergence(distribution, mixture.distribution(), z, 0.0, log_prob)
    other = scipy.stats.norm.rvs(size=(1_000_000, 1, 2), random_state=7)
    draws = posterior.draw(distribution, np.float32(other))
    z, log_prob = (np.float64(values[:, 0]) for values in draws)
    under = np.exp(scipy.stats.norm(means, 0.8).logpdf(z[:, None]).sum(axis=2))
    exact = log_prob - np.log(under @ [0.3, 0.7])
    error = came.numpy().std() / 200_000**0.5 + exact.std() / 1000
    assert came.numpy().mean() == pytest.approx(exact.mean(), abs=4 * error)


def test_moments_of_the_flow():
    """128 draws, noise and its opposite, against 10^6."""
    posterior = made(small_flow(), 3)
    distribution = posterior.distribution(numbers(posterior, 3))
    noise = noise_of(250_000, ROWS, 3)
    draws = posterior.draw(distribution, noise)[0].numpy()
    stddev = draws.std(axis=0)
    off = (distribution.mean() - draws.mean(axis=0)) / stddev
    assert np.abs(off).max() < 0.1
    np.testing.assert_allclose(distribution.stddev(), stddev, rtol=0.2)
    np.testing.assert_array_equal(distribution.mean(), distribution.mean())


def test_starts_gated_open():
    """Of one step: each latent is shrunk alike, whatever the context."""
    keras.utils.set_random_seed(0)
    posterior = FlowPosterior(1)
    posterior.set_model(types.SimpleNamespace(latent_dim=3))
    given = numbers(posterior, 3)
    z, _ = posterior.draw(posterior.distribution(given), np.zeros((ROWS, 3)))
    shrunk = given[:, :3] / (1 + np.exp(-2.0))
    np.testing.assert_allclose(z, shrunk[:, ::-1], rtol=1e-5)


# Within models.


W = np.array([[1.0, 0.8], [0.5, -0.3], [0.2, 1.0], [-0.4, 0.7]])
B = np.array([0.3, 0.0, -1.0, 0.5])
SIGMA = 0.5


def exact_model(**options):
    """x = W z + b + 0.5 e, with the exact posterior, whose latents depend."""
    precision = np.eye(2) + W.T @ W / SIGMA**2
    covariance = np.linalg.inv(precision)
    root = np.linalg.cholesky(covariance)
    assert abs(root[1, 0]) > 0.02
    to_mean = W @ covariance / SIGMA**2
    below = 2**0.5 * root[1, 0] / root[1, 1]
    fixed = [*np.log(np.diag(root) ** 2), below]
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(5)])
    encoder.set_weights(
        [
            np.concatenate([to_mean, np.zeros((4, 3))], axis=1),
            np.concatenate([-B @ to_mean, fixed]),
        ]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    decoder.set_weights([W.T, B])
    likelihood = tfgen.probability.Gaussian(SIGMA)
    return tfgen.VAE(encoder, decoder, likelihood, posterior="full", **options)


def exact_data(rows):
    random = np.random.default_rng(3)
    noise = SIGMA * random.normal(size=(rows, 4))
    return np.float32(random.normal(size=(rows, 2)) @ W.T + B + noise)


def evidence(x):
    covariance = W @ W.T + SIGMA**2 * np.eye(4)
    return scipy.stats.multivariate_normal(B, covariance).logpdf(x)


@pytest.mark.parametrize("k", [1, 30])
def test_full_reaches_the_evidence(k):
    """Every weight is p(x) for the exact posterior, whatever is drawn."""
    x = exact_data(50)
    bound = tfgen.metrics.importance_weighted_bound(exact_model(), x, k=k)
    np.testing.assert_allclose(bound.values, evidence(x), atol=1e-4)


def test_bound_of_training_and_score():
    model, x = exact_model(), exact_data(4000)
    model.compile()
    logs = model.evaluate(x, batch_size=1000, verbose=0, return_dict=True)
    assert logs["negative_elbo"] == pytest.approx(-evidence(x).mean(), abs=0.06)
    assert np.corrcoef(model.score(x), evidence(x))[0, 1] > 0.99


def test_draws_depend_as_they_should():
    model = exact_model()
    x = np.repeat(exact_data(1), 4000, axis=0)
    draws = model.encode_sample(x, seeds=np.arange(4000), batch_size=4000)
    wanted = np.linalg.inv(np.eye(2) + W.T @ W / SIGMA**2)
    np.testing.assert_allclose(np.cov(draws.T), wanted, atol=0.02)


def test_a_subclass_with_attributes_of_its_own():
    """The family is in the config, though `posterior` is a method."""
    model = exact_model()
    again = type(model).from_config(model.get_config())
    assert isinstance(again.posterior_family, FullPosterior)


def test_vamp_with_full_posteriors():
    vae = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=2,
        posterior="full",
        prior=tfgen.probability.VampPrior(3),
        seed=0,
    )
    noise = np.float32([[0.3, -0.2, -3.0]])
    z = vae.prior.from_normal(noise)
    first = vae.posterior(vae.prior.pseudo_inputs()[:1])
    np.testing.assert_allclose(
        z, vae.draw(first, noise[:, :2])[0], rtol=1e-5, atol=1e-6
    )
    log_probs = vae.posterior(vae.prior.pseudo_inputs()).log_prob(z)
    wanted = scipy.special.logsumexp(log_probs) - np.log(3)
    came = vae.prior.distribution().log_prob(z)
    np.testing.assert_allclose(came[0], wanted, rtol=1e-5)


def build(**options):
    return tfgen.build(
        "vae", input_shape=(4,), latent_dim=3, network="mlp", **options
    )


def networks(shape):
    encoder = keras.Sequential([keras.Input(shape), layers.Dense(6)])
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    return encoder, decoder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: build(posterior="full", free_bits=0.1),
            "under FullPosterior latents depend.*posterior 'diagonal'",
        ),
        (
            lambda: build(posterior="other"),
            "posterior is 'other', expected one",
        ),
        (
            lambda: build(posterior="full", networks=networks),
            r"gives \(6,\), expected \(9,\) for .* FullPosterior.*Dense\(9\)",
        ),
        (lambda: FlowPosterior(0), "steps is 0, expected 1 or more"),
        (lambda: FlowPosterior(2, (0, 3)), r"units is \(0, 3\), expected 1"),
        (
            lambda: tfgen.metrics.kl_decomposition(
                build(posterior="flow"), np.zeros((3, 4))
            ),
            "needs posteriors .* FlowPosterior does not give",
        ),
    ],
    ids=["free bits", "name", "networks", "steps", "units", "decomposition"],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_kl_decomposition_of_full_gaussians():
    """Two far apart: z says which one it is, log(2) nats of it."""
    model = exact_model()
    x = np.float32([B + 40 * W[:, 0], B - 40 * W[:, 0]])
    found = tfgen.metrics.kl_decomposition(model, np.repeat(x, 200, axis=0))
    assert found.mutual_information == pytest.approx(np.log(2), abs=0.01)
    posterior = model.posterior(x)
    kl = kl_divergence(posterior, standard_normal(2), None)
    assert found.kl == pytest.approx(np.mean(kl), rel=1e-5)


def test_mixture_of_full_gaussians():
    random = np.random.default_rng(0)
    x, means = random.normal(size=(6, 3)), random.normal(size=(4, 3))
    roots = np.tril(random.normal(size=(4, 3, 3)), -1) + 0.8 * np.eye(3)
    covariances = roots @ roots.transpose(0, 2, 1)
    each = [
        scipy.stats.multivariate_normal(mean, covariance).pdf(x)
        for mean, covariance in zip(means, covariances, strict=True)
    ]
    joint, marginals = tfgen.probability.mixture_log_prob(x, means, roots)
    np.testing.assert_allclose(joint, np.log(np.mean(each, axis=0)))
    widths = np.sqrt(np.einsum("kii->ki", covariances))
    single = scipy.stats.norm(means, widths).pdf(x[:, None]).mean(axis=1)
    np.testing.assert_allclose(marginals, np.log(single))


def test_fitted_priors_keep_how_latents_depend():
    model = exact_model()
    prior = tfgen.probability.GaussianMixture(1, "full")
    tfgen.fit_prior(model, 3 * exact_data(2000), prior, verbose=False)
    # The aggregate of latents: 9 times that of the data, and the posterior's.
    covariance = np.linalg.inv(np.eye(2) + W.T @ W / SIGMA**2)
    wanted = 9 * (np.eye(2) - covariance) + covariance
    came = model.prior.gaussians().covariance()[0]
    np.testing.assert_allclose(came, wanted, atol=1.2)


def test_independent_of_the_number_of_draws_at_a_time():
    """Posterior draws broadcast over rows as over draws."""
    posterior = made(small_flow(), 2)
    distribution = posterior.distribution(numbers(posterior, 2))
    noise = noise_of(2)
    one, _ = posterior.draw(distribution, noise)
    many, _ = posterior.draw(distribution, np.tile(noise, (3, ROWS, 1)))
    np.testing.assert_allclose(many, np.tile(one, (3, 1, 1)), rtol=1e-5)


def test_own_posterior_is_asked_for_its_entropy():
    normal = independent_normal(tf.zeros((1, 2)), 1.0)
    mixture = tfgen.probability.GaussianMixture(1)
    mixture.set_model(types.SimpleNamespace(latent_dim=2, num_classes=None))
    z = tf.ones((1, 2))
    came = kl_divergence(normal, mixture.distribution(), z, 0.0, tf.zeros(1))
    wanted = -normal.entropy() - mixture.distribution().log_prob(z)
    np.testing.assert_allclose(came, wanted)
