"""Against linear-Gaussian models, whose log p(x) SciPy knows."""

import contextlib

import keras
import numpy as np
import pytest
import scipy.stats

import tfgen
from tfgen.metrics import binarized, importance_weighted_bound

layers = keras.layers

# x = W z + b + 0.5 e. The columns w of W are orthogonal, so the posterior is
# diagonal: N(v w'(x - b) / 0.25, v) with v = 1 / (1 + w'w / 0.25).
W = np.array([[1.0, 0.5], [-0.5, 1.0], [0.5, 1.0], [0.5, -1.0]])
B = np.array([0.3, 0.0, -1.0, 0.5])
SIGMA = 0.5
VARIANCE = 1 / (1 + (W**2).sum(axis=0) / SIGMA**2)
COVARIANCE = W @ W.T + SIGMA**2 * np.eye(4)


def data(n, seed=0):
    random = np.random.default_rng(seed)
    noise = SIGMA * random.normal(size=(n, 4))
    return np.float32(random.normal(size=(n, 2)) @ W.T + B + noise)


def evidence(x, shift=0.0):
    normal = scipy.stats.multivariate_normal(B, COVARIANCE)
    return normal.logpdf(np.float64(x) - shift)


def linear(mean_error=0.0, variance_factor=1.0):
    """Its posterior has the mean off by `mean_error` and another variance."""
    to_mean = VARIANCE * W / SIGMA**2
    log_variance = np.log(VARIANCE * variance_factor)
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
    encoder.set_weights(
        [
            np.concatenate([to_mean, np.zeros((4, 2))], axis=1),
            np.concatenate([mean_error - B @ to_mean, log_variance]),
        ]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    decoder.set_weights([W.T, B])
    return tfgen.VAE(encoder, decoder, tfgen.probability.Gaussian(SIGMA))


def gap(mean_error, variance_factor):
    """KL(q || posterior) in nats, by which the ELBO falls short."""
    each = variance_factor - 1 - np.log(variance_factor)
    return np.sum((each + mean_error**2 / VARIANCE) / 2)


OFF = {"mean_error": 0.15, "variance_factor": 2.0}


@pytest.mark.parametrize("k", [1, 2, 150])
def test_exact_posterior(k):
    """All weights are p(x), whatever is drawn."""
    x = data(50)
    bound = importance_weighted_bound(linear(), x, k=k)
    np.testing.assert_allclose(bound.values, evidence(x), atol=1e-4)
    assert bound.k == k
    if k > 1:
        np.testing.assert_allclose(bound.errors, 0, atol=1e-5)


def test_another_posterior():
    x = data(400)
    bound = importance_weighted_bound(linear(**OFF), x, k=1000)
    difference = bound.values - evidence(x)
    assert 0.005 < bound.monte_carlo_error * 20 < 0.1
    assert np.abs(difference.mean()) < 3 * bound.monte_carlo_error
    # The errors are right, thus the draws of all blocks are others.
    assert (difference / bound.errors).std() == pytest.approx(1, abs=0.12)
    wanted = bound.values.std(ddof=1) / 20
    assert bound.standard_error == pytest.approx(wanted)


def test_under_a_mixture_prior():
    """Then x is a mixture of as many Gaussians."""
    weights = np.array([0.3, 0.7])
    means = np.array([[0.8, 0.0], [-0.4, 0.5]])
    roots = np.array([[[0.9, 0.0], [0.3, 0.7]], [[0.8, 0.0], [-0.2, 1.0]]])
    model = linear(0.0, 2.0)
    model.set_prior(tfgen.probability.GaussianMixture(2, "full"))
    model.prior.set_parameters(weights, means, roots)
    x = data(400)
    noise = SIGMA**2 * np.eye(4)
    each = [
        scipy.stats.multivariate_normal(
            W @ mean + B, W @ root @ root.T @ W.T + noise
        ).pdf(np.float64(x))
        for mean, root in zip(means, roots, strict=True)
    ]
    evidence = np.log(weights @ np.array(each))
    bound = importance_weighted_bound(model, x, k=1000)
    difference = bound.values - evidence
    assert bound.monte_carlo_error < 0.005
    assert np.abs(difference.mean()) < 3 * bound.monte_carlo_error
    assert (difference / bound.errors).std() == pytest.approx(1, abs=0.15)


def test_one_draw_is_the_evidence_lower_bound():
    x = data(4000)
    bound = importance_weighted_bound(linear(**OFF), x, k=1)
    difference = bound.values - evidence(x)
    error = difference.std() / len(x) ** 0.5
    assert difference.mean() == pytest.approx(-gap(**OFF), abs=3 * error)
    assert gap(**OFF) > 10 * error
    assert np.isnan(bound.errors).all() and np.isnan(bound.monte_carlo_error)


def test_grows_with_k():
    x, model = data(500), linear(**OFF)
    means = [importance_weighted_bound(model, x, k=k).mean for k in (1, 4, 64)]
    assert means[0] + 0.1 < means[1] < means[2] - 0.05
    assert means[2] < evidence(x).mean() + 0.02


@pytest.mark.parametrize("max_rows", [1, 7, 100, 230, 10**6])
def test_chunks_do_not_matter(max_rows):
    x, model = data(6), linear(**OFF)
    bound = importance_weighted_bound(model, x, k=230)
    again = importance_weighted_bound(model, x, k=230, max_rows=max_rows)
    np.testing.assert_allclose(again.values, bound.values, rtol=1e-6)
    np.testing.assert_allclose(again.errors, bound.errors, rtol=1e-4)


def test_draws_belong_to_examples():
    x, model = data(6), linear(**OFF)
    bound = importance_weighted_bound(model, x, k=20)
    alone = importance_weighted_bound(model, x[:2], k=20)
    np.testing.assert_allclose(alone.values, bound.values[:2], rtol=1e-6)
    same = importance_weighted_bound(model, x[[0, 0]], k=20).values
    assert abs(same[0] - same[1]) > 1e-3
    shared = importance_weighted_bound(model, x[[0, 0]], k=20, same_draws=True)
    np.testing.assert_allclose(shared.values, bound.values[0], rtol=1e-6)
    other = importance_weighted_bound(model, x, k=20, seed=1)
    assert np.abs(other.values - bound.values).min() > 1e-5


def test_a_longer_run_continues_a_shorter_one():
    """One draw after the other, from the bounds of growing k."""
    x, model = data(3), linear(**OFF)
    sums = [
        np.exp(importance_weighted_bound(model, x, k=k).values) * k
        for k in (1, 2, 100, 101)
    ]
    assert (np.diff(sums, axis=0) > 0).all()


def test_replicas(two_replicas):
    x = data(5)
    with two_replicas.scope():
        model = linear(**OFF)
    bound = importance_weighted_bound(linear(**OFF), x, k=120)
    for scope in (two_replicas.scope(), contextlib.nullcontext()):
        with scope:
            again = importance_weighted_bound(model, x, k=120)
        np.testing.assert_allclose(again.values, bound.values, rtol=1e-6)


def test_labels():
    """x = W z + b + c_y + 0.5 e: the evidence is that of x - c_y."""
    shifts = np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -1.0, 0.0, 2.0]])
    plain = linear()
    to_mean = plain.encoder.get_weights()[0]
    inputs = [keras.Input((4,)), keras.Input((2,))]
    joined = layers.Concatenate()(inputs)
    encoder = keras.Model(inputs, layers.Dense(4)(joined))
    encoder.set_weights(
        [
            np.concatenate([to_mean, -shifts @ to_mean]),
            plain.encoder.get_weights()[1],
        ]
    )
    inputs = [keras.Input((2,)), keras.Input((2,))]
    decoder = keras.Model(inputs, layers.Dense(4)(layers.Concatenate()(inputs)))
    decoder.set_weights([np.concatenate([W.T, shifts]), B])
    model = tfgen.VAE(
        encoder, decoder, tfgen.probability.Gaussian(SIGMA), num_classes=2
    )
    labels = np.arange(30) % 2
    x = data(30) + np.float32(shifts[labels])
    bound = importance_weighted_bound(model, x, labels, k=3, max_rows=7)
    wanted = evidence(x, shifts[labels])
    np.testing.assert_allclose(bound.values, wanted, atol=1e-4)
    with pytest.raises(ValueError, match="expected x, label"):
        importance_weighted_bound(model, x, k=3)


