import keras
import tensorflow as tf

from tfgen.losses.penalty import Penalty


@keras.saving.register_keras_serializable(package="tfgen")
class GradientPenalty(Penalty):
    """Gradients of norm 1 between data and generated examples.

    Formula: `weight * (||dD/dx|| - 1)^2` at `u x + (1 - u) G(z)`, u uniform.

    Args:
        weight: lambda of the paper.
        every: see `Penalty`.

    Reference:
        Gulrajani et al. (2017), "Improved training of Wasserstein GANs",
        equation 3.
    """

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def __call__(self, critique):
        real, fake = critique.real, critique.fake
        batch = critique.batch
        mix = batch.uniform((), batch.next_purpose("gradient_penalty"))
        mix = tf.reshape(mix, [-1] + [1] * (len(real.shape) - 1))
        between = mix * real + (1.0 - mix) * fake
        return critique.distance_of_slope_from_one(between)
