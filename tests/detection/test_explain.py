"""Shares of values: their sum, by hand, and that they find what is odd."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
from tfgen.detection import Detector, explanation
from tfgen.probability import Likelihood


@pytest.fixture(scope="module")
def held_out(exact):
    return exact.data(99, seed=1)


def check_sums(why):
    values = why.shares.reshape(len(why.shares), -1).sum(axis=1)
    np.testing.assert_allclose(values + why.rest, why.score - why.reference)


def values_by_hand(exact, x):
    """`(n, 4)` nats under the mean of the model's own draws."""
    means = (np.float64(x) - exact.mean) @ exact.to_mean
    noise = np.float64(exact.vae._score_noise())
    latents = means + np.sqrt(exact.variance) * noise[:, None]
    decoded = latents @ exact.weights.T + exact.mean
    normal = scipy.stats.norm(decoded, exact.sigma)
    return -normal.logpdf(x).mean(axis=0)


@pytest.mark.parametrize("measure", ["elbo", "bound", "reconstruction"])
def test_shares_by_hand_sum_to_the_score(exact, held_out, measure):
    found = Detector(exact.vae, held_out, measure, k=10)
    x = exact.data(20, seed=2)
    why = found.explain(x)
    check_sums(why)
    np.testing.assert_array_equal(why.score, -found.score_samples(x))
    medians = np.median(values_by_hand(exact, held_out), axis=0)
    wanted = values_by_hand(exact, x) - medians
    np.testing.assert_allclose(why.shares, wanted, atol=1e-3)
    if measure == "reconstruction":
        np.testing.assert_allclose(why.rest, 0, atol=1e-3)
    if measure == "elbo":
        kl = exact.vae.run_endpoint("score", {"x": x})["kl"]
        usual = exact.vae.run_endpoint("score", {"x": held_out})["kl"]
        np.testing.assert_allclose(why.rest, kl - np.median(usual), atol=1e-3)


def test_the_changed_column_is_found(exact, held_out):
    random = np.random.default_rng(3)
    x = exact.data(200, seed=4)
    columns = random.integers(0, 4, 200)
    x[np.arange(200), columns] += 5.0
    why = Detector(exact.vae, held_out).explain(x)
    assert np.mean(why.shares.argmax(axis=1) == columns) > 0.8


def test_medians_of_some_rows(exact, held_out, monkeypatch):
    x = exact.data(20, seed=2)
    monkeypatch.setattr(explanation, "VALUES_OF_MEDIANS", 4 * 50)
    why = Detector(exact.vae, held_out).explain(x)
    check_sums(why)
    every_second = values_by_hand(exact, held_out[::2])
    wanted = values_by_hand(exact, x) - np.median(every_second, axis=0)
    np.testing.assert_allclose(why.shares, wanted, atol=1e-3)


def test_dependent_columns_sum_too(held_out, exact):
    for likelihood in ("full_gaussian", "low_rank_gaussian"):
        vae = tfgen.build(
            "vae", input_shape=(4,), latent_dim=2, likelihood=likelihood
        )
        check_sums(Detector(vae, held_out).explain(exact.data(20)))


def test_pixels_whose_channels_depend_share_evenly():
    vae = tfgen.build(
        *("vae",), input_shape=(4, 4, 3), likelihood="logistic_mixture"
    )
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 3)) / 255.0
    found = Detector(vae, images[:20])
    why = found.explain(images[20:])
    check_sums(why)
    assert why.shares.shape == (10, 4, 4, 3)
    np.testing.assert_allclose(why.shares[..., 0], why.shares[..., 2])
    # The pixels have all of the likelihood.
    terms = vae.run_endpoint("score", {"x": images})
    wanted = terms["kl"][20:] - np.median(terms["kl"][:20])
    np.testing.assert_allclose(why.rest, wanted, atol=0.01)


def test_an_ensemble_s_shares_are_means_of_the_models(exact, held_out):
    """Each divided by the spread of the model's held-out scores."""
    wide = exact.linear(tfgen.probability.Gaussian(1.0))
    x, models = exact.data(20, seed=2), [exact.vae, wide]
    found = Detector(models, held_out)
    why = found.explain(x)
    check_sums(why)
    np.testing.assert_array_equal(why.score, -found.score_samples(x))
    wanted = [
        Detector(model, held_out).explain(x).shares
        / np.std(np.float64(model.score(held_out)))
        for model in models
    ]
    np.testing.assert_allclose(why.shares, np.mean(wanted, axis=0))


def test_a_conditional_model_by_class():
    vae = tfgen.build("vae", input_shape=(3,), latent_dim=1, num_classes=2)
    x = np.random.default_rng(0).normal(size=(40, 3))
    labels = np.arange(40) % 2
    found = Detector(vae, x[:30], labels=labels[:30])
    why = found.explain(x[30:], labels[30:])
    check_sums(why)
    np.testing.assert_allclose(
        -why.score, vae.score(x[30:], labels[30:]), rtol=1e-6
    )


class Together(Likelihood):
    """Of rows as wholes."""

    def distribution(self, parameters):
        return tfgen.probability.independent_normal(parameters, 1.0)


def test_refused(exact, held_out):
    with pytest.raises(ValueError, match="no shares of values in 'latent'"):
        Detector(exact.vae, held_out, "latent").explain(held_out)
    with pytest.raises(
        ValueError, match="one score, got those of elbo, latent"
    ):
        Detector(exact.vae, held_out, ["elbo", "latent"]).explain(held_out)
    whole = exact.linear(Together())
    with pytest.raises(ValueError, match="Together gives the likelihood of"):
        Detector(whole, held_out).explain(held_out)


@pytest.mark.parametrize(
    ("posterior", "prior"),
    [
        ("full", "vamp"),
        pytest.param("flow", "flow", marks=pytest.mark.slow),
        ("diagonal", "gaussian_mixture"),
    ],
)
def test_whatever_latents_follow(exact, held_out, posterior, prior):
    """Measures go by the model's own posterior and prior."""
    vae = tfgen.build(
        *("vae",),
        input_shape=(4,),
        latent_dim=2,
        posterior=posterior,
        prior=prior,
    )
    x = exact.data(20, seed=2)
    check_sums(Detector(vae, held_out).explain(x))
    latent = Detector(vae, held_out, "latent")
    means = tf.constant(vae.encode(x))
    wanted = vae.prior.distribution().log_prob(means)
    np.testing.assert_allclose(latent.score_samples(x), wanted, rtol=1e-5)
