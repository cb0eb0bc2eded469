"""Presets of GANs."""

import dataclasses

import keras

from tfgen import losses
from tfgen.layers import BatchNormalization, Dropout
from tfgen.models.preset import Preset, adam
from tfgen.presets.vaes import MIXED_TABLE_VAE

layers = keras.layers
MOMENTUM = 0.8


def _dcgan_networks(input_shape, latent_dim):
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
    networks=_dcgan_networks,
)


DENSE_GAN = Preset(
    name="dense_gan",
    summary="28x28: dense 128-128 with LeakyReLU 0.2, cross-entropy",
    model="gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=128,
    epochs=20,
    learning_rate=None,
    optimizers=adam(2e-4, 0.5, 0.999),
    options={
        "network": "mlp",
        # Keras' leaky_relu has a slope of 0.2.
        "network_options": {"units": (128, 128), "activation": "leaky_relu"},
        "latent_dim": 100,
        "loss": "non_saturating",
        "penalties": [],
        "average_decay": 0.0,
    },
)


def _conv_gan_networks(input_shape, latent_dim):
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
        generator += [layers.Dense(units), *_normalized()]
    generator += [
        layers.Reshape((4, 4, 256)),
        layers.Conv2DTranspose(128, 4, 2, "same"),
        *_normalized(),
        layers.Conv2DTranspose(3, 4, 2, "same"),
        layers.Activation("tanh", dtype="float32"),
    ]
    discriminator = [
        keras.Input(input_shape),
        layers.Conv2D(64, 4, 2, "same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(128, 4, 2, "same"),
        *_normalized(),
        layers.Conv2D(256, 4, 2, "same"),
        *_normalized(),
        layers.Flatten(),
        layers.Dense(1, dtype="float32"),
    ]
    return (
        keras.Sequential(generator, name="generator"),
        keras.Sequential(discriminator, name="discriminator"),
    )


def _normalized():
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
    networks=_conv_gan_networks,
)


SMALL_IMAGE_GAN = Preset(
    name="small_image_gan",
    summary="recommended for images of 8 to 16 pixels, minutes on a CPU",
    model="gan",
    data="digits",
    input_shape=(8, 8, 1),
    batch_size=64,
    epochs=300,
    learning_rate=None,
    options={
        "network": "conv",
        "network_options": {"filters": (64, 128), "units": 256},
        "latent_dim": 32,
        "loss": "relativistic",
    },
)


IMAGE_GAN = Preset(
    name="image_gan",
    summary="recommended for images of 28 pixels and more: residual networks",
    model="gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=64,
    epochs=30,
    learning_rate=None,
    options={
        "network": "resnet",
        "latent_dim": 64,
        "loss": "relativistic",
    },
)


def _points_gan_optimizers():
    # The generator must move whole clusters; the discriminator only follows.
    return {
        "generator": keras.optimizers.Adam(4e-3, beta_1=0.0, beta_2=0.99),
        "discriminator": keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99),
    }


POINTS_GAN = Preset(
    name="points_gan",
    summary="recommended for points in the plane: four dense layers of 96",
    model="gan",
    data="ring",
    input_shape=(2,),
    batch_size=64,
    epochs=77,
    steps=40_000,
    learning_rate=None,
    optimizers=_points_gan_optimizers,
    schedule="cosine",
    options={
        "network": "mlp",
        "network_options": {
            "units": (96, 96, 96, 96),
            "uniform_latents": True,
        },
        "latent_dim": 2,
        "loss": "relativistic",
        "penalties": [losses.R1(0.05), losses.R2(0.05)],
    },
)


TABLE_GAN = Preset(
    name="table_gan",
    summary="recommended for tables of numbers: dense 128-128",
    model="gan",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=64,
    epochs=500,
    learning_rate=None,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128)},
        "latent_dim": 16,
        "loss": "relativistic",
    },
)

MIXED_TABLE_GAN = dataclasses.replace(
    MIXED_TABLE_VAE,
    name="mixed_table_gan",
    summary="for tables with texts, dates or gaps: dense 256-256",
    model="gan",
    learning_rate=None,
    options={
        "network": "mlp",
        "network_options": {"units": (256, 256)},
        "latent_dim": 64,
        "loss": "relativistic",
        "penalties": [losses.R1(1.0), losses.R2(1.0)],
    },
)
