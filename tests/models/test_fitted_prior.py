"""With an encoder that copies its input, the latents' density is known."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.probability import (
    GaussianMixture,
    HierarchicalPosterior,
    StandardNormal,
    VampPrior,
)

NARROW = 0.01
"""Standard deviation of the copying encoder's posterior."""


def copying(num_classes=None, **options):
    """A VAE of points whose latents are the points."""
    x = keras.Input((2,))
    label = [keras.Input((num_classes,))] if num_classes else []
    log_variance = keras.ops.full_like(x, 2 * np.log(NARROW))
    encoder = keras.Model([x, *label] if label else x, [x, log_variance])
    z = keras.Input((2,))
    mean = keras.layers.Dense(2)(z)
    decoder = keras.Model([z, *label] if label else z, mean)
    model = tfgen.VAE(
        encoder, decoder, "gaussian", num_classes=num_classes, **options
    )
    model.compile()
    return model


def two_groups(rows=1500, seed=0):
    """Points of a mixture, and its density."""
    rng = np.random.default_rng(seed)
    parts = [
        scipy.stats.multivariate_normal(mean, covariance)
        for mean, covariance in (
            ([3.0, 0.0], [[1.0, 0.6], [0.6, 0.5]]),
            ([-2.0, 1.0], [[0.2, 0.0], [0.0, 0.3]]),
        )
    ]
    chosen = rng.random(rows) < 0.25
    x = np.where(
        chosen[:, None],
        parts[0].rvs(rows, random_state=rng),
        parts[1].rvs(rows, random_state=rng),
    )

    def log_prob(x):
        return np.log(0.25 * parts[0].pdf(x) + 0.75 * parts[1].pdf(x))

    return np.float32(x), np.int64(~chosen), log_prob


@pytest.fixture(scope="module")
def by_name():
    """A model, its scores before, and what fitting `gaussian_mixture` gave."""
    x, _, _ = two_groups()
    model = copying()
    kernel, _ = model.decoder.trainable_variables
    kernel.assign(np.eye(2))
    model.observation_noise = False
    before = model.score(x), model.reconstruct(x[:5])
    return model, before, tfgen.fit_prior(model, x, "gaussian_mixture")


def check_density(model, fitted):
    x, _, log_prob = two_groups()
    assert model.prior is fitted.prior
    held_out = x[::10]
    assert fitted.before == pytest.approx(
        -scipy.stats.norm.logpdf(held_out).sum(1).mean(), abs=0.02
    )
    assert fitted.after == pytest.approx(-log_prob(held_out).mean(), abs=0.04)
    other, _, _ = two_groups(400, seed=1)
    found = model.prior.distribution().log_prob(other).numpy()
    assert np.mean(log_prob(other) - found) == pytest.approx(0.0, abs=0.04)


def test_finds_the_density_of_the_latents(by_name):
    model, _, fitted = by_name
    check_density(model, fitted)


def test_a_mixture_of_a_given_size():
    x, _, _ = two_groups()
    model = copying()
    fitted = tfgen.fit_prior(model, x, GaussianMixture(2, "full"))
    assert model.prior.components == 2
    check_density(model, fitted)


def test_bound_rises_by_the_gain(by_name):
    model, (before, _), fitted = by_name
    x, _, _ = two_groups()
    gain = (model.score(x) - before)[::10].mean()
    assert gain == pytest.approx(fitted.gain, abs=0.02)


def test_samples_are_of_the_new_prior(by_name):
    model, (_, reconstructions), _ = by_name
    x, _, _ = two_groups()
    np.testing.assert_array_equal(model.reconstruct(x[:5]), reconstructions)
    samples = model.sample(4000, seed=0)
    np.testing.assert_allclose(samples.mean(0), x.mean(0), atol=0.12)
    np.testing.assert_allclose(np.cov(samples.T), np.cov(x.T), rtol=0.1)


def test_each_class_has_its_own():
    x, labels, _ = two_groups()
    model = copying(num_classes=2)
    kernel, _ = model.decoder.trainable_variables
    kernel.assign(np.eye(2))
    model.observation_noise = False
    tfgen.fit_prior(model, x, labels=labels)
    for label, mean in ((0, [3.0, 0.0]), (1, [-2.0, 1.0])):
        samples = model.sample(2000, seed=0, labels=label)
        np.testing.assert_allclose(samples.mean(0), mean, atol=0.1)


