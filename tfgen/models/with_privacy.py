"""What models share that can be trained with privacy."""

from collections.abc import Callable, MutableMapping

import keras
import numpy as np
import tensorflow as tf

from tfgen.privacy.gradients import Losses
from tfgen.privacy.privacy import Privacy, get_privacy
from tfgen.privacy.private_training import PrivateTraining
from tfgen.training import GlobalBatch


class WithPrivacy:
    """Private gradients, for a `GenerativeModel` that asks for them.

    A subclass calls `set_privacy` in `__init__`, and takes the gradients of
    all that it learns of data by `private_gradients`.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(5,), privacy="epsilon=3")
    >>> vae.privacy.epsilon
    3.0
    """

    privacy: Privacy | None = None
    private_training: PrivateTraining | None = None

    def set_privacy(
        self, privacy: str | dict | Privacy | None, updates: int = 1
    ) -> None:
        """Takes what is promised.

        Args:
            privacy: see `tfgen.privacy.Privacy`.
            updates: in which a step learns from data.

        Raises:
            ValueError: for numbers out of bounds.
        """
        self.privacy = get_privacy(privacy)
        if self.privacy is not None:
            self.private_training = PrivateTraining(
                self.privacy, self.add_weight, updates
            )

    def private_reasons(self) -> list[str]:
        """What of the model's algorithm would break the promise."""
        return []

    def private_gradients(
        self,
        data: tuple,
        network: keras.Model,
        losses_of: Losses,
        track: Callable[[GlobalBatch, dict], None] | None = None,
        update: int = 0,
    ) -> list[tf.Tensor | None]:
        """Noisy gradients of a network, of rows and of what it adds itself.

        Args:
            data: a batch, as `train_step` gets it.
            network: that is trained.
            losses_of: terms of rows by name; `"loss"` is what is trained.
            track: see `tfgen.privacy.gradients.clipped_sum`.
            update: number of the update within the step.
        """
        variables = network.trainable_variables
        with tf.GradientTape() as tape:
            added = self.regularization(network)
        own = tape.gradient(added, [v.value for v in variables])
        of_rows = self.private_training.gradients(
            *self._unpack(data), self.step, losses_of, variables, track, update
        )
        pairs = zip(of_rows, own, strict=True)
        return [a if b is None else b if a is None else a + b for a, b in pairs]

    def save_own_variables(self, store: MutableMapping) -> None:
        """Files of the model lack the key by which noise could be taken off."""
        if self.private_training is None:
            return super().save_own_variables(store)
        own = [*self._trainable_variables, *self._non_trainable_variables]
        for place, variable in enumerate(own):
            is_key = variable is self.private_training.key
            store[f"{place}"] = np.int64(0) if is_key else variable
