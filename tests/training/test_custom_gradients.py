"""Users' own gradients stay where others call the same function."""

import keras
import numpy as np
import tensorflow as tf

import tfgen


@tf.function
@tf.custom_gradient
def turned(x):
    """The value itself; its gradient's sign is turned."""
    return tf.identity(x), lambda gradient: -gradient


class Turned(keras.layers.Layer):
    def call(self, x):
        return turned(x)


def test_a_function_of_the_network_is_differentiated_again():
    encoder = keras.Sequential([keras.Input((4,)), Turned()])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    vae = tfgen.VAE(encoder, decoder, likelihood="gaussian")
    vae.compile("sgd")
    x = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    vae.evaluate(x, batch_size=4, verbose=0)
    vae.fit(x, batch_size=4, verbose=0)
    ones = tf.ones([4, 4])
    with tf.GradientTape() as tape:
        tape.watch(ones)
        total = tf.reduce_sum(turned(ones))
    np.testing.assert_array_equal(tape.gradient(total, ones), -ones)
