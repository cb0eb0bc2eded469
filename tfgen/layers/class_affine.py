"""What the class-conditional normalisations share."""

import keras
import tensorflow as tf


class ClassAffine(keras.layers.Layer):
    """Abstract: `gamma(y) * normalization(x) + beta(y)`.

    Takes `[x, one-hot labels]`; gamma and beta hold one row a class, ones and
    zeros at the start. A subclass sets `self.normalization`, a layer without
    scale and offset of its own.
    """

    normalization: keras.layers.Layer

    def build(self, input_shape):
        shape, labels = input_shape
        self.normalization.build(shape)
        self.gamma, self.beta = (
            self.add_weight(
                shape=(labels[-1], shape[-1]),
                initializer=initializer,
                autocast=False,
                name=name,
            )
            for name, initializer in (("gamma", "ones"), ("beta", "zeros"))
        )

    def call(self, inputs, training=False):
        x, labels = inputs
        h = tf.cast(self.normalization(x, training=training), tf.float32)
        labels = tf.cast(labels, tf.float32)
        shape = [-1] + [1] * (len(x.shape) - 2) + [x.shape[-1]]
        gamma, beta = (
            tf.reshape(tf.matmul(labels, table), shape)
            for table in (self.gamma, self.beta)
        )
        return tf.cast(gamma * h + beta, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])
