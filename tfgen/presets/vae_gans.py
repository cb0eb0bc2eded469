"""Presets of VAE-GAN hybrids."""

import dataclasses

from tfgen.models.preset import Preset, adam
from tfgen.presets.vaes import MIXED_TABLE_VAE
from tfgen.probability import Gaussian

NETWORKS = ("encoder", "decoder", "discriminator")


def _squared_error():
    # Scale sqrt(1/2): the negative log-likelihood is the sum of squared
    # errors, up to a constant.
    return Gaussian(scale=0.5**0.5, data_range=(-1.0, 1.0))


SHARED_VAE_GAN = Preset(
    name="shared_vae_gan",
    summary="28x28: dense 400-400, tanh, least-squares adversary",
    model="vae_gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=128,
    epochs=20,
    learning_rate=None,
    optimizers=adam(2e-4, 0.5, 0.999, networks=NETWORKS),
    options={
        "network": "mlp",
        "network_options": {"units": (400, 400), "activation": "relu"},
        "latent_dim": 100,
        "objective": "elbo_adversarial",
        "likelihood": _squared_error,
        "output_activation": "tanh",
        "loss": "least_squares",
        "adversarial_weight": 10.0,
        "penalties": [],
        "average_decay": 0.0,
    },
)


VAE_GAN = Preset(
    name="vae_gan",
    summary="28x28: Bernoulli ELBO plus lambda times the adversarial loss",
    model="vae_gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    learning_rate=None,
    options={
        "network": "conv",
        "latent_dim": 16,
        "objective": "elbo_adversarial",
        "likelihood": "bernoulli",
    },
)


IMAGE_VAE_GAN = Preset(
    name="image_vae_gan",
    summary="recommended for images of 28 pixels and more: encodes, sharp",
    model="vae_gan",
    data="fashion_mnist",
    input_shape=(28, 28, 1),
    batch_size=64,
    epochs=30,
    learning_rate=None,
    options={
        "network": "conv",
        "latent_dim": 32,
        "objective": "larsen",
    },
)


POINTS_VAE_GAN = Preset(
    name="points_vae_gan",
    summary="recommended for points in the plane: dense 128-128-128, latent 2",
    model="vae_gan",
    data="ring",
    input_shape=(2,),
    batch_size=64,
    epochs=26,
    steps=20_000,
    learning_rate=None,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128, 128)},
        "latent_dim": 2,
        "objective": "elbo_adversarial",
    },
)


MIXED_TABLE_VAE_GAN = dataclasses.replace(
    MIXED_TABLE_VAE,
    name="mixed_table_vae_gan",
    summary="for tables with texts, dates or gaps: dense 256-256",
    model="vae_gan",
    learning_rate=None,
    options=MIXED_TABLE_VAE.options | {"objective": "elbo_adversarial"},
)


TABLE_VAE_GAN = Preset(
    name="table_vae_gan",
    summary="recommended for tables of numbers: dense 128-128, learned scale",
    model="vae_gan",
    data="breast_cancer",
    input_shape=(30,),
    batch_size=64,
    epochs=200,
    learning_rate=None,
    options={
        "network": "mlp",
        "network_options": {"units": (128, 128)},
        "latent_dim": 8,
        "objective": "elbo_adversarial",
    },
)
