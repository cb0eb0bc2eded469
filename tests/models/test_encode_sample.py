"""Draws of the posterior, each row by its own seed."""

import numpy as np
import pytest
import scipy.stats

import tfgen


@pytest.fixture(scope="module")
def model():
    return tfgen.build("vae", input_shape=(3,), latent_dim=2, network="mlp")


@pytest.fixture(scope="module")
def x():
    return np.float32(np.random.default_rng(0).normal(size=(1, 3)))


def test_draws_have_the_posteriors_moments(model, x):
    many = np.repeat(x, 20_000, axis=0)
    draws = model.encode_sample(many, seeds=np.arange(20_000))
    posterior = model.run_endpoint("encode", {"x": x})
    noise = (draws - posterior["mean"]) / posterior["stddev"]
    for column in noise.T:
        assert scipy.stats.kstest(column, "norm").pvalue > 0.001
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.03


def test_a_rows_draw_goes_by_its_seed(model, x):
    both = np.concatenate([x, x + 1])
    first = model.encode_sample(both, seeds=[7, 8])
    second = model.encode_sample(both[::-1], seeds=[8, 7], batch_size=1)
    np.testing.assert_allclose(second[::-1], first, rtol=1e-5, atol=1e-6)
    assert np.abs(model.encode_sample(both, seeds=[7, 9]) - first)[1].min() > 0


def test_without_seeds_draws_differ(model, x):
    assert np.abs(model.encode_sample(x) - model.encode_sample(x)).min() > 0


def test_noise_is_not_that_of_generate(model, x):
    """Else a reconstruction and a sample of one seed would go together."""
    posterior = model.run_endpoint("encode", {"x": x})
    noise = (model.encode_sample(x, seeds=[5]) - posterior["mean"]) / posterior[
        "stddev"
    ]
    latents, _ = model.noise_by_seed(np.array([5]))
    assert np.abs(noise - latents.numpy()).min() > 1e-3
