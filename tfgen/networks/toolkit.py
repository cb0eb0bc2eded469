"""Layers as the options that all networks share want them."""

import math

import keras

from tfgen import layers


class Toolkit:
    """What a network is made of.

    Args:
        spectral_norm: whether kernels have spectral norm 1.
        minibatch_stddev: whether the network is told how much the examples
            of a batch vary.
        label: one-hot labels that scale and shift what is normalised, or
            None.

    Attributes:
        dense: a layer class, `keras.layers.Dense` or its like.
        conv: a layer class, `keras.layers.Conv2D` or its like.
        zeros: initializer of kernels that start as zeros where they can.
    """

    def __init__(self, spectral_norm=False, minibatch_stddev=False, label=None):
        self.dense = keras.layers.Dense
        self.conv = keras.layers.Conv2D
        self.zeros = "zeros"
        if spectral_norm:
            self.dense = layers.SpectralDense
            self.conv = layers.SpectralConv2D
            self.zeros = "glorot_uniform"
        self.label_used = False
        self._minibatch_stddev = minibatch_stddev
        self._label = label
        self._dropouts = 0

    def compare_rows(self, h):
        """h, with the spread of the batch as one more channel if asked."""
        return layers.MinibatchStddev()(h) if self._minibatch_stddev else h

    def batch_normalize(self, h):
        """Over all rows of the batch, by class if there is a label."""
        # The moving statistics of 0.99 come late for a network that samples.
        if self._label is None:
            return layers.BatchNormalization(momentum=0.9)(h)
        self.label_used = True
        return layers.ConditionalBatchNormalization(momentum=0.9)(
            [h, self._label]
        )

    def group_normalize(self, h):
        """Each row by itself, by class if there is a label."""
        groups = math.gcd(h.shape[-1], 8)
        if self._label is None:
            return keras.layers.GroupNormalization(groups)(h)
        self.label_used = True
        return layers.ConditionalGroupNormalization(groups)([h, self._label])

    def dropout(self, h, rate):
        """Dropout whose name is the same in every process."""
        if not rate:
            return h
        self._dropouts += 1
        return layers.Dropout(rate, name=f"dropout_{self._dropouts}")(h)
