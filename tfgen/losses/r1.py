import keras

from tfgen.losses.penalty import Penalty, squared_gradient_norm


@keras.saving.register_keras_serializable(package="tfgen")
class R1(Penalty):
    """Squared gradient at data: `weight / 2 * ||dD/dx||^2`.

    Args:
        weight: gamma of the paper.
        every: see `Penalty`.

    Reference:
        Mescheder et al. (2018), "Which training methods for GANs do actually
        converge?", equation 9.
    """

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def __call__(self, discriminator, real, fake, batch):
        return 0.5 * squared_gradient_norm(discriminator, real)
