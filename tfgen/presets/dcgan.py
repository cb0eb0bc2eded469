"""Grey images of 28x28 by transposed convolutions."""

import keras

from tfgen.layers import BatchNormalization, Dropout
from tfgen.presets.adam import adam
from tfgen.presets.preset import Preset

layers = keras.layers


def _networks(input_shape, latent_dim):
    """Those of TensorFlow's DCGAN tutorial.

    The discriminator is updated first, then the generator against it; the
    tutorial takes both gradients before either update. Batch normalisation
    and dropout are tfgen's, which take the same step on any number of
    devices.
    """
    if input_shape != (28, 28, 1):
        raise ValueError(
            f"the preset 'dcgan' is for images of (28, 28, 1), got "
            f"{input_shape}: load them with image_size=(28, 28) and "
            "color_mode='grayscale', or use the preset 'image_gan'."
        )
    generator = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 256, use_bias=False),
            BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((7, 7, 256)),
            layers.Conv2DTranspose(128, 5, 1, "same", use_bias=False),
            BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(64, 5, 2, "same", use_bias=False),
            BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(1, 5, 2, "same", use_bias=False),
            layers.Activation("tanh", dtype="float32"),
        ],
        name="generator",
    )
    discriminator = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(64, 5, 2, "same"),
            layers.LeakyReLU(),
            Dropout(0.3, name="dropout_1"),
            layers.Conv2D(128, 5, 2, "same"),
            layers.LeakyReLU(),
            Dropout(0.3, name="dropout_2"),
            layers.Flatten(),
            layers.Dense(1, dtype="float32"),
        ],
        name="discriminator",
    )
    return generator, discriminator


DCGAN = Preset(
    name="dcgan",
    summary="28x28: dense 7x7x256, transposed convolutions 128-64-1",
    model="gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=256,
    epochs=50,
    learning_rate=None,
    optimizers=adam(1e-4),
    options={
        "latent_dim": 100,
        "loss": "non_saturating",
        "penalties": [],
        "average_decay": 0.0,
    },
    networks=_networks,
)
