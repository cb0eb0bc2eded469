"""Gaussians of dependent columns against SciPy's, in float64."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
import tfgen.probability as probability

ROWS, COLUMNS, RANK = 5, 4, 2
BELOW = COLUMNS * (COLUMNS - 1) // 2


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def positive(raw, floor=1e-3, start=0.7):
    """floor + softplus(raw + c), which is start at 0."""
    constant = np.log(np.expm1(start - floor))
    return floor + np.logaddexp(0.0, np.float64(raw) + constant)


def full_covariance(raw, below, **scale):
    size = np.shape(raw)[-1]
    weights = np.zeros((size, size))
    weights[np.tril_indices(size, -1)] = below
    root = np.linalg.inv(np.eye(size) - weights) @ np.diag(
        positive(raw, **scale)
    )
    return root @ root.T


def low_rank_covariance(raw, columns, **scale):
    columns = np.float64(columns)
    return np.diag(positive(raw, **scale) ** 2) + columns.T @ columns


def scipys(x, means, covariances):
    """log p of each row, by SciPy."""
    known = map(scipy.stats.Covariance.from_cholesky, roots(covariances))
    return np.array(
        [
            scipy.stats.multivariate_normal.logpdf(np.float64(row), mean, each)
            for row, mean, each in zip(x, means, known, strict=True)
        ]
    )


def roots(covariances):
    return np.linalg.cholesky(np.array(covariances))


def shared():
    """A `FullGaussian` and its covariance."""
    likelihood = probability.FullGaussian()
    likelihood.set_shape((COLUMNS,))
    raw, below = normal(COLUMNS, seed=1), normal(BELOW, seed=2)
    likelihood.set_weights([raw, below])
    return likelihood, full_covariance(raw, below)


def per_example(**arguments):
    likelihood = probability.FullGaussian("per_example", **arguments)
    likelihood.set_shape((COLUMNS,))
    return likelihood


def of_each_row(name, rows=ROWS):
    """A likelihood, decoder outputs, their means and their covariances."""
    if name == "shared":
        likelihood, covariance = shared()
        mean = normal(rows, COLUMNS, seed=3)
        return likelihood, mean, mean, [covariance] * rows
    if name == "per_example":
        outputs = normal(rows, 2 * COLUMNS + BELOW, seed=3)
        mean, raw, below = np.split(outputs, [COLUMNS, 2 * COLUMNS], axis=1)
        pairs = zip(raw, below, strict=True)
        likelihood, make = per_example(), full_covariance
    else:
        outputs = normal(rows, (2 + RANK) * COLUMNS, seed=3)
        mean, raw, flat = np.split(outputs, [COLUMNS, 2 * COLUMNS], axis=1)
        pairs = zip(raw, flat.reshape(rows, RANK, COLUMNS), strict=True)
        likelihood = probability.LowRankGaussian(RANK)
        make = low_rank_covariance
    return likelihood, outputs, mean, [make(*pair) for pair in pairs]


NAMES = ["shared", "per_example", "low_rank"]


@pytest.mark.parametrize("name", NAMES)
def test_log_prob_and_mean(name):
    likelihood, outputs, mean, covariances = of_each_row(name)
    assert outputs.shape[1:] == likelihood.decoder_shape((COLUMNS,))
    x = normal(ROWS, COLUMNS)
    came = likelihood.log_prob(x, outputs)
    np.testing.assert_allclose(came, scipys(x, mean, covariances), rtol=1e-4)
    np.testing.assert_array_equal(likelihood.mean(outputs), mean)


@pytest.mark.parametrize("name", NAMES)
def test_log_prob_of_a_value_given_the_others(name):
    """That of all less that of the others."""
    likelihood, parameters, means, covariances = of_each_row(name)
    x = means + normal(ROWS, COLUMNS, seed=7)
    found = likelihood.log_prob_of_values(x, parameters).numpy()
    wanted = np.empty((ROWS, COLUMNS))
    joint = scipys(x, means, covariances)
    for i in range(COLUMNS):
        left = np.delete(np.arange(COLUMNS), i)
        others = [c[np.ix_(left, left)] for c in covariances]
        wanted[:, i] = joint - scipys(x[:, left], means[:, left], others)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_log_prob_of_draws(name):
    likelihood, outputs, mean, covariances = of_each_row(name, ROWS * 3)
    x = normal(ROWS, COLUMNS)
    came = likelihood.log_prob_of_draws(x, outputs.reshape(ROWS, 3, -1))
    wanted = scipys(np.repeat(x, 3, axis=0), mean, covariances)
    np.testing.assert_allclose(came, wanted.reshape(ROWS, 3), rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_density(name):
    """Sums to one over a grid of two columns."""
    likelihood = {
        "shared": probability.FullGaussian,
        "per_example": lambda: probability.FullGaussian("per_example"),
        "low_rank": lambda: probability.LowRankGaussian(1),
    }[name]()
    likelihood.set_shape((2,))
    if name == "shared":
        likelihood.set_weights([np.zeros(2), np.float32([0.8])])
    side = np.linspace(-8, 8, 201, dtype="float32")
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    outputs = normal(1, *likelihood.decoder_shape((2,)))
    outputs = np.repeat(outputs, len(grid), axis=0)
    mass = np.exp(np.float64(likelihood.log_prob(grid, outputs)))
    assert mass.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_a_factor_times_normal_values(name):
    """The draws of unit vectors are the factor's columns."""
    likelihood, outputs, mean, covariances = of_each_row(name)
    units = np.eye(COLUMNS).reshape(COLUMNS, 1, COLUMNS)
    uniform = scipy.stats.norm.cdf(np.tile(units, (1, ROWS, 1)))
    draws = np.float64(
        [likelihood.sample(outputs, np.float32(each)) for each in uniform]
    )
    columns = draws - mean
    came = np.einsum("krc,krd->rcd", columns, columns)
    np.testing.assert_allclose(came, covariances, rtol=1e-4, atol=1e-4)
    alone = likelihood.sample(outputs[:1], np.float32(uniform[0, :1]))
    np.testing.assert_allclose(alone[0], draws[0, 0], rtol=1e-5, atol=1e-6)


