"""Parts of a VAE-GAN's step: similarity, weight of the adversary, balance."""

import math

import keras
import tensorflow as tf

from tfgen.models.network_checks import with_labels
from tfgen.models.with_encoder import warmed_up
from tfgen.networks.parts import FEATURES
from tfgen.optimizers import OptimizerGroup
from tfgen.training import GlobalBatch

MOST = 1e4
"""For a discriminator that has stopped to say anything."""
SMALLEST = 1e-12
EQUILIBRIUM = 0.68
MARGIN = 0.35


class AdversarialWeight:
    """Lambda of a VAE-GAN's decoder.

    Formula: `ratio * |dR| / |dA|`, the norms being those of the gradients of
    reconstruction and adversarial loss at the decoder's outputs for
    reconstructions, over the whole batch; at most 10,000.

    Args:
        ratio: that the adversarial part of the gradient is to have to the
            reconstruction's.
        fixed: a weight instead, or None.
        warmup_steps: steps over which it rises linearly from 0.

    Reference:
        Esser et al. (2021), "Taming transformers for high-resolution image
        synthesis", equation 7 (at the decoder's last layer).
    """

    def __init__(self, ratio: float, fixed: float | None, warmup_steps: int):
        self.ratio = ratio
        self.fixed = fixed
        self.warmup_steps = warmup_steps

    def __call__(
        self,
        batch: GlobalBatch,
        step: tf.Tensor,
        adversarial: tf.Tensor,
        reconstruction: tf.Tensor,
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The weight, and what to log of it.

        Args:
            batch: the `GlobalBatch`.
            step: training steps done.
            adversarial: gradient of A, `(rows, ...)`.
            reconstruction: gradient of R.
        """
        ratio = _ratio_of_norms(batch, adversarial, reconstruction)
        weight = self.fixed
        if weight is None:
            weight = tf.math.divide_no_nan(self.ratio, ratio)
            weight = tf.minimum(weight, MOST)
        weight *= warmed_up(1.0, self.warmup_steps, step)
        return weight, {
            "adversarial_weight": batch.each(weight),
            "adversarial_gradient_ratio": batch.each(weight * ratio),
        }


class LearnedSimilarity:
    """Distance of examples in an inner layer of the discriminator.

    Formula: `1/2 ||D_l(x) - D_l(x~)||^2`. Over a variance, it is the negative
    log-likelihood, up to a constant, of a Gaussian around the features of x~.

    Args:
        discriminator: Sequential or functional `keras.Model`.
        layer: name of the layer; None: `"features"`, as networks by name
            call it.
        fixed_variance: of the Gaussian; None: see `variance`.

    Raises:
        ValueError: if the discriminator has no such layer, or the variance is
            not positive.

    Reference:
        Larsen et al. (2016), "Autoencoding beyond pixels using a learned
        similarity metric", equations 7 and 8. Rybkin et al. (2021), "Simple
        and effective VAE training with calibrated decoders", equation 4.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        layer: str | None = None,
        fixed_variance: float | None = None,
    ):
        if fixed_variance is not None and not fixed_variance > 0:
            raise ValueError(
                f"feature_variance is {fixed_variance}, expected a number "
                "above 0, or None for one that follows the features."
            )
        self.layer = layer or FEATURES
        self.fixed_variance = fixed_variance
        names = [each.name for each in discriminator.layers]
        if self.layer not in names:
            raise ValueError(
                f"feature_layer is {self.layer!r}, which the discriminator "
                f"has not: expected one of {', '.join(names)}."
            )
        output = discriminator.get_layer(self.layer).output
        self._features = keras.Model(discriminator.inputs, output)
        self._data_size = math.prod(discriminator.inputs[0].shape[1:])

    def __call__(
        self,
        x: tf.Tensor,
        other: tf.Tensor,
        labels: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Distances of x and others in nats, `(rows,)`."""
        first, second = (
            self._features(with_labels(each, labels), training=training)
            for each in (x, other)
        )
        gap = tf.cast(first, tf.float32) - tf.cast(second, tf.float32)
        return 0.5 * tf.reduce_sum(gap**2, axis=range(1, len(gap.shape)))

    def variance(
        self, batch: GlobalBatch, distances: tf.Tensor
    ) -> tf.Tensor | float:
        """Of features around those of x~, no gradient going through.

        Unless it is fixed: the most likely variance if the features were as
        many independent values as the data. (They are more, and go together:
        taken each for itself they would outweigh any KL term.) Distances over
        it have a mean of n / 2 nats for n values of data.

        Args:
            batch: the `GlobalBatch`.
            distances: of its examples, `(rows,)`.
        """
        if self.fixed_variance is not None:
            return self.fixed_variance
        mean = batch.global_mean(tf.stop_gradient(distances))
        return tf.maximum(2.0 * mean / self._data_size, SMALLEST)


def balanced_updates(
    real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Whether to update the decoder and the discriminator.

    The discriminator waits while it tells data or generated examples too
    well, the decoder while the discriminator tells them too badly; if both
    would wait, neither does.

    Args:
        real: mean cross-entropy of the discriminator on data, in nats.
        fake: the same on generated examples; a guess has log 2, about 0.69.

    Returns:
        Two boolean tensors.

    Reference:
        Larsen et al. (2016); equilibrium and margin are those of their code.
    """
    discriminator = tf.minimum(real, fake) >= EQUILIBRIUM - MARGIN
    decoder = tf.maximum(real, fake) <= EQUILIBRIUM + MARGIN
    neither = tf.logical_not(decoder | discriminator)
    return decoder | neither, discriminator | neither


def apply_if(
    condition: tf.Tensor | None,
    group: OptimizerGroup,
    name: str,
    gradients: list[tf.Tensor],
    variables: list[keras.Variable],
) -> tf.Tensor:
    """Takes a step, and undoes it where the condition is false.

    The state of the optimizer is put back too: it is as if the step had not
    been. Replicas exchange gradients in a step, which they cannot do within a
    branch of `tf.cond`.

    Args:
        condition: boolean scalar, the same on every replica; None: always.
        group: the `OptimizerGroup`.
        name: of the network.
        gradients: of its variables.
        variables: of the network.

    Returns:
        Norm of the gradients, as `OptimizerGroup.apply`.
    """
    if condition is None:
        return group.apply(gradients, variables)
    state = [*variables, *group.by_network[name].variables]
    targets = [variable.value for variable in state]
    before = [tf.identity(target) for target in targets]
    norm = group.apply(gradients, variables)

    def put_back(strategy, condition, before):
        for target, old in zip(targets, before, strict=True):
            strategy.extended.update(
                target,
                lambda value, old, keep: value.assign(
                    tf.where(keep, value, old)
                ),
                args=(old, condition),
                group=False,
            )

    context = tf.distribute.get_replica_context()
    context.merge_call(put_back, args=(condition, before))
    return norm


def _ratio_of_norms(batch, first, second):
    squares = [
        tf.reduce_sum(gradient**2, axis=range(1, len(gradient.shape)))
        for gradient in (first, second)
    ]
    sums = tf.unstack(batch.global_mean(tf.stack(squares, axis=1)))
    return tf.sqrt(tf.math.divide_no_nan(*sums))
