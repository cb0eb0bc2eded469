import keras
import tensorflow as tf

from tfgen.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="tfgen")
class Minimax(AdversarialLoss):
    """Cross-entropy; the generator minimises what the discriminator maximises.

    Formula: `D: -log s(D(x)) - log(1 - s(D(G(z))))`, `G: log(1 - s(D(G(z))))`,
    `s` the logistic function.

    Args:
        label_smoothing: the label of data is 1 minus this (one-sided,
            Salimans et al., 2016).

    Reference:
        Goodfellow et al. (2014), "Generative adversarial nets", equation 1.
    """

    def __init__(self, label_smoothing: float = 0.0):
        if not 0.0 <= label_smoothing < 0.5:
            raise ValueError(
                f"label_smoothing is {label_smoothing}, expected from 0 to "
                "below 0.5."
            )
        self.label_smoothing = label_smoothing

    def discriminator_loss(self, real, fake):
        # -(1 - a) log s(r) - a log(1 - s(r)) = softplus(-r) + a r
        real_loss = tf.nn.softplus(-real) + self.label_smoothing * real
        return real_loss + tf.nn.softplus(fake)

    def generator_loss(self, real, fake):
        return -tf.nn.softplus(fake)

    def get_config(self):
        return {"label_smoothing": self.label_smoothing}
