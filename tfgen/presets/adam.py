"""The optimizers of GAN presets."""

import functools

import keras

NETWORKS = ("generator", "discriminator")


def adam(learning_rate, beta_1=0.9, beta_2=0.999):
    """A function that makes one Adam for each network of a GAN."""
    return functools.partial(_make, learning_rate, beta_1, beta_2)


def _make(learning_rate, beta_1, beta_2):
    return {
        name: keras.optimizers.Adam(learning_rate, beta_1, beta_2)
        for name in NETWORKS
    }
