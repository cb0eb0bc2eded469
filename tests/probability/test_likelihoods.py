"""Log-likelihoods against SciPy and float64 NumPy."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import tfgen.probability as probability

SHAPE = (5, 4, 3, 2)
RANDOM = np.random.default_rng(0)


def float32(values):
    return np.asarray(values, np.float32)


def total(each):
    """Sum over everything but the rows, in float64."""
    return np.sum(each, axis=tuple(range(1, np.ndim(each))))


def bernoulli_formula(x, logits):
    x, logits = np.float64(x), np.float64(logits)
    return x * scipy.special.log_expit(logits) + (
        1 - x
    ) * scipy.special.log_expit(-logits)


def log_normalizer(logits):
    """log(2 atanh(1 - 2p) / (1 - 2p)) where 2 atanh(1 - 2p) = -logit(p)."""
    logits = np.float64(logits)
    near = np.abs(logits) < 1e-2
    safe = np.where(near, 1.0, logits)
    far = np.log(safe / np.tanh(safe / 2))
    # log(l / tanh(l / 2)) = log 2 + l^2 / 12 - 7 l^4 / 1440 + ...
    series = np.log(2) + logits**2 / 12 - 7 * logits**4 / 1440
    return np.where(near, series, far)


def test_bernoulli():
    x = float32(RANDOM.uniform(size=SHAPE))
    logits = float32(3 * RANDOM.normal(size=SHAPE))
    likelihood = probability.Bernoulli()
    came = likelihood.log_prob(x, logits)
    np.testing.assert_allclose(
        came, total(bernoulli_formula(x, logits)), rtol=1e-5
    )


def test_bernoulli_of_on_and_off_is_scipys():
    x = float32(RANDOM.integers(0, 2, SHAPE))
    logits = float32(RANDOM.normal(size=SHAPE))
    wanted = scipy.stats.bernoulli.logpmf(
        x, scipy.special.expit(np.float64(logits))
    )
    came = probability.Bernoulli().log_prob(x, logits)
    np.testing.assert_allclose(came, total(wanted), rtol=1e-5)


def test_bernoulli_of_probabilities():
    x = float32(RANDOM.uniform(size=SHAPE))
    logits = RANDOM.normal(size=SHAPE)
    likelihood = probability.Bernoulli(from_logits=False)
    came = likelihood.log_prob(x, float32(scipy.special.expit(logits)))
    np.testing.assert_allclose(
        came, total(bernoulli_formula(x, logits)), rtol=1e-5
    )


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 1.0, 5.0, 30.0])
def test_continuous_bernoulli(scale):
    """From p = 0.5, where the textbook formula is 0 / 0, to the edges."""
    x = float32(RANDOM.uniform(size=SHAPE))
    logits = float32(scale * RANDOM.normal(size=SHAPE))
    wanted = bernoulli_formula(x, logits) + log_normalizer(logits)
    came = probability.ContinuousBernoulli().log_prob(x, logits)
    np.testing.assert_allclose(came, total(wanted), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("logit", [0.0, 1e-3, 0.3, 4.0, -9.0])
def test_continuous_bernoulli_is_a_density(logit):
    points, weights = np.polynomial.legendre.leggauss(64)
    x = float32((points + 1) / 2)[:, None]
    likelihood = probability.ContinuousBernoulli()
    density = np.exp(likelihood.log_prob(x, np.full_like(x, logit)))
    assert np.sum(density * weights / 2) == pytest.approx(1, abs=1e-5)


def test_gaussian_with_a_fixed_scale():
    x, mean = float32(RANDOM.normal(size=(2, *SHAPE)))
    came = probability.Gaussian(0.3).log_prob(x, mean)
    wanted = scipy.stats.norm.logpdf(np.float64(x), mean, 0.3)
    np.testing.assert_allclose(came, total(wanted), rtol=1e-5)


def test_gaussian_with_a_learned_scale():
    x, mean = float32(RANDOM.normal(size=(2, *SHAPE)))
    likelihood = probability.Gaussian("learned", min_scale=0.01)
    likelihood.raw_scale.assign(0.7)
    scale = 0.01 + np.log1p(np.exp(0.7))
    wanted = scipy.stats.norm.logpdf(np.float64(x), mean, scale)
    came = likelihood.log_prob(x, mean)
    np.testing.assert_allclose(came, total(wanted), rtol=1e-5)


def test_gaussian_with_a_scale_per_value():
    x, mean, raw = float32(RANDOM.normal(size=(3, *SHAPE)))
    likelihood = probability.Gaussian("per_value", min_scale=0.01)
    parameters = np.concatenate([mean, raw], axis=-1)
    wanted = scipy.stats.norm.logpdf(
        np.float64(x), mean, 0.01 + np.log1p(np.exp(np.float64(raw)))
    )
    came = likelihood.log_prob(x, parameters)
    np.testing.assert_allclose(came, total(wanted), rtol=1e-5)
    np.testing.assert_array_equal(likelihood.mean(parameters), mean)


def test_squared_error_is_a_gaussian():
    """scale = sqrt(1/2): -log p = sum of squares + log(pi) / 2 a value."""
    x, mean = float32(RANDOM.normal(size=(2, *SHAPE)))
    came = -probability.Gaussian(0.5**0.5).log_prob(x, mean).numpy()
    wanted = total(np.square(np.float64(x) - mean)) + 24 * np.log(np.pi) / 2
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


def logistic_bins(grey, location, raw, levels=256, min_scale=0.1):
    top = levels - 1
    location = (np.float64(location) + 0.5) * top
    scale = min_scale + np.log1p(np.exp(np.float64(raw))) * top / 8
    # By the nearer tail: F(b) - F(a) = S(a) - S(b), S the survival function.
    left = scipy.stats.logistic(location, scale)
    right = scipy.stats.logistic(-location, scale)
    below = np.where(grey == 0, -np.inf, grey - 0.5)
    above = np.where(grey == top, np.inf, grey + 0.5)
    flip = grey > location
    logistic_cdf = (
        np.where(flip, right.logcdf(-below), left.logcdf(above)),
        np.where(flip, right.logcdf(-above), left.logcdf(below)),
    )
    larger, smaller = logistic_cdf
    return larger + np.log1p(-np.exp(smaller - larger))


def test_discretized_logistic():
    grey = RANDOM.integers(0, 256, SHAPE)
    grey[0, 0, 0], grey[1, 0, 0] = 0, 255
    location = float32(0.4 * RANDOM.normal(size=SHAPE))
    raw = float32(RANDOM.normal(size=SHAPE) - 1)
    came = probability.DiscretizedLogistic().log_prob(
        float32(grey / 255), np.concatenate([location, raw], axis=-1)
    )
    wanted = total(logistic_bins(grey, location, raw))
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


@pytest.mark.parametrize("location", [-0.6, -0.5, 0.0, 0.3, 0.5])
@pytest.mark.parametrize("raw", [-8.0, -3.0, 1.0])
def test_discretized_logistic_bin_by_bin(location, raw):
    grey = np.arange(256)[:, None]
    parameters = np.tile(float32([location, raw]), (256, 1))
    came = probability.DiscretizedLogistic().log_prob(
        float32(grey / 255), parameters
    )
    wanted = logistic_bins(grey, location, raw)[:, 0]
    probable = wanted > -25
    np.testing.assert_allclose(
        came.numpy()[probable], wanted[probable], rtol=2e-5, atol=2e-5
    )
    assert np.sum(np.exp(np.float64(came))) == pytest.approx(1, abs=1e-5)
    assert np.all(np.isfinite(came))


@pytest.mark.parametrize("levels", [2, 16])
def test_discretized_logistic_with_few_levels(levels):
    grey = np.arange(levels)[:, None]
    parameters = np.tile(float32([0.1, 0.2]), (levels, 1))
    likelihood = probability.DiscretizedLogistic(levels, min_scale=0.2)
    came = likelihood.log_prob(float32(grey / (levels - 1)), parameters)
    wanted = logistic_bins(grey, 0.1, 0.2, levels, 0.2)[:, 0]
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


EXTREME = float32([-1e4, -100, -20, -1e-8, 0, 1e-8, 20, 100, 1e4])


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "likelihood",
    [
        probability.Bernoulli(),
        probability.Bernoulli(from_logits=False),
        probability.ContinuousBernoulli(),
        probability.Gaussian(0.1),
        probability.Gaussian("learned"),
        probability.Gaussian("per_value"),
        probability.DiscretizedLogistic(),
    ],
    ids=lambda likelihood: likelihood.name,
)
def test_values_and_gradients_are_finite_at_extremes(likelihood, x):
    each = EXTREME
    if not getattr(likelihood, "from_logits", True):
        each = float32([0, 1e-30, 1e-7, 0.5, 1 - 1e-7, 1])
    columns = np.meshgrid(*[each] * likelihood.parameters_per_value)
    parameters = tf.constant(np.stack([c.ravel() for c in columns], -1))
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        value = likelihood.log_prob(
            np.full((len(parameters), 1), x, np.float32), parameters
        )
    gradient = tape.gradient(value, parameters)
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    "likelihood, parameters, distribution",
    [
        (probability.Gaussian(0.5), [0.2], scipy.stats.norm(0.2, 0.5)),
        (
            probability.Gaussian("per_value", min_scale=0.0),
            [0.2, np.log(np.expm1(2.0))],
            scipy.stats.norm(0.2, 2.0),
        ),
    ],
    ids=["fixed", "per_value"],
)
def test_samples_of_a_gaussian(likelihood, parameters, distribution):
    uniform = float32(RANDOM.uniform(size=(20_000, 1)))
    tiled = np.tile(float32(parameters), (20_000, 1))
    came = likelihood.sample(tiled, uniform).numpy()[:, 0]
    assert scipy.stats.kstest(came, distribution.cdf).pvalue > 1e-3


@pytest.mark.parametrize("logit", [0.0, 1.5, -4.0])
def test_samples_of_a_continuous_bernoulli(logit):
    uniform = float32(RANDOM.uniform(size=(20_000, 1)))
    likelihood = probability.ContinuousBernoulli()
    logits = np.full_like(uniform, logit)
    came = likelihood.sample(logits, uniform).numpy()[:, 0]

    def cdf(x):
        return x if logit == 0 else np.expm1(logit * x) / np.expm1(logit)

    assert scipy.stats.kstest(came, cdf).pvalue > 1e-3
    mean = 0.5 if logit == 0 else 1 / (1 - np.exp(-logit)) - 1 / logit
    np.testing.assert_allclose(likelihood.mean(logits[:1]), mean, rtol=1e-4)


def test_samples_of_a_bernoulli():
    uniform = float32(RANDOM.uniform(size=(20_000, 1)))
    likelihood = probability.Bernoulli()
    came = likelihood.sample(np.full_like(uniform, -1.0), uniform)
    assert set(np.unique(came)) == {0.0, 1.0}
    # p = 0.269, standard error 0.003
    assert np.mean(came) == pytest.approx(scipy.special.expit(-1), abs=0.012)


def test_samples_of_a_discretized_logistic():
    uniform = float32(RANDOM.uniform(size=(50_000, 1)))
    likelihood = probability.DiscretizedLogistic(levels=8)
    parameters = np.tile(float32([0.1, -0.5]), (50_000, 1))
    came = likelihood.sample(parameters, uniform).numpy()[:, 0] * 7
    np.testing.assert_allclose(came, np.round(came), atol=1e-5)
    counts = np.bincount(np.round(came).astype(int), minlength=8)
    wanted = np.exp(logistic_bins(np.arange(8), 0.1, -0.5, levels=8))
    chi = scipy.stats.chisquare(counts, wanted / wanted.sum() * 50_000)
    assert chi.pvalue > 1e-3


class Draws:
    """A batch whose uniform noise is given."""

    def __init__(self, noise):
        self.noise = noise

    def uniform(self, shape, purpose):
        assert shape == self.noise.shape[1:]
        return tf.constant(self.noise)


def test_targets_of_a_bernoulli():
    x = tf.constant([[0.0, 0.3, 0.5, 0.7, 1.0]])
    batch = Draws(float32([[0.0, 0.2, 0.6, 0.7, 0.999]]))

    def targets(name):
        return probability.Bernoulli(name).targets(x, batch).numpy()

    np.testing.assert_array_equal(targets("soft"), x)
    np.testing.assert_array_equal(targets("dynamic"), [[0, 1, 0, 0, 1]])
    np.testing.assert_array_equal(targets("threshold"), [[0, 0, 1, 1, 1]])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: probability.Bernoulli("hard"), "expected one of soft"),
        (lambda: probability.Gaussian(0.0), "expected a positive number"),
        (lambda: probability.Gaussian(True), "expected a positive number"),
        (lambda: probability.Gaussian("fixed"), "'learned' or 'per_value'"),
        (lambda: probability.get("poisson"), "expected one of bernoulli"),
        (lambda: probability.get(None), "expected one of bernoulli"),
        (lambda: probability.get(["gaussian"]), "expected one of bernoulli"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", probability.LIKELIHOODS)
def test_likelihoods_by_name(name):
    likelihood = probability.get(name)
    assert type(likelihood) is probability.LIKELIHOODS[name]
    assert probability.get(likelihood) is likelihood


@pytest.mark.parametrize(
    "name",
    [
        *("bernoulli", "continuous_bernoulli", "discretized_logistic"),
        *("logistic_mixture", "categorical", "gaussian", "autoregressive"),
    ],
)
def test_log_prob_of_values_sums_to_that_of_the_example(name):
    likelihood = probability.get(name)
    likelihood.set_shape((4, 3, 2))
    random = np.random.default_rng(4)
    x = float32(random.integers(0, 2, (5, 4, 3, 2)))
    parameters = float32(
        random.normal(size=(5, *likelihood.decoder_shape((4, 3, 2))))
    )
    each = likelihood.log_prob_of_values(x, parameters)
    assert each.shape == x.shape
    wanted = likelihood.log_prob(x, parameters)
    np.testing.assert_allclose(total(each), wanted, rtol=1e-5)


@pytest.mark.parametrize("size", [12, 13, 120, 784])
def test_bernoulli_of_grey_values_and_its_gradients(size):
    """By SciPy's expit, in double precision, far out too."""
    rng = np.random.default_rng(0)
    x = rng.random((3, size)).astype("float32")
    x[0] = rng.integers(0, 2, size)
    logits = rng.normal(scale=4.0, size=(3, size)).astype("float32")
    logits[1, :4] = [-300.0, 300.0, -30.0, 30.0]
    on = scipy.special.expit(np.float64(logits))
    log_on = scipy.special.log_expit(np.float64(logits))
    log_off = scipy.special.log_expit(-np.float64(logits))
    wanted = np.sum(x * log_on + (1.0 - x) * log_off, axis=1)
    x, logits = tf.constant(x), tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch([x, logits])
        found = probability.Bernoulli().log_prob(x, logits)
    of_x, of_logits = tape.gradient(found, [x, logits])
    np.testing.assert_allclose(found, wanted, rtol=2e-6)
    np.testing.assert_allclose(of_x, logits, atol=1e-6)
    np.testing.assert_allclose(of_logits, x - on, atol=1e-6)
