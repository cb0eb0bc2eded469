import keras

from tfgen.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="tfgen")
class LeastSquares(AdversarialLoss):
    """Squared distance of the output to 1 for data and 0 for generated.

    Formula: `D: ((D(x) - 1)^2 + D(G(z))^2) / 2`, `G: (D(G(z)) - 1)^2 / 2`.

    Reference:
        Mao et al. (2017), "Least squares generative adversarial networks",
        equation 9.
    """

    boundary = 0.5

    def discriminator_loss(self, real, fake):
        return 0.5 * ((real - 1.0) ** 2 + fake**2)

    def generator_loss(self, real, fake):
        return 0.5 * (fake - 1.0) ** 2
