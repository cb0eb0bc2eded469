"""How far apart a discriminator finds two examples."""

import math

import keras
import tensorflow as tf

from tfgen.models.network_inputs import with_labels
from tfgen.networks.parts import FEATURES

SMALLEST = 1e-12


class LearnedSimilarity:
    """Distance of examples in an inner layer of the discriminator.

    Formula: `1/2 ||D_l(x) - D_l(x~)||^2`. Over a variance, it is the negative
    log-likelihood, up to a constant, of a Gaussian around the features of x~.

    Args:
        discriminator: Sequential or functional `keras.Model`.
        layer: name of the layer; None: `"features"`, as networks by name
            call it.
        fixed_variance: of the Gaussian; None: see `variance`.

    Raises:
        ValueError: if the discriminator has no such layer, or the variance is
            not positive.

    Reference:
        Larsen et al. (2016), "Autoencoding beyond pixels using a learned
        similarity metric", equations 7 and 8. Rybkin et al. (2021), "Simple
        and effective VAE training with calibrated decoders", equation 4.
    """

    def __init__(self, discriminator, layer=None, fixed_variance=None):
        if fixed_variance is not None and not fixed_variance > 0:
            raise ValueError(
                f"feature_variance is {fixed_variance}, expected a number "
                "above 0, or None for one that follows the features."
            )
        self.layer = layer or FEATURES
        self.fixed_variance = fixed_variance
        names = [each.name for each in discriminator.layers]
        if self.layer not in names:
            raise ValueError(
                f"feature_layer is {self.layer!r}, which the discriminator "
                f"has not: expected one of {', '.join(names)}."
            )
        output = discriminator.get_layer(self.layer).output
        self._features = keras.Model(discriminator.inputs, output)
        self._data_size = math.prod(discriminator.inputs[0].shape[1:])

    def __call__(self, x, other, labels=None, training=False):
        """Distances of x and others in nats, `(rows,)`."""
        first, second = (
            self._features(with_labels(each, labels), training=training)
            for each in (x, other)
        )
        gap = tf.cast(first, tf.float32) - tf.cast(second, tf.float32)
        return 0.5 * tf.reduce_sum(gap**2, axis=range(1, len(gap.shape)))

    def variance(self, batch, distances):
        """Of features around those of x~, no gradient going through.

        Unless it is fixed: the most likely variance if the features were as
        many independent values as the data. (They are more, and go together:
        taken each for itself they would outweigh any KL term.) Distances over
        it have a mean of n / 2 nats for n values of data.

        Args:
            batch: the `GlobalBatch`.
            distances: of its examples, `(rows,)`.
        """
        if self.fixed_variance is not None:
            return self.fixed_variance
        mean = batch.global_mean(tf.stop_gradient(distances))
        return tf.maximum(2.0 * mean / self._data_size, SMALLEST)
