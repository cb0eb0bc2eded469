"""Augmentation: a change of what the discriminator is shown."""

from collections.abc import Callable

import tensorflow as tf

from tfgen.named_parts import Configurable
from tfgen.training.global_batch import GlobalBatch


class Augmentation(Configurable):
    """Abstract: a random, differentiable change of images, the same for all.

    Data and generated examples go through the same distribution of changes.
    Gradient penalties are taken at the changed images. A subclass is saved
    with the model by its constructor's arguments, which it keeps as
    attributes of the same names (else it gives `get_config`).

    Example:
    >>> class Mirror(tfgen.augmentations.Augmentation):
    ...     def __call__(self, x, batch, purpose):
    ...         chance = batch.uniform((1, 1, 1), purpose)
    ...         return tf.where(chance < 0.5, x[:, :, ::-1], x)
    >>> Mirror().get_config()
    {}
    """

    def __call__(
        self, x: tf.Tensor, batch: GlobalBatch, purpose: str
    ) -> tf.Tensor:
        """Changes each image in a way of its own.

        Args:
            x: images `(rows, height, width, channels)`.
            batch: the `GlobalBatch` of these rows, for noise.
            purpose: name of the noise; noise of other names is independent.

        Returns:
            Images of the same shape.
        """
        raise NotImplementedError(type(self).__name__)

    def make_state(self, add_weight: Callable) -> None:
        """Makes what is remembered from step to step, if anything.

        Args:
            add_weight: `keras.Model.add_weight` of the model that saves it.
        """

    def update_state(
        self, batch: GlobalBatch, real_accuracy: tf.Tensor
    ) -> None:
        """Called once each step.

        Args:
            batch: the `GlobalBatch`.
            real_accuracy: whether the discriminator was right on each of the
                data, `(rows,)`.
        """
