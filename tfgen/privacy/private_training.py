"""The noisy gradients of a private training, and what they have spent."""

import math
import os
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.batches import Batches
from tfgen.data.poisson_batches import PoissonBatches
from tfgen.privacy.accountant import epsilon_spent, noise_for, refuse_more
from tfgen.privacy.gradients import Losses, clipped_sum
from tfgen.privacy.privacy import Privacy
from tfgen.training import GlobalBatch, random


class PrivateTraining:
    """Differentially private stochastic gradient descent, of one model.

    Formula: `(sum_i g_i min(1, C / |g_i|) + sigma C n) / B`, n standard
    normal, over rows i that are each in a batch with probability `B / rows`.

    Whatever is drawn in training depends on a key that nobody chooses. It is
    a weight of the model, so that checkpoints go on with the same noise, but
    no `.keras` file has it: who knows it can take the noise off again.

    Args:
        privacy: what is promised.
        add_weight: `keras.Model.add_weight` of the model.
        updates: of one step, all of them by the same sample: together they
            are as one of noise `sigma / sqrt(updates)`.

    Reference:
        Abadi et al. (2016), "Deep learning with differential privacy",
        algorithm 1.
    """

    def __init__(
        self, privacy: Privacy, add_weight: Callable, updates: int = 1
    ):
        self.privacy = privacy
        self.updates = updates
        self.key = _weight(add_weight, "privacy_key", (), "int64")
        # Of the first `fit`: what has been spent since counts by these.
        self._begun_with = _weight(
            add_weight, "privacy_begun_with", (3,), "float64"
        )

    @property
    def noise_multiplier(self) -> float:
        """Sigma of each update, 0 before the first `fit`."""
        return float(self._begun_with.numpy()[0])

    @property
    def rows(self) -> int:
        """Rows that are trained on, 0 before the first `fit`."""
        return int(self._begun_with.numpy()[1])

    @property
    def batch_size(self) -> int:
        """B, expected rows of a batch, 0 before the first `fit`."""
        return int(self._begun_with.numpy()[2])

    @property
    def delta(self) -> float:
        """Delta for so many rows."""
        return self.privacy.delta_for(self.rows)

    def epsilon(self, steps: int) -> float:
        """What so many steps of the training spend."""
        return epsilon_spent(*self._mechanism(), steps, self.delta)

    def begin(self, batches: Batches, steps: int) -> None:
        """Settles the noise of a training that begins, or goes on.

        Args:
            batches: the training data.
            steps: that the model will have behind it at the end.

        Raises:
            ValueError: if more would be spent than was promised, or for other
                data than before.
        """
        rows, batch_size = len(batches.source), batches.batch_size
        if not self.rows:
            noise = self._noise(rows, batch_size, steps)
            self._begun_with.assign([noise, rows, batch_size])
        elif (rows, batch_size) != (self.rows, self.batch_size):
            raise ValueError(
                f"got {rows:,} rows in batches of {batch_size:,}, but this "
                f"private training began with {self.rows:,} in batches of "
                f"{self.batch_size:,}, by which it counts what is spent: go "
                "on with these, or build the model anew."
            )
        noise, probability = self._mechanism()
        refuse_more(self.privacy.epsilon, self.delta, probability, noise, steps)
        if not self.key.numpy():
            self.key.assign(_secret_key())

    def sampled(self, batches: Batches) -> PoissonBatches:
        """The training data in batches that rows enter independently."""
        return PoissonBatches(batches, int(self.key.numpy()))

    def public_batch(
        self, shape: tuple[int, ...], num_classes: int | None, step: tf.Tensor
    ) -> GlobalBatch:
        """A batch of B rows that says nothing of the data.

        Its `x` is 0, its classes are as likely as each other.
        """
        x = tf.zeros((tf.cast(self._begun_with[2], tf.int32), *shape))
        batch = GlobalBatch(x, None, self._seed(), step)
        if num_classes:
            place = batch.uniform((), "public labels") * num_classes
            batch.labels = tf.one_hot(tf.cast(place, tf.int32), num_classes)
        return batch

    def gradients(
        self,
        x: tf.Tensor,
        labels: tf.Tensor | None,
        step: tf.Tensor,
        losses_of: Losses,
        variables: Sequence[keras.Variable],
        track: Callable[[GlobalBatch, dict], None] | None = None,
        update: int = 0,
    ) -> list[tf.Tensor | None]:
        """Noisy gradients of rows' losses; arguments as of `clipped_sum`."""
        clip_norm = self.privacy.clip_norm
        sums = clipped_sum(
            x,
            labels,
            self._seed(),
            step,
            losses_of,
            variables,
            clip_norm,
            track,
        )
        noise, _, batch_size = tf.unstack(
            tf.cast(tf.convert_to_tensor(self._begun_with), tf.float32)
        )

        def noisy(place, total):
            stream = random.stream(
                self._seed(), f"privacy noise {update} {place}", step
            )
            drawn = random.normal_rows(stream, 0, 1, tuple(total.shape))[0]
            return (total + noise * clip_norm * drawn) / batch_size

        return [
            None if total is None else noisy(place, total)
            for place, total in enumerate(sums)
        ]

    def _seed(self):
        return tf.convert_to_tensor(self.key)

    def _mechanism(self):
        """Noise multiplier of a step, and sampling probability."""
        noise = self.noise_multiplier / math.sqrt(self.updates)
        return noise, self.batch_size / self.rows

    def _noise(self, rows, batch_size, steps):
        if self.privacy.noise_multiplier is not None:
            return self.privacy.noise_multiplier
        of_step = noise_for(
            self.privacy.epsilon,
            self.privacy.delta_for(rows),
            batch_size / rows,
            steps,
        )
        return of_step * math.sqrt(self.updates)


def _weight(add_weight, name, shape, dtype):
    return add_weight(
        shape=shape,
        initializer="zeros",
        dtype=dtype,
        trainable=False,
        aggregation="only_first_replica",
        name=name,
    )


def _secret_key():
    """64 bits that are not 0, from the system's source."""
    key = 0
    while not key:
        key = int.from_bytes(os.urandom(8), "big", signed=True)
    return np.int64(key)
