"""Penalties that keep a discriminator smooth, by name in `PENALTIES`.

A new one is a class here, a line of `PENALTIES` and its name in `__all__`.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfgen.losses.discriminator_outputs import DiscriminatorOutputs
from tfgen.named_parts import Configurable, get_part, saved_number

__all__ = [
    "DRAGAN",
    "PENALTIES",
    "R1",
    "R2",
    "GradientPenalty",
    "LeCam",
    "Penalty",
    "get_penalty",
]


class Penalty(Configurable):
    """Abstract: a term that is added to the discriminator's loss.

    A subclass is saved with the model by its constructor's arguments, which
    it keeps as attributes of the same names (else it gives `get_config`).

    Args:
        weight: factor of the term.
        every: the term is taken each so many steps, and then so many times
            as large (Karras et al., 2020, "lazy regularization").

    Attributes:
        sees_generated: whether it depends on the generated examples.

    Raises:
        ValueError: for a negative weight or `every` below 1.

    Example:
    >>> class SquaredLogits(tfgen.losses.Penalty):
    ...     def __call__(self, outputs):
    ...         return outputs.real_logits**2
    >>> SquaredLogits(weight=0.5).get_config()
    {'weight': 0.5, 'every': 1}
    """

    sees_generated = True

    def __init__(self, weight: float = 10.0, every: int = 1):
        if weight < 0.0 or every < 1:
            raise ValueError(
                f"{type(self).__name__} got weight={weight}, every={every}; "
                "expected a weight of 0 or more and every of 1 or more."
            )
        self.weight = weight
        self.every = every

    def __call__(self, outputs: DiscriminatorOutputs) -> tf.Tensor:
        """Value of the term, without weight, for each example: `(rows,)`."""
        raise NotImplementedError(type(self).__name__)

    def make_state(self, add_weight: Callable) -> None:
        """Makes what the penalty remembers from step to step, if anything.

        Args:
            add_weight: `keras.Model.add_weight` of the model that saves it.
        """

    def update_state(self, outputs: DiscriminatorOutputs) -> None:
        """Called once each step, after the term was taken."""


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

    Example:
    >>> tfgen.losses.GradientPenalty(every=4).get_config()
    {'weight': 10.0, 'every': 4}
    """

    def __call__(self, outputs: DiscriminatorOutputs) -> tf.Tensor:
        real, batch = outputs.real, outputs.batch
        mix = batch.uniform((), batch.next_purpose("gradient_penalty"))
        mix = tf.reshape(mix, [-1] + [1] * (len(real.shape) - 1))
        between = mix * real + (1.0 - mix) * outputs.fake
        return outputs.distance_of_slope_from_one(between)


@keras.saving.register_keras_serializable(package="tfgen")
class R1(Penalty):
    """Squared gradient at data: `weight / 2 * ||dD/dx||^2`.

    Args:
        weight: gamma of the paper.
        every: see `Penalty`.

    Reference:
        Mescheder et al. (2018), "Which training methods for GANs do actually
        converge?", equation 9.

    Example:
    >>> tfgen.losses.R1(weight=0.1).get_config()
    {'weight': 0.1, 'every': 1}
    """

    sees_generated = False

    def __call__(self, outputs: DiscriminatorOutputs) -> tf.Tensor:
        return 0.5 * outputs.squared_slope_at_real()


@keras.saving.register_keras_serializable(package="tfgen")
class R2(Penalty):
    """Squared gradient at generated examples: `weight / 2 * ||dD/dx||^2`.

    Args:
        weight: gamma of the paper.
        every: see `Penalty`.

    Reference:
        Mescheder et al. (2018), "Which training methods for GANs do actually
        converge?", equation 10.

    Example:
    >>> tfgen.losses.R2(weight=0.1).sees_generated
    True
    """

    def __call__(self, outputs: DiscriminatorOutputs) -> tf.Tensor:
        return 0.5 * outputs.squared_slope_at_fake()


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

    Example:
    >>> tfgen.losses.DRAGAN(spread=0.1).spread
    0.1
    """

    sees_generated = False

    def __init__(
        self, weight: float = 10.0, spread: float = 0.5, every: int = 1
    ):
        super().__init__(weight, every)
        self.spread = spread

    def __call__(self, outputs: DiscriminatorOutputs) -> tf.Tensor:
        real, batch = outputs.real, outputs.batch
        purpose = batch.next_purpose("dragan")
        noise = batch.normal(tuple(real.shape[1:]), purpose)
        return outputs.distance_of_slope_from_one(real + self.spread * noise)


@keras.saving.register_keras_serializable(package="tfgen")
class LeCam(Penalty):
    """Logits of data near the mean logit of generated examples, and back.

    Formula: `weight * ((D(x) - a_F)^2 + (D(G(z)) - a_R)^2)`, `a_R` and `a_F`
    the moving averages of the logits of data and of generated examples,
    which are saved with the model. It helps where data is scarce.

    Args:
        weight: lambda of the paper.
        decay: share of a moving average that a step keeps.
        every: see `Penalty`.

    Raises:
        ValueError: for a decay below 0, or of 1 and above.

    Reference:
        Tseng et al. (2021), "Regularizing generative adversarial networks
        under limited data", equations 3 and 4.

    Example:
    >>> tfgen.losses.get_penalty("lecam").decay
    0.99
    """

    def __init__(
        self, weight: float = 0.1, decay: float = 0.99, every: int = 1
    ):
        super().__init__(weight, every)
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"decay is {decay}, expected from 0 to below 1.")
        self.decay = decay
        self.mean_real = self.mean_fake = None

    def make_state(self, add_weight: Callable) -> None:
        self.mean_real = saved_number(add_weight, "lecam_mean_real")
        self.mean_fake = saved_number(add_weight, "lecam_mean_fake")

    def __call__(self, outputs: DiscriminatorOutputs) -> tf.Tensor:
        return (outputs.real_logits - self.mean_fake) ** 2 + (
            outputs.fake_logits - self.mean_real
        ) ** 2

    def update_state(self, outputs: DiscriminatorOutputs) -> None:
        for average, logits in (
            (self.mean_real, outputs.real_logits),
            (self.mean_fake, outputs.fake_logits),
        ):
            mean = outputs.batch.global_mean(logits)
            average.assign(self.decay * average + (1.0 - self.decay) * mean)


PENALTIES = {
    "gradient_penalty": GradientPenalty,
    "r1": R1,
    "r2": R2,
    "dragan": DRAGAN,
    "lecam": LeCam,
}
"""Penalties by name."""


def get_penalty(penalty: str | dict | Penalty) -> Penalty:
    """A penalty from its name, its config or itself.

    Args:
        penalty: a key of `PENALTIES`, a config of Keras, or a penalty.

    Raises:
        ValueError: for anything else.

    Example:
    >>> tfgen.losses.get_penalty("r1").weight
    10.0
    """
    return get_part("penalty", penalty, PENALTIES, Penalty)