LIKELIHOODS = {
    "bernoulli": lambda: tfgen.probability.Bernoulli("dynamic"),
    "probabilities": lambda: tfgen.probability.Bernoulli(from_logits=False),
    "continuous_bernoulli": tfgen.probability.ContinuousBernoulli,
    "discretized_logistic": tfgen.probability.DiscretizedLogistic,
    "gaussian": tfgen.probability.Gaussian,
    "per_value": lambda: tfgen.probability.Gaussian("per_value"),
}


@pytest.mark.parametrize(
    ("name", "num_classes"),
    [*((name, None) for name in LIKELIHOODS), ("bernoulli", 3)],
)
def test_every_likelihood(name, num_classes):
    """Averages log p(x|z) of the decoder's outputs, one z at a time."""
    model = tfgen.build(
        "vae",
        input_shape=(5, 4, 1),
        latent_dim=2,
        network="mlp",
        network_options={"units": (8,)},
        likelihood=LIKELIHOODS[name],
        output_activation="sigmoid" if name == "probabilities" else None,
        num_classes=num_classes,
        seed=0,
    )
    x = binarized(np.full((4, 5, 4, 1), 0.5))
    labels = None if num_classes is None else np.array([0, 2, 1, 1])
    hot = None if labels is None else np.eye(3, dtype="float32")[labels]
    latents = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
    came = model.log_likelihood(x, latents, hot)
    for draw in range(6):
        z = latents[:, draw]
        outputs = model.decoder(z if hot is None else [z, hot])
        wanted = model.likelihood.log_prob(x, outputs)
        np.testing.assert_allclose(came[:, draw], wanted, rtol=2e-5)
    lower, error = lower_bound(model, x, labels, hot)
    rows = np.repeat(np.arange(4), 600)
    if labels is not None:
        labels = labels[rows]
    single = importance_weighted_bound(model, x[rows], labels, k=1).values
    came = single.reshape(4, 600).mean(axis=1)
    error = np.hypot(error, single.reshape(4, 600).std(axis=1) / 600**0.5)
    assert (np.abs(came - lower) < 4 * error).all()


