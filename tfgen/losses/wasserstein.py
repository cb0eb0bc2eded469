import keras

from tfgen.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="tfgen")
class Wasserstein(AdversarialLoss):
    """The critic's difference between generated examples and data.

    Formula: `D: D(G(z)) - D(x)`, `G: -D(G(z))`. The critic must be kept
    1-Lipschitz, by `GradientPenalty` or spectral normalisation.

    Reference:
        Arjovsky et al. (2017), "Wasserstein GAN", algorithm 1.
    """

    boundary = None

    def discriminator_loss(self, real, fake):
        return fake - real

    def generator_loss(self, real, fake):
        return -fake
