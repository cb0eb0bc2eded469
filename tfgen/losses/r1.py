import keras

from tfgen.losses.penalty import Penalty


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

    sees_generated = False

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def __call__(self, critique):
        return 0.5 * critique.squared_slope_at_real()
