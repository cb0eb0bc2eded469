"""What the two networks of a GAN play for."""

import tensorflow as tf


class AdversarialLoss:
    """Losses of the discriminator and of the generator, from logits.

    Both methods take the discriminator's outputs on data and on generated
    examples, each of shape `(rows,)`, and return `(rows,)`.

    Attributes:
        boundary: output above which an example is taken for data; None where
            only differences between outputs mean anything.
        generator_sees_data: whether the generator's loss depends on the
            outputs on data; if not, it is given zeros for them.
    """

    boundary: float | None = 0.0
    generator_sees_data = False

    def discriminator_loss(self, real, fake):
        """What the discriminator minimises."""
        raise NotImplementedError(type(self).__name__)

    def generator_loss(self, real, fake):
        """What the generator minimises."""
        raise NotImplementedError(type(self).__name__)

    def accuracies(self, real, fake):
        """Whether data, and generated examples, are told as what they are.

        Without a boundary, whether the one of a pair that is data has the
        higher output.
        """
        if self.boundary is None:
            pairs = tf.cast(real > fake, tf.float32)
            return pairs, pairs
        return (
            tf.cast(real > self.boundary, tf.float32),
            tf.cast(fake < self.boundary, tf.float32),
        )

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
