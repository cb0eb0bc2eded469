"""Colour images of 16x16 by dense layers, then transposed convolutions."""

import keras

from tfgen.layers import BatchNormalization
from tfgen.presets.adam import adam
from tfgen.presets.preset import Preset

layers = keras.layers
MOMENTUM = 0.8


def _networks(input_shape, latent_dim):
    """A deep dense generator that ends in transposed convolutions.

    The discriminator gives a logit, and its batches of data and of generated
    images are normalised apart; mixed in one batch, the statistics would give
    the answer away.
    """
    if input_shape != (16, 16, 3):
        raise ValueError(
            f"the preset 'conv_gan' is for images of (16, 16, 3), got "
            f"{input_shape}: load them with image_size=(16, 16), or use the "
            "preset 'image_gan'."
        )
    generator = [keras.Input((latent_dim,))]
    for units in (128, 128, 256, 512, 1024, 4 * 4 * 256):
        generator += [layers.Dense(units), *_after()]
    generator += [
        layers.Reshape((4, 4, 256)),
        layers.Conv2DTranspose(128, 4, 2, "same"),
        *_after(),
        layers.Conv2DTranspose(3, 4, 2, "same"),
        layers.Activation("tanh", dtype="float32"),
    ]
    discriminator = [
        keras.Input(input_shape),
        layers.Conv2D(64, 4, 2, "same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(128, 4, 2, "same"),
        *_after(),
        layers.Conv2D(256, 4, 2, "same"),
        *_after(),
        layers.Flatten(),
        layers.Dense(1, dtype="float32"),
    ]
    return (
        keras.Sequential(generator, name="generator"),
        keras.Sequential(discriminator, name="discriminator"),
    )


def _after():
    return BatchNormalization(momentum=MOMENTUM), layers.LeakyReLU(0.2)


CONV_GAN = Preset(
    name="conv_gan",
    summary="16x16 colour: dense 128 to 1024, transposed convolutions",
    model="gan",
    data="cifar10",
    input_shape=(16, 16, 3),
    image_size="16",
    batch_size=128,
    epochs=20,
    learning_rate=None,
    optimizers=adam(2e-4, 0.5, 0.999),
    options={
        "latent_dim": 100,
        "loss": "non_saturating",
        "penalties": [],
        "average_decay": 0.0,
    },
    networks=_networks,
)