def lower_bound(model, x, labels, hot, draws=60):
    """ELBO of each example, its standard error; by draws of NumPy's."""
    given = {"x": x} if labels is None else {"x": x, "label": labels}
    code = model.run_endpoint("encode", given)
    posterior = scipy.stats.norm(code["mean"], code["stddev"])
    weights = []
    for seed in range(draws):
        z = posterior.rvs(random_state=seed).astype("float32")
        outputs = model.decoder(z if hot is None else [z, hot])
        ratio = scipy.stats.norm.logpdf(z) - posterior.logpdf(z)
        likelihood = model.likelihood.log_prob(x, outputs).numpy()
        weights.append(likelihood + ratio.sum(axis=1))
    return np.mean(weights, axis=0), np.std(weights, axis=0) / draws**0.5


def test_progress():
    calls = []
    importance_weighted_bound(
        linear(),
        data(5),
        k=10,
        max_rows=20,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(2, 5), (4, 5), (5, 5)]


class TestBinarized:
    def test_as_numpys_own_seed(self):
        x = np.random.default_rng(0).random((20, 4, 4, 1)).astype("float32")
        # Kept by RandomState for ever, unlike default_rng.
        np.random.seed(777)
        wanted = np.random.binomial(1, x)
        came = binarized(x)
        assert came.dtype == np.float32
        np.testing.assert_array_equal(came, wanted)
        assert (binarized(x, seed=1) != came).any()

    def test_black_and_white_stay(self):
        x = np.array([[0.0, 1.0, 1.0]])
        np.testing.assert_array_equal(binarized(x), x)

    def test_other_ranges_are_refused(self):
        with pytest.raises(ValueError, match="expected \\[0, 1\\]"):
            binarized(np.array([[-1.0, 1.0]]))


class TestRefused:
    def test_model_without_encoder(self):
        gan = tfgen.build("gan", input_shape=(4,), latent_dim=2)
        with pytest.raises(ValueError, match="an encoder, which GAN has not"):
            importance_weighted_bound(gan, data(3))

    @pytest.mark.parametrize("targets", ["soft", "dynamic", "threshold"])
    def test_grey_values(self, targets):
        model = tfgen.build(
            "vae",
            input_shape=(4, 4, 1),
            likelihood=tfgen.probability.Bernoulli(targets),
        )
        x = np.zeros((3, 4, 4, 1))
        assert np.isfinite(importance_weighted_bound(model, x, k=2).mean)
        x[2, 1, 1] = 0.25
        advice = {"threshold": r"\(x >= 0.5\)"}.get(targets, "binarized")
        with pytest.raises(ValueError, match=f"such as 0.25.*{advice}"):
            importance_weighted_bound(model, x, k=2)

    def test_not_finite(self):
        model = linear()
        model.decoder.set_weights([W.T * np.nan, B])
        with pytest.raises(ValueError, match="NaN for example 0"):
            importance_weighted_bound(model, data(3), k=2)

    @pytest.mark.parametrize(
        "options", [{"k": 0}, {"k": 1.5}, {"max_rows": 0}, {"seed": -1}]
    )
    def test_numbers(self, options):
        name = next(iter(options))
        with pytest.raises(ValueError, match=f"{name} is"):
            importance_weighted_bound(linear(), data(3), **options)

    def test_another_shape(self):
        with pytest.raises(ValueError, match="shape"):
            importance_weighted_bound(linear(), np.zeros((3, 5)), k=2)
