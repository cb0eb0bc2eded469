import keras
import tensorflow as tf

from tfgen.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="tfgen")
class Hinge(AdversarialLoss):
    """Margins of 1 for the discriminator, its output for the generator.

    Formula: `D: max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`, `G: -D(G(z))`.

    Reference:
        Lim and Ye (2017), "Geometric GAN"; Miyato et al. (2018), "Spectral
        normalization for generative adversarial networks", equations 16, 17.
    """

    def discriminator_loss(self, real, fake):
        return tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake)

    def generator_loss(self, real, fake):
        return -fake