def test_samples_of_the_full_gaussian_by_its_cholesky_factor():
    likelihood, covariance = shared()
    uniform = np.random.default_rng(0).uniform(size=(ROWS, COLUMNS))
    came = likelihood.sample(
        np.zeros((ROWS, COLUMNS), "float32"), np.float32(uniform)
    )
    wanted = scipy.stats.norm.ppf(uniform) @ np.linalg.cholesky(covariance).T
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-5)


def test_samples_at_the_ends_are_finite():
    for name in NAMES:
        likelihood, outputs, *_ = of_each_row(name)
        for end in (0.0, 1.0 - 2**-24):
            uniform = np.full((ROWS, COLUMNS), end, "float32")
            assert np.isfinite(likelihood.sample(outputs, uniform)).all()


@pytest.mark.parametrize("name", ["per_example", "low_rank"])
def test_ill_conditioned_in_float32(name):
    """Standard deviations from 0.001 to 100: a condition of 10^10."""
    raw = np.full(COLUMNS, -100.0, "float32")  # scales at the floor
    if name == "per_example":
        likelihood, rest = per_example(), np.full(BELOW, 40.0, "float32")
        covariance = full_covariance(raw, rest)
    else:
        likelihood = probability.LowRankGaussian(RANK)
        rest = 100 * normal(RANK, COLUMNS)
        covariance = low_rank_covariance(raw, rest)
    assert np.linalg.cond(covariance) > 1e9
    (root,) = roots([covariance])
    x = np.float32(np.float64(normal(20, COLUMNS)) @ root.T)
    outputs = np.concatenate([np.zeros(COLUMNS), raw, rest.ravel()])
    outputs = np.tile(np.float32(outputs), (20, 1))
    wanted = scipys(x, np.zeros((20, COLUMNS)), [covariance] * 20)
    came = likelihood.log_prob(x, outputs)
    np.testing.assert_allclose(came, wanted, rtol=0.02, atol=0.2)


@pytest.mark.parametrize("name", NAMES)
def test_ties_are_bounded(name):
    """At x = mean, scales at the floor: a normal density of each column."""
    if name == "shared":
        likelihood = probability.FullGaussian(min_scale=0.01)
        likelihood.set_shape((COLUMNS,))
        likelihood.raw_scale.assign(np.full(COLUMNS, -1e4))
        outputs = np.ones((1, COLUMNS), "float32")
    else:
        likelihood = (
            per_example(min_scale=0.01)
            if name == "per_example"
            else probability.LowRankGaussian(RANK, min_scale=0.01)
        )
        (size,) = likelihood.decoder_shape((COLUMNS,))
        outputs = np.zeros((1, size), "float32")
        outputs[:, :COLUMNS] = 1.0
        outputs[:, COLUMNS : 2 * COLUMNS] = -1e4
    outputs = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        came = likelihood.log_prob(np.ones((1, COLUMNS), "float32"), outputs)
    wanted = COLUMNS * scipy.stats.norm.logpdf(0, scale=0.01)
    np.testing.assert_allclose(came, wanted, rtol=1e-5)
    variables = likelihood.trainable_variables
    gradients = tape.gradient(came, [outputs, *variables])
    assert all(np.isfinite(each).all() for each in gradients)


@pytest.mark.parametrize("name", ["per_example", "low_rank"])
def test_values_and_gradients_are_finite_at_extremes(name):
    likelihood, outputs, *_ = of_each_row(name, 200)
    extreme = np.float32([-1e4, -100, -1e-8, 0, 1e-8, 100, 1e4])
    outputs = np.random.default_rng(0).choice(extreme, outputs.shape)
    outputs = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = likelihood.log_prob(np.zeros((200, COLUMNS)), outputs)
    assert np.isfinite(value).all()
    assert np.isfinite(tape.gradient(value, outputs)).all()


