"""By hand."""

import keras
import numpy as np
import pytest

import tfgen
from tfgen.metrics import active_units


@pytest.fixture
def model():
    """Posterior means 2 x, 0.1 x, 0.15 x and 7; the variances do not count."""
    encoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(8)])
    kernel = [[2.0, 0.1, 0.15, 0.0, 5.0, 5.0, 5.0, 5.0]]
    bias = [0.0, 0.0, 0.0, 7.0, 0.0, 0.0, 0.0, 0.0]
    encoder.set_weights([np.float32(kernel), np.float32(bias)])
    decoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    return tfgen.VAE(encoder, decoder, "gaussian")


X = np.array([[0.0], [1.0], [2.0]])  # variance 1


def test_by_hand(model):
    found = active_units(model, X * 0.9)
    wanted = 0.81 * np.array([4.0, 0.01, 0.0225, 0.0])
    np.testing.assert_allclose(found.variances, wanted, rtol=1e-5)
    assert found.count == 2
    assert found.threshold == 0.01
    assert active_units(model, X * 0.9, threshold=0.02).count == 1
    assert active_units(model, X[[1, 1]]).count == 0


class Doubling:
    """An encoder alone: what a model is asked for, though it is no tfgen's."""

    data_range = None

    def endpoints(self):
        inputs = {"x": keras.KerasTensor((None, 1), "float32")}
        return {"encode": tfgen.models.Endpoint(None, inputs)}

    def run_endpoint(self, name, inputs):
        return {"mean": 2 * inputs["x"], "stddev": 1 + 0 * inputs["x"]}


def test_a_model_of_another_family():
    found = active_units(Doubling(), X)
    np.testing.assert_allclose(found.variances, [4.0])
    with pytest.raises(ValueError, match="which Doubling has not: pass a VAE"):
        tfgen.metrics.importance_weighted_bound(Doubling(), X)


def test_refused(model):
    with pytest.raises(ValueError, match="1 example, expected 2"):
        active_units(model, X[:1])
    gan = tfgen.build("gan", input_shape=(1,), latent_dim=2)
    with pytest.raises(ValueError, match="GAN has not"):
        active_units(gan, X)
