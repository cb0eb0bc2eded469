"""An old keras.json says that channels come first; images have them last."""

import keras
import numpy as np
import pytest

import tfgen
from tfgen.metrics.feature_extractor import coarse_pixels

X = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")


@pytest.fixture(autouse=True)
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("network", ["conv", "dcgan", "resnet"])
def test_networks_by_name(network, tmp_path):
    model = tfgen.build(
        "vae", input_shape=(8, 8, 1), latent_dim=2, network=network, seed=0
    )
    assert keras.config.image_data_format() == "channels_first"
    assert model.reconstruct(X).shape == X.shape
    keras.config.set_image_data_format("channels_last")
    other = tfgen.build(
        "vae", input_shape=(8, 8, 1), latent_dim=2, network=network, seed=0
    )
    np.testing.assert_array_equal(model.encode(X), other.encode(X))


def test_a_loaded_model_and_a_step(tmp_path):
    model = tfgen.build("gan", input_shape=(8, 8, 1), latent_dim=2)
    model.compile()
    model.fit(X * 2 - 1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.sample(2, seed=0), model.sample(2, seed=0)
    )


def test_own_networks_are_refused():
    layers = keras.layers
    encoder = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.MaxPooling2D(2, padding="same"),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )
    decoder = keras.Sequential(
        [keras.Input((2,)), layers.Dense(64), layers.Reshape((8, 8, 1))]
    )
    model = tfgen.VAE(encoder, decoder)
    with pytest.raises(ValueError, match="channels first.*channels_last"):
        model.compile()


def test_features_of_images():
    squares = coarse_pixels((32, 32, 1))(np.ones((2, 32, 32, 1), "float32"))
    np.testing.assert_array_equal(squares, np.ones((2, 256)))