@pytest.mark.parametrize("name", ["per_example", "low_rank"])
@pytest.mark.parametrize("size", [1e5, 1e10, 1e20])
def test_far_from_the_data_nothing_is_likely(name, size):
    """Also where the decoder's outputs are as large as the data."""
    likelihood, outputs, *_ = of_each_row(name, 20)
    x = np.float32(size) * normal(20, COLUMNS)
    assert (likelihood.log_prob(x, outputs).numpy() < -size).all()
    both = likelihood.log_prob(x, np.float32(size) * outputs).numpy()
    assert not np.isnan(both).any()


# x = w z + b + e, e of covariance C: the posterior of the one latent is
# N(v w' C^-1 (x - b), v), v = 1 / (1 + w' C^-1 w).
W = np.array([[1.0, -0.5, 2.0, 0.3]])
B = np.array([0.3, 0.0, -1.0, 0.5])


@pytest.mark.parametrize("name", NAMES)
def test_linear_gaussian_model(name):
    """All importance weights are p(x), the Gaussian that SciPy knows."""
    likelihood, outputs, _, covariances = of_each_row(name, 1)
    outputs, covariance = outputs[0], covariances[0]
    inverse = np.linalg.inv(covariance)
    variance = 1 / (1 + (W @ inverse @ W.T).item())
    to_mean = variance * inverse @ W.T
    encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    encoder.set_weights(
        [
            np.concatenate([to_mean, np.zeros((4, 1))], axis=1),
            np.concatenate([-B @ to_mean, [np.log(variance)]]),
        ]
    )
    size = len(outputs)
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(size)])
    kernel = np.concatenate([W, np.zeros((1, size - 4))], axis=1)
    decoder.set_weights([kernel, np.concatenate([B, outputs[4:]])])
    model = tfgen.VAE(encoder, decoder, likelihood)
    evidence = scipy.stats.multivariate_normal(B, covariance + W.T @ W)
    x = normal(30, 4, seed=5)
    bound = tfgen.metrics.importance_weighted_bound(model, x, k=3)
    wanted = evidence.logpdf(np.float64(x))
    np.testing.assert_allclose(bound.values, wanted, rtol=1e-4, atol=1e-3)
    # The mean of eight draws is p(x) on the average over the draws alone.
    assert np.abs(np.mean(model.score(x) - wanted)) < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_gradients_lead_to_the_covariance_of_the_data(name):
    """The most likely Gaussian is that of the data's own moments."""
    covariance = np.array([[1.0, 0.98], [0.98, 1.0]])
    truth = scipy.stats.multivariate_normal([1, 0], covariance)
    x = np.float32(truth.rvs(500, random_state=0))
    likelihood = {
        "shared": probability.FullGaussian,
        "per_example": lambda: probability.FullGaussian("per_example"),
        "low_rank": lambda: probability.LowRankGaussian(1),
    }[name]()
    likelihood.set_shape((2,))
    outputs = tf.Variable(normal(1, *likelihood.decoder_shape((2,))))
    variables = [outputs, *likelihood.trainable_variables]
    optimizer = keras.optimizers.Adam(0.03)
    optimizer.build(variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            rows = tf.repeat(outputs, len(x), axis=0)
            loss = -tf.reduce_mean(likelihood.log_prob(x, rows))
        optimizer.apply(tape.gradient(loss, variables))
        return loss

    for _ in range(300):
        loss = step()
    found = scipy.stats.multivariate_normal(x.mean(0), np.cov(x.T, bias=True))
    assert float(loss) == pytest.approx(-found.logpdf(x).mean(), abs=0.01)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: probability.FullGaussian("low"), "expected one of shared, "),
        (lambda: probability.LowRankGaussian(0), "rank is 0, expected 1, 2"),
        (
            lambda: probability.FullGaussian().mean(np.zeros((2, 3))),
            "knows no columns yet: build a model with it",
        ),
        (
            lambda: tfgen.build(
                "vae", input_shape=(5,), likelihood=per_example()
            ),
            "of the 4 columns of another model, got 5: make one for each",
        ),
        (
            lambda: tfgen.build(
                "vae", input_shape=(8, 8, 1), likelihood="full_gaussian"
            ),
            "FullGaussian is of the columns of a table, got data of shape",
        ),
        (
            lambda: tfgen.build(
                "vae_gan", input_shape=(8, 8, 3), likelihood="low_rank_gaussian"
            ),
            "LowRankGaussian is of the columns of a table, got data of shape",
        ),
        (
            lambda: tfgen.build(
                "vae_gan",
                input_shape=(5,),
                objective="larsen",
                likelihood=probability.FullGaussian("per_example"),
            ),
            "FullGaussian has more to learn than a mean",
        ),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_one_column_is_a_normal():
    """There is nothing that it could depend on."""
    vae = tfgen.build("vae", input_shape=(1,), latent_dim=1)
    x = np.array([[0.0], [3.0]])
    found = vae.run_endpoint("score", {"x": x})["log_likelihood"]
    assert np.isfinite(found).all() and found[0] > found[1]
