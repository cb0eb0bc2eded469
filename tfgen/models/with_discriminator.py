"""What models with a discriminator share."""

import keras
import numpy as np
import tensorflow as tf

from tfgen import losses
from tfgen.augmentations import AdaptiveAugment
from tfgen.data import Source
from tfgen.models.endpoints import Endpoint
from tfgen.models.network_checks import (
    check_layers,
    has_batch_norm,
    why_not_row_wise,
)

ACCURACIES = ("real_accuracy", "fake_accuracy")


class WithDiscriminator:
    """The discriminator's answers, for a `GenerativeModel` beside it.

    A subclass has a `discriminator` and its `adversary`.

    Example:
    >>> gan = tfgen.build("gan", input_shape=(5,))
    >>> isinstance(gan, tfgen.models.WithDiscriminator)
    True
    >>> gan.discriminate(np.zeros((3, 5))).shape
    (3,)
    """

    has_discriminator = True
    # Keras' own `loss` is what `compile` was given.
    config_attributes = {"loss": "adversarial_loss"}

    def discriminate(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """The discriminator's logit of each example, `(n,)`.

        A `tfgen.data.Source` is read like the training data.

        With most losses, the higher the more it looks like data.

        Raises:
            ValueError: if the discriminator does not judge each example by
                itself: with packing, batch normalisation or minibatch
                standard deviations.
        """
        return self._run("discriminate", batch_size, x=x, label=labels)["logit"]

    def discriminator_endpoints(self) -> dict[str, Endpoint]:
        """The endpoint `discriminate`, unless it is withheld."""
        if self.withheld_endpoints():
            return {}
        inputs = self.endpoint_inputs("x")
        return {"discriminate": Endpoint(self._discriminate_endpoint, inputs)}

    def withheld_endpoints(self) -> dict[str, str]:
        reason = why_not_row_wise(self.discriminator)
        packing = self.adversary.packing
        if packing > 1:
            reason = f"it judges {packing} examples together"
        if reason is None:
            return {}
        return {
            "discriminate": "the discriminator does not judge each example by "
            f"itself: {reason}"
        }

    def _discriminate_endpoint(self, x, label=None):
        return self.logits_of(x, self._hot(label))

    def logits_of(
        self, x: tf.Tensor, labels: tf.Tensor | None
    ) -> dict[str, tf.Tensor]:
        """What the endpoint `discriminate` gives of examples as they are seen.

        Args:
            x: as the discriminator takes them.
            labels: one-hot, or None.
        """
        logit = self.adversary.discriminate(x, labels)
        if not isinstance(self.adversary.loss, losses.Minimax):
            return {"logit": logit}
        return {"logit": logit, "probability": tf.sigmoid(logit)}

    def _set_adversary(self, adversary):
        self.adversary = adversary
        self.adversarial_loss = adversary.loss
        self.penalties = adversary.penalties
        self.augmentation = adversary.augmentation

    def _discriminator_gradients(self, batch, *fakes):
        """Of the discriminator's loss; what to log, and what was said."""
        with tf.GradientTape() as tape:
            critiques = self.adversary.criticise(batch, *fakes, training=True)
            logs = self.adversary.discriminator_losses(
                critiques, training=True, step=self.step
            )
            loss = batch.mean(
                logs["discriminator_loss"] + logs["gradient_penalty"]
            )
            loss += self.regularization(self.discriminator)
        variables = self.discriminator.trainable_variables
        return tape.gradient(loss, variables), logs, critiques

    def _remember(self, batch, critiques, logs):
        """Updates what the adversary remembers; returns what more to log."""
        applied = self.optimizer.by_network["discriminator"].iterations
        # Not before the check that gradients are finite.
        with tf.control_dependencies([tf.convert_to_tensor(applied)]):
            self.adversary.update_state(batch, critiques, logs["real_accuracy"])
        if not self._adapts():
            return {}
        probability = batch.each(self.augmentation.probability)
        return {"augmentation_probability": probability}

    def _evaluate_discriminator(self, batch, *fakes):
        critiques = self.adversary.criticise(batch, *fakes, training=False)
        return self.adversary.discriminator_losses(critiques, training=False)

    def _update_average(self, average, network):
        if average is not None:
            update_average(average, network, self.average_decay, self.step)

    def _adapts(self):
        return isinstance(self.augmentation, AdaptiveAugment)

    def check_compile(self, replicas: int, jit_compile: bool) -> None:
        lazy = any(penalty.every > 1 for penalty in self.penalties)
        if lazy and jit_compile:
            raise ValueError(
                "jit_compile=True cannot compile a penalty of every few steps: "
                "pass every=1, or jit_compile=False."
            )
        if lazy and replicas > 1 and has_batch_norm(self.discriminator):
            raise ValueError(
                f"on {replicas} replicas, a penalty of every few steps and "
                "batch normalisation in the discriminator do not go together: "
                "pass every=1, or a discriminator without it."
            )
        for network in self.trained_networks():
            check_layers(network, self.adversary.packing)


def average_of(network: keras.Model) -> keras.Model:
    """A network of the same weights, for their moving average."""
    average = keras.models.clone_model(network)
    average.set_weights(network.get_weights())
    average.name = f"average_{network.name}"
    average.trainable = False
    return average


def update_average(
    average: keras.Model, network: keras.Model, decay: float, step: tf.Tensor
) -> None:
    """Moves the average's weights towards the network's.

    Formula: `a += (1 - d) * (w - a)`, `d = min(decay, (1 + step) / (10 +
    step))`, so that the first steps do not weigh for long. The moving
    statistics of batch normalisation are averaged alike: they are then those
    of the averaged weights, to first order, where a copy of the newest is not.

    Args:
        average: a network of the same architecture.
        network: the one that is trained.
        decay: of the average, such as 0.999.
        step: number of the training step, from 0.

    Reference:
        Yazici et al. (2019), "The unusual effectiveness of averaging in GAN
        training".
    """
    step = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + step) / (10.0 + step))
    pairs = [
        (a.value, w.value)
        for a, w in zip(average.weights, network.weights, strict=True)
    ]

    def update(strategy):
        for target, source in pairs:
            strategy.extended.update(
                target,
                lambda a, w, d: a.assign_add(
                    tf.cast((1.0 - d) * tf.cast(w - a, tf.float32), a.dtype)
                ),
                args=(source, decay),
                group=False,
            )

    tf.distribute.get_replica_context().merge_call(update)
