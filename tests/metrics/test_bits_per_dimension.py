"""Against models that give every example the same distribution."""

import math
import sys

import keras
import numpy as np
import pytest
import scipy.integrate
import scipy.stats

import tfgen
from tfgen.metrics import bits_per_dimension, nats_to_bits_per_dimension

SHAPE = (4, 4, 1)
GREY = np.random.default_rng(0).integers(0, 256, (200, *SHAPE))
X = np.float32(GREY / 255)


def constant(likelihood, outputs):
    """q(z|x) = p(z), and a decoder that ignores z: p(x|z) = p(x)."""

    def network(shape, out):
        layers = [keras.layers.Flatten(), keras.layers.Dense(math.prod(out))]
        shaped = keras.layers.Reshape(out)
        return keras.Sequential([keras.Input(shape), *layers, shaped])

    encoder, decoder = network(SHAPE, (4,)), network((2,), (4, 4, len(outputs)))
    for net in (encoder, decoder):
        net.set_weights([np.zeros_like(w) for w in net.get_weights()])
    bias = np.tile(np.float32(outputs), 16)
    decoder.set_weights([decoder.get_weights()[0], bias])
    return tfgen.VAE(encoder, decoder, likelihood)


def test_uniform_density():
    """Logit 0 is the uniform density on [0, 1]: every byte takes 8 bits."""
    model = constant(tfgen.probability.ContinuousBernoulli(), [0.0])
    found = bits_per_dimension(model, X, k=3)
    np.testing.assert_allclose(found.values, 8, atol=1e-5)
    assert (found.mean, found.k) == (pytest.approx(8, abs=1e-5), 3)
    assert found.standard_error < 1e-5


def test_discretized_logistic():
    model = constant(tfgen.probability.DiscretizedLogistic(), [0.1, 0.7])
    # As in the class: location (0.1 + 0.5) * 255, scale 0.1 + softplus / 8.
    scale = 0.1 + np.log1p(np.exp(0.7)) * 255 / 8
    cdf = scipy.stats.logistic(0.6 * 255, scale).cdf
    upper = np.where(GREY == 255, 1.0, cdf(GREY + 0.5))
    lower = np.where(GREY == 0, 0.0, cdf(GREY - 0.5))
    wanted = -np.log2(upper - lower).mean(axis=(1, 2, 3))
    found = bits_per_dimension(model, X, k=2)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-5)
    assert found.mean == pytest.approx(wanted.mean(), rel=1e-5)
    wanted_error = wanted.std(ddof=1) / 200**0.5
    assert found.standard_error == pytest.approx(wanted_error, rel=1e-4)


def mean_bits(low, high, mean, scale):
    """Mean over u in [0, 1) of -log2(density * bin), by Simpson's rule."""
    width = (high - low) / 256
    u = np.linspace(0, 1, 101)
    levels = low + (GREY[..., None] + u) * width
    bits = -np.log2(scipy.stats.norm(mean, scale).pdf(levels) * width)
    return scipy.integrate.simpson(bits, x=u, axis=-1).mean(axis=(1, 2, 3))


@pytest.mark.parametrize(
    ("low", "high", "mean", "scale"),
    [(0.0, 1.0, 0.4, 0.3), (-1.0, 1.0, -0.2, 0.6), (0.0, 255.0, 102.0, 76.5)],
)
def test_gaussian(low, high, mean, scale):
    """The same in any unit, but for the noise's own draws."""
    likelihood = tfgen.probability.Gaussian(scale, (low, high))
    model = constant(likelihood, [mean])
    found = bits_per_dimension(
        model, np.float32(low + GREY / 255 * (high - low))
    )
    wanted = mean_bits(low, high, mean, scale)
    assert 7 < wanted.mean() < 9
    difference = found.values - wanted
    # The noise moves a value by less than 0.03 bits, 16 to an example.
    np.testing.assert_allclose(difference, 0, atol=0.005)
    assert 1e-5 < difference.std()
    assert difference.mean() == pytest.approx(0, abs=3e-4)


def test_range_of_the_data():
    model = constant(tfgen.probability.Gaussian(0.3), [0.4])
    found = bits_per_dimension(model, X, data_range=(0, 1), k=1)
    wanted = mean_bits(0.0, 1.0, 0.4, 0.3)
    np.testing.assert_allclose(found.values, wanted, atol=0.005)
    with pytest.raises(ValueError, match="pass data_range"):
        bits_per_dimension(model, X)
    with pytest.raises(ValueError, match=r"expected \(low, high\)"):
        bits_per_dimension(model, X, data_range=(1, 0))
    with pytest.raises(ValueError, match="grey values from 0 to 0.5"):
        bits_per_dimension(model, X, data_range=(0, 0.5))


def test_noise_belongs_to_examples(monkeypatch):
    model = constant(tfgen.probability.Gaussian(0.3, (0, 1)), [0.4])
    found = bits_per_dimension(model, X, k=1)
    module = sys.modules["tfgen.metrics.bits_per_dimension"]
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    again = bits_per_dimension(model, X[:30], k=1)
    np.testing.assert_allclose(again.values, found.values[:30], rtol=1e-6)
    other = bits_per_dimension(model, X[:30], k=1, seed=1)
    assert (other.values != again.values).all()


def test_nats():
    assert nats_to_bits_per_dimension(16 * np.log(2), 4) == pytest.approx(4)
    came = nats_to_bits_per_dimension(np.log([2.0, 256.0]), 1)
    np.testing.assert_allclose(came, [1, 8])


class TestRefused:
    def test_bernoulli(self):
        model = constant(tfgen.probability.Bernoulli(), [0.0])
        with pytest.raises(ValueError, match=r"2 levels, 1 bit\(s\)"):
            bits_per_dimension(model, X)

    def test_other_levels(self):
        likelihood = tfgen.probability.DiscretizedLogistic(levels=32)
        with pytest.raises(ValueError, match=r"32 levels, 5 bit\(s\)"):
            bits_per_dimension(constant(likelihood, [0.0, 0.0]), X)

    def test_values_between_the_levels(self):
        model = constant(tfgen.probability.DiscretizedLogistic(), [0.0, 0.0])
        x = X.copy()
        x[5, 1, 1] = 100.3 / 255
        with pytest.raises(ValueError, match="such as 0.393333"):
            bits_per_dimension(model, x)

    def test_gan(self):
        gan = tfgen.build("gan", input_shape=SHAPE, latent_dim=2)
        with pytest.raises(ValueError, match="GAN has not"):
            bits_per_dimension(gan, X)
