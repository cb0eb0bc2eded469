"""How far apart a discriminator finds two examples."""

import keras
import tensorflow as tf

from tfgen.models.network_inputs import with_labels
from tfgen.networks.parts import FEATURES


class LearnedSimilarity:
    """Distance of examples in an inner layer of the discriminator.

    Formula: `1/2 ||D_l(x) - D_l(x~)||^2`, the negative log-likelihood, up to
    a constant, of a Gaussian of variance 1 around the features of x~.

    Args:
        discriminator: Sequential or functional `keras.Model`.
        layer: name of the layer; None: `"features"`, as networks by name
            call it.

    Raises:
        ValueError: if the discriminator has no such layer.

    Reference:
        Larsen et al. (2016), "Autoencoding beyond pixels using a learned
        similarity metric", equations 7 and 8.
    """

    def __init__(self, discriminator, layer=None):
        self.layer = layer or FEATURES
        names = [each.name for each in discriminator.layers]
        if self.layer not in names:
            raise ValueError(
                f"feature_layer is {self.layer!r}, which the discriminator "
                f"has not: expected one of {', '.join(names)}."
            )
        output = discriminator.get_layer(self.layer).output
        self._features = keras.Model(discriminator.inputs, output)

    def __call__(self, x, other, labels=None, training=False):
        """Distances of x and others in nats, `(rows,)`."""
        first, second = (
            self._features(with_labels(each, labels), training=training)
            for each in (x, other)
        )
        gap = tf.cast(first, tf.float32) - tf.cast(second, tf.float32)
        return 0.5 * tf.reduce_sum(gap**2, axis=range(1, len(gap.shape)))
