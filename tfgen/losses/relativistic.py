import keras
import tensorflow as tf

from tfgen.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="tfgen")
class Relativistic(AdversarialLoss):
    """Each generated example against one of the data: relativistic pairing.

    Formula: `D: softplus(-(D(x) - D(G(z))))`, `G: softplus(D(x) - D(G(z)))`.
    It converges locally with `R1` and `R2` together.

    Reference:
        Jolicoeur-Martineau (2019), "The relativistic discriminator"; Huang
        et al. (2024), "The GAN is dead; long live the GAN!", equation 2.
    """

    boundary = None
    generator_sees_data = True

    def discriminator_loss(self, real, fake):
        return tf.nn.softplus(fake - real)

    def generator_loss(self, real, fake):
        return tf.nn.softplus(real - fake)
