import keras

from tfgen.losses.penalty import Penalty


@keras.saving.register_keras_serializable(package="tfgen")
class DRAGAN(Penalty):
    """Gradients of norm 1 around data.

    Formula: `weight * (||dD/dx|| - 1)^2` at `x + spread * n`, n standard
    normal.

    Args:
        weight: lambda of the paper.
        spread: standard deviation of the noise, in the data's units.
        every: see `Penalty`.

    Reference:
        Kodali et al. (2017), "On convergence and stability of GANs",
        equation 4.
    """

    sees_generated = False

    def __init__(
        self, weight: float = 10.0, spread: float = 0.5, every: int = 1
    ):
        super().__init__(weight, every)
        self.spread = spread

    def __call__(self, critique):
        real = critique.real
        purpose = critique.batch.next_purpose("dragan")
        noise = critique.batch.normal(tuple(real.shape[1:]), purpose)
        return critique.distance_of_slope_from_one(real + self.spread * noise)

    def get_config(self):
        return {**super().get_config(), "spread": self.spread}
