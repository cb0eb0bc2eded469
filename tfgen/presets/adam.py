"""The optimizers of presets with an adversary."""

import functools

import keras

NETWORKS = ("generator", "discriminator")


def adam(learning_rate, beta_1=0.9, beta_2=0.999, networks=NETWORKS):
    """A function that makes one Adam for each network, by default of a GAN."""
    return functools.partial(_make, networks, learning_rate, beta_1, beta_2)


def _make(networks, learning_rate, beta_1, beta_2):
    return {
        name: keras.optimizers.Adam(learning_rate, beta_1, beta_2)
        for name in networks
    }
