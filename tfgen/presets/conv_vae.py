"""Colour images of 32x32 by few convolutions."""

import keras

from tfgen.presets.preset import Preset
from tfgen.probability import Gaussian

layers = keras.layers


def _networks(input_shape, latent_dim):
    if input_shape != (32, 32, 3):
        raise ValueError(
            f"the preset 'conv_vae' is for images of (32, 32, 3), got "
            f"{input_shape}: load them with image_size=(32, 32), or use the "
            "preset 'image_vae'."
        )
    encoder = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, 3, 2, "same", activation="relu"),
            layers.Conv2D(64, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(2 * latent_dim, dtype="float32"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(4 * 4 * 128, activation="relu"),
            layers.Reshape((4, 4, 128)),
            layers.Conv2DTranspose(64, 3, 2, "same", activation="relu"),
            layers.Conv2DTranspose(32, 3, 2, "same", activation="relu"),
            layers.Conv2DTranspose(3, 3, 2, "same"),
            layers.Activation("tanh", dtype="float32"),
        ],
        name="decoder",
    )
    return encoder, decoder


def _likelihood():
    # tanh ends at -1 and 1: images are brought to that range.
    return Gaussian(scale="learned", data_range=(-1.0, 1.0))


CONV_VAE = Preset(
    name="conv_vae",
    summary="32x32 colour: convolutions 32-64, dense 128, tanh decoder",
    model="vae",
    data="cifar10",
    input_shape=(32, 32, 3),
    options={"latent_dim": 64, "likelihood": _likelihood},
    networks=_networks,
)