@pytest.mark.parametrize("top_down", [False, True])
def test_the_top_level_of_several(top_down, tmp_path):
    """Its latents are the points; the level below goes its own way."""
    x, _, log_prob = two_groups()
    of_encoder = HierarchicalPosterior((2, 1), (), 1)
    log_variance = 2 * np.log(NARROW)
    numbers = 6 if top_down else 5  # the last ones are of the level below
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(numbers)])
    kernel = np.eye(2, numbers)
    bias = [0, 0, log_variance, log_variance, *[0] * (numbers - 4)]
    encoder.set_weights([kernel, np.array(bias)])
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model = tfgen.VAE(
        encoder,
        decoder,
        "gaussian",
        latent_dims=(2, 1),
        top_down=top_down,
        **({} if top_down else {"posterior": of_encoder}),
    )
    below = [w.numpy() for w in model.prior.level_networks()[0].weights]
    before = model.score(x)
    fitted = tfgen.fit_prior(model, x)
    assert model.prior.top is fitted.prior
    held_out = x[::10]
    assert fitted.after == pytest.approx(-log_prob(held_out).mean(), abs=0.04)
    gain = (model.score(x) - before)[::10].mean()
    assert gain == pytest.approx(fitted.gain, abs=0.02)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.score(x), model.score(x))
    # Training that goes on moves the levels below, and not the fitted one.
    again.compile(keras.optimizers.SGD(1e-4))
    again.fit(x, batch_size=500, verbose=0)
    for now, then in zip(
        again.prior.top.get_weights(),
        fitted.prior.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(now, then)
    moved = again.prior.level_networks()[0].get_weights()
    assert not all(map(np.array_equal, moved, below))


def test_by_gradients():
    """Of a mixture of any kind; pseudo-inputs are drawn to the points."""
    rng = np.random.default_rng(0)
    x = np.float32(rng.choice([-4.0, 4.0], (500, 1)) + np.zeros((500, 2)))
    x += np.float32(NARROW * rng.normal(size=x.shape))
    model = copying()
    prior = VampPrior(2)
    fitted = tfgen.fit_prior(
        model,
        tfgen.data.from_arrays(x, standardize=False),
        prior,
        verbose=False,
    )
    ends = np.sort(prior.pseudo_inputs().numpy()[:, 0])
    np.testing.assert_allclose(ends, [-4, 4], atol=0.01)
    # Two Gaussians of equal weight, of the encoder's width, around points and
    # draws that are off by twice its variance.
    width, off = NARROW**2, 2 * NARROW**2
    surprise = np.log(2) + np.log(2 * np.pi * width) + off / width
    assert fitted.after == pytest.approx(surprise, abs=0.3)


def test_a_prior_that_is_right_stays():
    x = np.random.default_rng(0).normal(size=(400, 2)).astype("float32")
    model = copying()
    wrong = GaussianMixture(50)
    with pytest.warns(UserWarning, match="which it keeps"):
        fitted = tfgen.fit_prior(model, x, wrong)
    assert isinstance(model.prior, StandardNormal)
    assert fitted.gain == 0.0


def test_training_goes_on_beside_it(tmp_path):
    x, _, _ = two_groups(500)
    model = copying()
    model.fit(x, epochs=1, verbose=0)
    tfgen.fit_prior(model, x, GaussianMixture(2))
    before = [v.numpy() for v in model.prior.weights]
    model.fit(x, epochs=1, verbose=0)
    for value, variable in zip(before, model.prior.weights, strict=True):
        np.testing.assert_array_equal(value, variable)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.sample(5, seed=0), model.sample(5, seed=0)
    )
    loaded.fit(x, epochs=1, verbose=0)
    np.testing.assert_array_equal(before[0], loaded.prior.weights[0])


def test_export_samples_by_it(by_name, tmp_path):
    model, _, _ = by_name
    tfgen.export.export_saved_model(model, tmp_path)
    folder = next(tmp_path.iterdir())
    generate = tf.saved_model.load(str(folder)).signatures["generate"]
    seeds = np.arange(5)
    served = generate(seed=tf.constant(seeds))["x"].numpy()
    own = model.run_endpoint("generate", {"seed": seeds})["x"]
    np.testing.assert_allclose(served, own, rtol=1e-6)


def test_refused():
    x, labels, _ = two_groups(50)
    gan = tfgen.build("gan", input_shape=(2,))
    with pytest.raises(ValueError, match="needs an encoder, which GAN has not"):
        tfgen.fit_prior(gan, x)
    with pytest.raises(ValueError, match="got 10 examples, expected 20 or mor"):
        tfgen.fit_prior(copying(), x[:10])
    with pytest.raises(ValueError, match="mixture of 99 components was to be"):
        tfgen.fit_prior(copying(), x, GaussianMixture(99))
    one = GaussianMixture(1)
    with pytest.raises(ValueError, match="expected at least one for each clas"):
        tfgen.fit_prior(copying(num_classes=2), x, one, labels=labels)
    model = copying(free_bits=0.1)
    with pytest.raises(ValueError, match="latents depend on each other"):
        tfgen.fit_prior(model, x)
    assert isinstance(model.prior, StandardNormal)
    with pytest.raises(ValueError, match="prior is 'other', expected one of"):
        tfgen.fit_prior(copying(), x, "other")
