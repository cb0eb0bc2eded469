"""Against closed forms and numerical integration."""

import functools

import keras
import numpy as np
import pytest
import scipy.stats

import tfgen
from tfgen.metrics import kl_decomposition


def model_of(kernel, bias):
    """`[mean, log variance] = x kernel + bias`."""
    kernel, bias = np.float32(kernel), np.float32(bias)
    inputs, outputs = kernel.shape
    encoder = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(outputs)]
    )
    encoder.set_weights([kernel, bias])
    decoder = keras.Sequential(
        [keras.Input((outputs // 2,)), keras.layers.Dense(inputs)]
    )
    return tfgen.VAE(encoder, decoder, "gaussian")


def coded(stddevs):
    """The posterior mean is x itself."""
    d = len(stddevs)
    kernel = np.concatenate([np.eye(d), np.zeros((d, d))], axis=1)
    return model_of(kernel, [*np.zeros(d), *2 * np.log(stddevs)])


def gaussian_kl(mean, stddev):
    """KL(N(mean, stddev^2) || N(0, 1)), summed."""
    mean, stddev = np.float64(mean), np.float64(stddev)
    return np.sum((mean**2 + stddev**2 - 1) / 2 - np.log(stddev))


def test_encoder_that_ignores_x():
    mean, stddev = [0.5, -1.0], [0.3, 1.5]
    model = model_of(np.zeros((3, 4)), [*mean, *2 * np.log(stddev)])
    x = np.random.default_rng(0).normal(size=(100, 3))
    found = kl_decomposition(model, x)
    wanted = gaussian_kl(mean, stddev)
    assert found.kl == pytest.approx(wanted, rel=1e-5)
    assert found.aggregate_kl == pytest.approx(wanted, rel=1e-5)
    assert found.dimension_wise_kl == pytest.approx(wanted, rel=1e-5)
    assert found.mutual_information == pytest.approx(0, abs=1e-6)
    assert found.total_correlation == pytest.approx(0, abs=1e-6)
    assert found.n == 100


def test_under_another_prior():
    """KL(N(m, s), N(n, t)) = log(t/s) + (s^2 + (m - n)^2) / (2 t^2) - 1/2."""
    mean, stddev = np.array([0.5, -1.0]), np.array([0.3, 1.5])
    other, width = np.array([0.2, 0.3]), np.array([0.6, 2.0])
    model = model_of(np.zeros((3, 4)), [*mean, *2 * np.log(stddev)])
    model.set_prior(tfgen.probability.GaussianMixture(1))
    model.prior.set_parameters([1.0], other[None], width[None])
    found = kl_decomposition(model, np.zeros((4000, 3)))
    each = np.log(width / stddev) - 0.5
    each += (stddev**2 + (mean - other) ** 2) / (2 * width**2)
    assert found.kl == pytest.approx(each.sum(), abs=0.05)
    assert found.dimension_wise_kl == pytest.approx(found.kl, rel=1e-5)
    assert found.mutual_information == pytest.approx(0, abs=1e-5)


def test_separate_posteriors():
    """z tells the example: log n nats, in each dimension anew."""
    points = np.arange(50.0)
    x = np.stack([points, -points], axis=1)
    found = kl_decomposition(coded([0.01, 0.01]), x)
    wanted = np.mean([gaussian_kl(row, [0.01, 0.01]) for row in x])
    assert found.kl == pytest.approx(wanted, rel=1e-5)
    assert found.mutual_information == pytest.approx(np.log(50), rel=1e-5)
    assert found.total_correlation == pytest.approx(np.log(50), rel=1e-4)
    assert found.aggregate_kl == pytest.approx(wanted - np.log(50), rel=1e-5)


CENTERS = np.array([[-1.0, -1.0], [1.0, 1.0], [0.8, 0.2], [-0.5, 0.1]])
STDDEVS = np.array([0.5, 0.4])


@functools.cache
def integrated():
    """The terms of four posteriors with correlated centers, on a grid."""
    axis = np.linspace(-6, 6, 601)
    cell = (axis[1] - axis[0]) ** 2
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    each = [
        np.prod(scipy.stats.norm(center, STDDEVS).pdf(grid), axis=-1)
        for center in CENTERS
    ]
    q = np.mean(each, axis=0)
    first, second = q.sum(axis=1), q.sum(axis=0)
    product = np.outer(first, second) * cell
    prior = np.prod(scipy.stats.norm.pdf(grid), axis=-1)

    def kl(p, r):
        return np.sum(p * np.log(p / r)) * cell

    return {
        "mutual_information": np.mean([kl(p, q) for p in each]),
        "total_correlation": kl(q, product),
        "dimension_wise_kl": kl(product, prior),
        "aggregate_kl": kl(q, prior),
    }


@pytest.fixture(scope="module")
def many():
    """Of 40 seeds."""
    x = np.tile(CENTERS, (100, 1))
    model = coded(STDDEVS)
    return [kl_decomposition(model, x, seed=seed) for seed in range(40)]


@pytest.mark.parametrize("term", integrated())
def test_correlated_aggregate(many, term):
    wanted = integrated()[term]
    values = np.array([getattr(found, term) for found in many])
    error = np.mean([found.standard_errors[term] for found in many])
    assert wanted > 0.1
    assert values.mean() == pytest.approx(wanted, abs=3 * error / 40**0.5)
    # The examples are the same each time, which the error does not know.
    assert 0.2 * error < values.std() < 1.3 * error < 0.05


def test_terms_sum(many):
    for found in many:
        wanted = found.mutual_information + found.aggregate_kl
        assert found.kl == pytest.approx(wanted, rel=1e-9)
        wanted = found.total_correlation + found.dimension_wise_kl
        assert found.aggregate_kl == pytest.approx(wanted, rel=1e-9)


def test_sharp_posteriors_far_from_the_prior():
    """Where float32 would have lost the difference of z and the mean."""
    x = np.array([[1000.0], [1000.0], [2000.0], [2000.0]])
    found = kl_decomposition(coded([1e-4]), x)
    assert found.mutual_information == pytest.approx(np.log(2), abs=1e-6)


def test_draws_belong_to_examples():
    x = np.random.default_rng(0).normal(size=(300, 2))
    found = kl_decomposition(coded(STDDEVS), x, seed=3)
    again = kl_decomposition(coded(STDDEVS), x, seed=3)
    assert found == again
    assert found != kl_decomposition(coded(STDDEVS), x, seed=4)


def test_labels():
    """The encoder's mean is 3 for class 1, 0 else."""
    model = tfgen.build(
        "vae",
        input_shape=(2,),
        latent_dim=1,
        network="mlp",
        network_options={"units": ()},
        num_classes=2,
    )
    weights = [np.zeros_like(w) for w in model.encoder.get_weights()]
    weights[0][-1, 0] = 3.0
    model.encoder.set_weights(weights)
    found = kl_decomposition(model, np.zeros((8, 2)), [0, 1] * 4)
    assert found.kl == pytest.approx(9 / 2 / 2)


def test_refused():
    gan = tfgen.build("gan", input_shape=(4,), latent_dim=2)
    with pytest.raises(ValueError, match="GAN has not"):
        kl_decomposition(gan, np.zeros((3, 4)))
    with pytest.raises(ValueError, match="1 example, expected 2"):
        kl_decomposition(coded(STDDEVS), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="seed is -1"):
        kl_decomposition(coded(STDDEVS), np.zeros((3, 2)), seed=-1)
