"""Presets of VAEs."""

import dataclasses

import keras

from tfgen.models.preset import Preset
from tfgen.probability import (
    AutoregressiveImage,
    Bernoulli,
    Gaussian,
    GaussianMixture,
)

layers = keras.layers


def _squared_error():
    # Scale sqrt(1/2): the negative log-likelihood is the sum of squared
    # errors, up to a constant.
    return Gaussian(scale=0.5**0.5, data_range=(0.0, 1.0))


DENSE_VAE = Preset(
    name="dense_vae",
    summary="28x28: one dense layer each way, squared error + beta KL",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    options={
        "network": "mlp",
        "network_options": {"units": ()},
        "latent_dim": 16,
        "likelihood": _squared_error,
        "output_activation": "sigmoid",
    },
)


CIRCLES_VAE = Preset(
    name="circles_vae",
    summary="two circles in the plane: 2-4-2 networks with ReLU, latent 2",
    model="vae",
    data="circles",
    input_shape=(2,),
    batch_size=100,
    epochs=10,
    options={
        "network": "mlp",
        "network_options": {"units": (4,)},
        "latent_dim": 2,
        "likelihood": "gaussian",
    },
)


def _conv_vae_networks(input_shape, latent_dim):
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
    networks=_conv_vae_networks,
)


SMALL_IMAGE_VAE = Preset(
    name="small_image_vae",
    summary="recommended for grey images of 8 to 64 pixels, minutes on a CPU",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    options={"network": "conv", "latent_dim": 16, "likelihood": "bernoulli"},
)


IMAGE_VAE = Preset(
    name="image_vae",
    summary="colour images, hours: residual networks, learned scale",
    model="vae",
    data="cifar10",
    input_shape=(32, 32, 3),
    batch_size=64,
    epochs=50,
    options={"network": "resnet", "latent_dim": 64, "likelihood": "gaussian"},
)


COLOUR_VAE = Preset(
    name="colour_vae",
    summary="recommended for colour images: starts at principal components",
    model="vae",
    data="cifar10",
    input_shape=(32, 32, 3),
    batch_size=64,
    learning_rate=3e-4,
    schedule="warmup_cosine",
    options={
        "network": "conv",
        # Keras' own shrink in each transposed convolution.
        "network_options": {
            "activation": "leaky_relu",
            "kernel_initializer": "he_normal",
            "linear_path": True,
        },
        "latent_dim": 128,
        "likelihood": "gaussian",
    },
)


def _binarised():
    return Bernoulli(targets="dynamic")


LIKELIHOOD_VAE = Preset(
    name="likelihood_vae",
    summary="binarised 28x28: dense 300-300, latent 40, slow beta warm-up",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=100,
    epochs=400,
    learning_rate=5e-4,
    options={
        "network": "mlp",
        "network_options": {"units": (300, 300)},
        "latent_dim": 40,
        "likelihood": _binarised,
        "beta_warmup_steps": 50_000,
    },
)


def _black_and_white():
    return AutoregressiveImage(Bernoulli(targets="threshold"))


PIXEL_VAE = Preset(
    name="pixel_vae",
    summary="28x28 in black and white, drawn pixel by pixel",
    model="vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=64,
    epochs=10,
    schedule="cosine",
    options={
        "network": "conv",
        "network_options": {
            "filters": (32, 64),
            "activation": "leaky_relu",
            "kernel_initializer": "he_normal",
        },
        "latent_dim": 32,
        "likelihood": _black_and_white,
        "free_bits": 0.25,
    },
)


SMALL_IMAGE_VQ_VAE = Preset(
    name="small_image_vq_vae",
    summary="28x28 as 7x7 of 256 codes, which a masked network draws",
    model="vq_vae",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=64,
    epochs=10,
    schedule="cosine",
    options={
        "network": "conv",
        "network_options": {
            "filters": (64, 128),
            "activation": "leaky_relu",
            "kernel_initializer": "he_normal",
        },
        "latent_dim": 32,
        "num_codes": 256,
        "likelihood": "bernoulli",
    },
)


POINTS_VAE = Preset(
    name="points_vae",
    summary="recommended for points in the plane: dense 128-128-128, latent 2",
    model="vae",
    data="circles",
    input_shape=(2,),
    batch_size=250,
    epochs=150,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128, 128)},
        "latent_dim": 2,
        "likelihood": "gaussian",
        "beta_warmup_steps": 2000,
    },
)


TABLE_VAE = Preset(
    name="table_vae",
    summary="for tables of over 256 columns: dense, learned scale",
    model="vae",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=64,
    epochs=200,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128)},
        "latent_dim": 8,
        "likelihood": "gaussian",
    },
)

# A learned mixture, for each model anew.
_MIXTURE = keras.saving.serialize_keras_object(
    GaussianMixture(20, covariance="full")
)


def _no_narrower_than_its_start():
    return Gaussian(min_scale=0.03)


DETECTOR_TABLE = Preset(
    name="detector_table",
    summary="for anomalies in tables: begins as a mixture of linear models",
    model="vae",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=64,
    epochs=10,
    options={
        "network": "mlp",
        "network_options": {"units": (64, 64), "linear_path": True},
        "latent_dim": 64,
        "likelihood": _no_narrower_than_its_start,
        "prior": _MIXTURE,
    },
    held_variance=0.95,
    detection={
        "measure": ("elbo", "neighbours", "mixture"),
        "combine": "mean",
    },
)

FULL_TABLE_VAE = dataclasses.replace(
    TABLE_VAE,
    name="full_table_vae",
    summary="recommended for tables: dense 128-128, a full covariance",
    options=TABLE_VAE.options | {"likelihood": "full_gaussian"},
)

MIXED_TABLE_VAE = Preset(
    name="mixed_table_vae",
    summary="recommended for tables with texts, dates or gaps: dense 256-256",
    model="vae",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=256,
    epochs=200,
    learning_rate=2e-3,
    schedule="cosine",
    steps=12_000,
    most_epochs=500,
    options={
        "network": "mlp",
        "network_options": {"units": (256, 256)},
        "latent_dim": 16,
        "likelihood": "table",
    },
)
