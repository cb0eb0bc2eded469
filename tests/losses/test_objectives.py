"""Objectives of VAEs against closed forms, many draws and scikit-learn."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from sklearn.metrics import pairwise

import tfgen
from tfgen.losses import IWAE, MMD, get_objective
from tfgen.training import GlobalBatch

pytestmark = pytest.mark.filterwarnings("ignore:.*beta 1 is the ELBO")

layers = keras.layers

# x = w z + b + 0.5 e, with an encoder that is a little off.
W = np.array([[1.0], [-0.5], [2.0]])
B = np.array([0.3, 0.0, -1.0])
SIGMA = 0.5


def linear(latents=1, seed=3, **options):
    random = np.random.default_rng(seed)
    encoder = keras.Sequential([keras.Input((3,)), layers.Dense(2 * latents)])
    decoder = keras.Sequential([keras.Input((latents,)), layers.Dense(3)])
    wide = np.tile(W, (1, latents)) + 0.1 * random.normal(size=(3, latents))
    to_mean = wide / (np.sum(wide**2, axis=0) + SIGMA**2)
    zeros = np.zeros((3, latents))
    offsets = [0.1 - B @ to_mean, np.full(latents, -2.5)]
    encoder.set_weights(
        [np.concatenate([to_mean, zeros], axis=1), np.concatenate(offsets)]
    )
    decoder.set_weights([wide.T, B])
    likelihood = tfgen.probability.Gaussian(SIGMA)
    return tfgen.VAE(encoder, decoder, likelihood, seed=11, **options)


def data(rows, seed=0):
    random = np.random.default_rng(seed)
    noise = SIGMA * random.normal(size=(rows, 3))
    return np.float32(random.normal(size=(rows, 1)) @ W.T + B + noise)


def batch_of(x, step=0):
    return GlobalBatch(tf.constant(x), None, 11, step)


BATCHES, ROWS = 80, 100


def gradients(loss_of, model, x):
    """Of the encoder's and the decoder's weights, of many batches' losses.

    One example many times: each row is another set of draws.
    """
    variables = model.encoder.variables + model.decoder.variables

    @tf.function
    def gradient(step):
        batch = batch_of(np.repeat(x, ROWS, axis=0), step)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(loss_of(model, batch))
        found = [tf.reshape(g, [-1]) for g in tape.gradient(loss, variables)]
        return tf.concat(found[:2], 0), tf.concat(found[2:], 0)

    parts = zip(*map(gradient, tf.range(BATCHES, dtype=tf.int64)), strict=True)
    return [np.stack(part) for part in parts]


def loss_of(model, batch):
    return model.objective(model, batch, 1.0, True)["loss"]


def assert_same_mean(came, wanted):
    """Means over rows are the same but for their standard errors."""
    error = np.hypot(
        came.std(axis=0, ddof=1) / len(came) ** 0.5,
        wanted.std(axis=0, ddof=1) / len(wanted) ** 0.5,
    )
    off = came.mean(axis=0) - wanted.mean(axis=0)
    assert np.all(np.abs(off) < 4 * error + 1e-6), off / error


def plain_iwae(draws):
    """The bound as it is, written out for a linear Gaussian."""

    def loss_of(model, batch):
        mean, log_variance = tf.split(model.encoder(batch.x), 2, axis=1)
        noise = batch.normal((draws, model.latent_dim), "other")
        stddev = tf.exp(log_variance / 2)[:, None]
        z = mean[:, None] + stddev * noise
        kernel, bias = model.decoder.variables
        fitted = tf.tensordot(z, tf.convert_to_tensor(kernel), 1) + bias
        error = (batch.x[:, None] - fitted) / SIGMA
        log_weights = (
            -tf.reduce_sum(error**2, 2) / 2
            - tf.reduce_sum(z**2 - noise**2, 2) / 2
            + tf.reduce_sum(tf.math.log(stddev), 2)
        )
        return -tf.reduce_logsumexp(log_weights, axis=1)

    return loss_of


@pytest.mark.parametrize("draws", [1, 2, 10])
def test_gradients_are_the_bounds(draws):
    model = linear(latents=2, objective="iwae", objective_draws=draws)
    came = gradients(loss_of, model, data(1))
    wanted = gradients(plain_iwae(draws), model, data(1))
    assert_same_mean(came[0], wanted[0])
    assert_same_mean(came[1], wanted[1])
    if draws == 10:  # what the other estimator is for
        spread = [part[0].std(axis=0).mean() for part in (came, wanted)]
        assert spread[0] < 0.7 * spread[1]


def test_one_draw_has_the_gradient_of_the_elbo():
    one = linear(objective="iwae", objective_draws=1)
    came = gradients(loss_of, one, data(1))
    wanted = gradients(loss_of, linear(), data(1))
    assert_same_mean(came[0], wanted[0])
    np.testing.assert_allclose(came[1], wanted[1], rtol=1e-4, atol=1e-4)


def test_one_draw_has_the_value_of_the_elbo():
    """By hand, with the closed form of the KL term undone."""
    model = linear(objective="iwae", objective_draws=1)
    batch = batch_of(data(5))
    losses = model.objective(model, batch, 1.0, True)
    mean, log_variance = np.split(np.float64(model.encoder(batch.x)), 2, axis=1)
    noise = np.float64(batch.normal((1,), "posterior"))
    z = mean + np.exp(log_variance / 2) * noise
    fitted = np.float64(model.decoder(z))
    log_weight = (
        scipy.stats.norm(fitted, SIGMA).logpdf(batch.x).sum(axis=1)
        + scipy.stats.norm.logpdf(z)[:, 0]
        - scipy.stats.norm(mean, np.exp(log_variance / 2)).logpdf(z)[:, 0]
    )
    np.testing.assert_allclose(losses["loss"], -log_weight, rtol=1e-4)
    wanted = linear().elbo_losses(batch, 1.0, True)
    for name in ("negative_elbo", "reconstruction_loss", "kl_loss"):
        np.testing.assert_allclose(losses[name], wanted[name], rtol=1e-5)


def test_many_draws_reach_the_evidence():
    model = linear(objective=IWAE(2000))
    x = data(40)
    wide = model.decoder.get_weights()[0].T
    covariance = wide @ wide.T + SIGMA**2 * np.eye(3)
    evidence = scipy.stats.multivariate_normal(B, covariance).logpdf(x)
    model.compile()
    logs = model.evaluate(x, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(-evidence.mean(), abs=0.01)
    assert logs["negative_elbo"] > logs["loss"] + 0.02


def test_beta_within_the_weights():
    """At 0 the loss is of the likelihoods alone."""
    model = linear(objective="iwae", objective_draws=4)
    batch = batch_of(data(5))
    came = model.objective(model, batch, 0.0, True)["loss"]
    mean, log_variance = np.split(np.float64(model.encoder(batch.x)), 2, axis=1)
    noise = np.float64(batch.normal((4, 1), "posterior"))
    z = mean[:, None] + np.exp(log_variance / 2)[:, None] * noise
    fitted = np.float64(model.decoder(z.reshape(20, 1))).reshape(5, 4, 3)
    each = scipy.stats.norm(fitted, SIGMA).logpdf(batch.x[:, None]).sum(axis=2)
    wanted = np.log(4) - scipy.special.logsumexp(each, axis=1)
    np.testing.assert_allclose(came, wanted, rtol=1e-4)


@pytest.mark.parametrize(
    "posterior", ["full", pytest.param("flow", marks=pytest.mark.slow)]
)
def test_iwae_with_other_posteriors(posterior):
    """Draws and densities fit: the bounds rise from 1 to 50 draws."""
    model = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=2,
        posterior=posterior,
        objective=IWAE(50),
        seed=0,
    )
    x = np.float32(np.random.default_rng(0).normal(size=(64, 4)))
    model.compile()
    before = model.posterior_family.get_weights()
    model.fit(x, epochs=1, verbose=0)
    logs = model.evaluate(x, verbose=0, return_dict=True)
    bound = tfgen.metrics.importance_weighted_bound(model, x, k=50)
    assert logs["loss"] == pytest.approx(-bound.mean, abs=0.15)
    for a, b in zip(before, model.posterior_family.get_weights(), strict=True):
        assert not np.array_equal(a, b)


def test_dropout_for_each_draw():
    """Each draw of each row has a mask of its own, on any replica."""
    encoder = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    decoder = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(50),
            tfgen.layers.Dropout(0.5),
            layers.Dense(3),
        ]
    )
    model = tfgen.VAE(encoder, decoder, "gaussian", objective=IWAE(4))
    model.compile()
    logs = model.fit(data(10), batch_size=5, verbose=0).history
    assert np.isfinite(logs["loss"][0])
    batch = batch_of(data(3)).repeated(4)
    np.testing.assert_array_equal(batch.x[4:8], np.repeat(data(3)[1:2], 4, 0))
    with batch:
        mask = tfgen.layers.Dropout(0.5)(tf.ones((12, 50)), training=True)
    assert len(np.unique(mask, axis=0)) == 12


# Total correlation.


def codes(correlation, rows, objective="total_correlation", **options):
    """A model whose codes of x are x itself, and x of correlated Gaussians."""
    stddev = 0.4
    encoder = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
    log_variance = np.full(2, np.log(stddev**2))
    encoder.set_weights(
        [
            np.concatenate([np.eye(2), np.zeros((2, 2))], axis=1),
            np.concatenate([np.zeros(2), log_variance]),
        ]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    x = np.random.default_rng(0).multivariate_normal(
        np.zeros(2), covariance, size=rows
    )
    aggregate = covariance + stddev**2 * np.eye(2)
    model = tfgen.VAE(
        encoder, decoder, "gaussian", objective=objective, **options
    )
    return model, np.float32(x), aggregate


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
def test_total_correlation_of_a_gaussian_aggregate(correlation):
    """`-log(1 - r^2) / 2` with the correlation r of q(z)."""
    model, x, aggregate = codes(correlation, 2000)
    losses = model.objective(model, batch_of(x), 5.0, True)
    r = aggregate[0, 1] / aggregate[0, 0]
    came = np.mean(losses["total_correlation"])
    # Rows see themselves among 2,000: some hundredths of a nat.
    assert came == pytest.approx(-np.log(1 - r**2) / 2, abs=0.04)
    np.testing.assert_allclose(
        losses["loss"],
        losses["negative_elbo"] + 4.0 * losses["total_correlation"],
        rtol=1e-5,
    )


def test_total_correlation_of_full_posteriors():
    """One example: its own density and marginals, `-log(1 - r^2) / 2`."""
    model = tfgen.build(
        "vae",
        input_shape=(4,),
        latent_dim=2,
        posterior="full",
        objective="total_correlation",
        seed=0,
    )
    x = np.repeat(np.float32([[0.5, -1.0, 2.0, 1.0]]), 4000, axis=0)
    covariance = model.posterior(x[:1]).covariance()[0].numpy()
    r2 = covariance[0, 1] ** 2 / (covariance[0, 0] * covariance[1, 1])
    assert r2 > 1e-4
    losses = model.objective(model, batch_of(x), 1.0, True)
    found = losses["total_correlation"].numpy()
    wanted = -np.log(1 - r2) / 2
    assert found.mean() == pytest.approx(
        wanted, abs=float(4 * found.std() / len(found) ** 0.5)
    )


def test_evaluation_leaves_out_what_is_of_a_batch():
    for objective in ("total_correlation", "mmd"):
        model, x, _ = codes(0.6, 20, objective)
        model.compile()
        logs = model.evaluate(x, verbose=0, return_dict=True)
        assert set(logs) == {
            "loss",
            "negative_elbo",
            "reconstruction_loss",
            "kl_loss",
        }
        assert logs["loss"] == pytest.approx(logs["negative_elbo"])


# Maximum mean discrepancy.


@pytest.mark.parametrize("kernel", ["gaussian", "inverse_multiquadric"])
def test_mmd_against_scikit_learn(kernel):
    model, x, _ = codes(0.6, 30, MMD(7.0, kernel), seed=11)
    batch = batch_of(x)
    losses = model.objective(model, batch, 0.5, True)
    z = np.float64(model.infer(batch, True).latents)
    u = np.float64(batch.normal((2,), "latent"))

    def values(a, b):
        if kernel == "gaussian":
            return pairwise.rbf_kernel(a, b, gamma=1 / 4)
        return 4 / (4 + pairwise.euclidean_distances(a, b, squared=True))

    pairs = 30 * 29
    wanted = (
        (values(z, z).sum() - 30) / pairs
        + (values(u, u).sum() - 30) / pairs
        - 2 * values(z, u).mean()
    )
    assert np.mean(losses["mmd"]) == pytest.approx(wanted, abs=1e-5)
    np.testing.assert_allclose(
        losses["loss"],
        losses["reconstruction_loss"]
        + 0.5 * losses["kl_loss"]
        + 7.0 * losses["mmd"],
        rtol=1e-5,
    )


def test_mmd_draws_codes_to_the_prior():
    model, x, _ = codes(0.9, 256, MMD(1000.0), beta=0.0)
    model.compile(keras.optimizers.Adam(0.02))
    history = model.fit(x + 2.0, epochs=30, batch_size=128, verbose=0).history
    assert history["mmd"][-1] < 0.2 * history["mmd"][0]
    draws = model.encode_sample(x + 2.0, seeds=np.arange(256))
    assert np.abs(draws.mean(axis=0)).max() < 0.4


# On several replicas.


def test_two_replicas_take_the_step_of_one(two_replicas):
    """Five rows and then one: a replica has fewer, or none."""
    random = np.random.default_rng(5)
    x = np.float32(random.normal(size=(11, 3)))

    def trained(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = linear(latents=2, objective=IWAE(3))
            model.compile(keras.optimizers.SGD(0.01))
        batches = tf.data.Dataset.from_tensor_slices(x).batch(5)
        logs = model.fit(batches, epochs=2, verbose=0).history
        return [*model.get_weights(), *map(np.array, logs.values())]

    one = trained(tf.distribute.get_strategy())
    for a, b in zip(one, trained(two_replicas), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("objective", ["total_correlation", "mmd"])
def test_what_compares_rows_is_for_one_device(objective, two_replicas):
    with two_replicas.scope():
        model = linear(objective=objective)
        with pytest.raises(ValueError, match="lie on 2 replicas: train on one"):
            model.compile()


# Names, configs and refusals.


def test_by_name_and_config():
    assert get_objective("iwae").draws == 50
    model = linear(objective="iwae", objective_draws=7)
    again = type(model).from_config(model.get_config())
    assert again.objective.draws == 7
    model = linear(objective=MMD(3.0, "gaussian"))
    again = type(model).from_config(model.get_config())
    assert again.objective.get_config() == {"weight": 3.0, "kernel": "gaussian"}


def build(**options):
    return tfgen.build("vae", input_shape=(4,), latent_dim=2, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: build(objective="larsen"), "expected one of elbo, iwae"),
        (lambda: build(objective_draws=3), "objective_draws is 3, but .* ELBO"),
        (lambda: IWAE(0), "draws is 0, expected 1"),
        (lambda: MMD(kernel="linear"), "kernel is 'linear', expected one of"),
        (lambda: MMD(-1.0), "weight is -1.0, expected 0 or more"),
        (
            lambda: build(objective="iwae", free_bits=0.1),
            "free_bits is 0.1, but the objective IWAE",
        ),
        (
            lambda: build(objective="total_correlation", posterior="flow"),
            "TotalCorrelation needs .* FlowPosterior does not give",
        ),
        (
            lambda: tfgen.build("vae_gan", input_shape=(4,), objective="elbo"),
            "objective is 'elbo', expected one of larsen, elbo_adversarial",
        ),
        (
            lambda: tfgen.settings.Settings(
                {"model": "vae", "objective": "larsen"},
                family=tfgen.models.get_family("vae"),
            ),
            "objective is larsen, expected one of elbo, .* for a model 'vae'",
        ),
    ],
    ids=[
        "name",
        "draws",
        "none",
        "kernel",
        "weight",
        "free bits",
        "flow",
        "vae_gan",
        "settings",
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_one_row_has_no_pair():
    vae = tfgen.build("vae", input_shape=(5,), objective="mmd", seed=0)
    vae.compile()
    x = np.random.default_rng(0).normal(size=(1, 5)).astype("float32")
    logs = vae.train_on_batch(x, return_dict=True)
    assert logs["mmd"] == 0.0
    assert logs["loss"] == pytest.approx(logs["negative_elbo"], rel=1e-6)


def test_a_beta_of_1_is_said():
    with pytest.warns(UserWarning, match="with beta 1 is the ELBO"):
        tfgen.build("vae", input_shape=(5,), objective="total_correlation")
