"""Adversarial losses, by name in `ADVERSARIAL_LOSSES`.

A new one is a class here, a line of `ADVERSARIAL_LOSSES` and its name in
`__all__`.
"""

import keras
import tensorflow as tf

from tfgen.losses.penalties import R1, R2, GradientPenalty, Penalty
from tfgen.named_parts import Configurable, get_part

__all__ = [
    "ADVERSARIAL_LOSSES",
    "AdversarialLoss",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Relativistic",
    "Wasserstein",
    "get_adversarial_loss",
]


class AdversarialLoss(Configurable):
    """Abstract: losses of the discriminator and of the generator.

    Both methods take the discriminator's logits of data and of generated
    examples, each of shape `(rows,)`, and return `(rows,)`.

    Attributes:
        boundary: logit above which an example is taken for data; None where
            only differences between logits mean anything.
        generator_sees_data: whether the generator's loss depends on the
            logits of data; if not, it is given zeros for them.
        discriminator_steps: recommended number of the discriminator's updates
            for one of the generator.

    Example:
    >>> class Difference(tfgen.losses.AdversarialLoss):
    ...     boundary = None
    ...
    ...     def discriminator_loss(self, real, fake):
    ...         return fake - real
    ...
    ...     def generator_loss(self, real, fake):
    ...         return -fake
    >>> right, _ = Difference().accuracies(np.array([1.0, 0.0]), np.zeros(2))
    >>> right.numpy()
    array([1., 0.], dtype=float32)
    """

    boundary: float | None = 0.0
    generator_sees_data = False
    discriminator_steps = 1

    def discriminator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Loss that the discriminator minimises, for each example."""
        raise NotImplementedError(type(self).__name__)

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Loss that the generator minimises, for each example."""
        raise NotImplementedError(type(self).__name__)

    def recommended_penalties(self) -> list[Penalty]:
        """Penalties for a discriminator that none were asked for."""
        return [R1(0.1)]

    def accuracies(
        self, real: tf.Tensor, fake: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Accuracies of the discriminator on data and on generated examples.

        Without a boundary it is right about a pair where the one that is data
        has the higher logit.

        Returns:
            Two tensors of 0.0 and 1.0, `(rows,)`.
        """
        if self.boundary is None:
            pairs = tf.cast(real > fake, tf.float32)
            return pairs, pairs
        return (
            tf.cast(real > self.boundary, tf.float32),
            tf.cast(fake < self.boundary, tf.float32),
        )


@keras.saving.register_keras_serializable(package="tfgen")
class Minimax(AdversarialLoss):
    """Cross-entropy; the generator minimises what the discriminator maximises.

    Formula: `D: -log s(D(x)) - log(1 - s(D(G(z))))`, `G: log(1 - s(D(G(z))))`,
    `s` the logistic function.

    Args:
        label_smoothing: the label of data is 1 minus this (one-sided,
            Salimans et al., 2016).

    Raises:
        ValueError: for a smoothing below 0, or of 0.5 and above.

    Reference:
        Goodfellow et al. (2014), "Generative adversarial nets", equation 1.

    Example:
    >>> zero = tf.zeros(1)
    >>> tfgen.losses.Minimax().discriminator_loss(zero, zero).numpy()  # 2 log 2
    array([1.3862944], dtype=float32)
    """

    def __init__(self, label_smoothing: float = 0.0):
        if not 0.0 <= label_smoothing < 0.5:
            raise ValueError(
                f"label_smoothing is {label_smoothing}, expected from 0 to "
                "below 0.5."
            )
        self.label_smoothing = label_smoothing

    def discriminator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        # -(1 - a) log s(r) - a log(1 - s(r)) = softplus(-r) + a r
        real_loss = tf.nn.softplus(-real) + self.label_smoothing * real
        return real_loss + tf.nn.softplus(fake)

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return -tf.nn.softplus(fake)


@keras.saving.register_keras_serializable(package="tfgen")
class NonSaturating(Minimax):
    """Cross-entropy; the generator maximises the odds of being taken as data.

    Formula: D as in `Minimax`, `G: -log s(D(G(z)))`.

    Args:
        label_smoothing: the label of data is 1 minus this.

    Reference:
        Goodfellow et al. (2014), "Generative adversarial nets", section 3.

    Example:
    >>> loss = tfgen.losses.NonSaturating()
    >>> loss.generator_loss(tf.zeros(2), tf.constant([0.0, 100.0])).numpy()
    array([0.6931472, 0.       ], dtype=float32)
    """

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(-fake)


@keras.saving.register_keras_serializable(package="tfgen")
class LeastSquares(AdversarialLoss):
    """Squared distance of the logit to 1 for data and 0 for generated.

    Formula: `D: ((D(x) - 1)^2 + D(G(z))^2) / 2`, `G: (D(G(z)) - 1)^2 / 2`.

    Reference:
        Mao et al. (2017), "Least squares generative adversarial networks",
        equation 9.

    Example:
    >>> loss = tfgen.losses.LeastSquares()
    >>> loss.discriminator_loss(tf.constant([1.0, 0.0]), tf.zeros(2)).numpy()
    array([0. , 0.5], dtype=float32)
    """

    boundary = 0.5

    def discriminator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return 0.5 * ((real - 1.0) ** 2 + fake**2)

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return 0.5 * (fake - 1.0) ** 2


@keras.saving.register_keras_serializable(package="tfgen")
class Hinge(AdversarialLoss):
    """Margins of 1 for the discriminator, its logit for the generator.

    Formula: `D: max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`, `G: -D(G(z))`.

    Reference:
        Lim and Ye (2017), "Geometric GAN"; Miyato et al. (2018), "Spectral
        normalization for generative adversarial networks", equations 16, 17.

    Example:
    >>> real, fake = tf.constant([2.0, 0.5]), tf.constant([-3.0, 0.0])
    >>> tfgen.losses.Hinge().discriminator_loss(real, fake).numpy()
    array([0. , 1.5], dtype=float32)
    """

    def discriminator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake)

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return -fake


@keras.saving.register_keras_serializable(package="tfgen")
class Wasserstein(AdversarialLoss):
    """The critic's difference between generated examples and data.

    Formula: `D: D(G(z)) - D(x)`, `G: -D(G(z))`. The critic must be kept
    1-Lipschitz, by `GradientPenalty` or spectral normalisation.

    Reference:
        Arjovsky et al. (2017), "Wasserstein GAN", algorithm 1.

    Example:
    >>> loss = tfgen.losses.Wasserstein()
    >>> loss.discriminator_loss(tf.constant([3.0]), tf.constant([1.0])).numpy()
    array([-2.], dtype=float32)
    >>> loss.discriminator_steps
    5
    """

    boundary = None
    # The critic must be near its best for its slope to mean a distance.
    discriminator_steps = 5

    def discriminator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return fake - real

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return -fake

    def recommended_penalties(self) -> list[Penalty]:
        return [GradientPenalty()]


@keras.saving.register_keras_serializable(package="tfgen")
class Relativistic(AdversarialLoss):
    """Each generated example against one of the data: relativistic pairing.

    Formula: `D: softplus(-(D(x) - D(G(z))))`, `G: softplus(D(x) - D(G(z)))`.
    It converges locally with `R1` and `R2` together.

    Reference:
        Jolicoeur-Martineau (2019), "The relativistic discriminator"; Huang
        et al. (2024), "The GAN is dead; long live the GAN!", equation 2.

    Example:
    >>> loss = tfgen.losses.Relativistic()
    >>> loss.generator_loss(tf.ones(1), tf.ones(1)).numpy()  # log 2
    array([0.6931472], dtype=float32)
    """

    boundary = None
    generator_sees_data = True

    def discriminator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(fake - real)

    def generator_loss(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(real - fake)

    def recommended_penalties(self) -> list[Penalty]:
        return [R1(0.1), R2(0.1)]


ADVERSARIAL_LOSSES = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
}
"""Adversarial losses by name."""


def get_adversarial_loss(loss: str | dict | AdversarialLoss) -> AdversarialLoss:
    """A loss from its name, its config or itself.

    Args:
        loss: a key of `ADVERSARIAL_LOSSES`, a config of Keras, or a loss.

    Raises:
        ValueError: for anything else.

    Example:
    >>> type(tfgen.losses.get_adversarial_loss("hinge")).__name__
    'Hinge'
    """
    return get_part("loss", loss, ADVERSARIAL_LOSSES, AdversarialLoss)
