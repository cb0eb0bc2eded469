"""What keeps a discriminator smooth."""

import tensorflow as tf


class Penalty:
    """A term that is added to the discriminator's loss.

    Args:
        weight: factor of the term.
        every: the term is taken each so many steps, and then so many times
            as large (Karras et al., 2020, "lazy regularization").
    """

    def __init__(self, weight: float, every: int = 1):
        if weight < 0.0 or every < 1:
            raise ValueError(
                f"{type(self).__name__} got weight={weight}, every={every}; "
                "expected a weight of 0 or more and every of 1 or more."
            )
        self.weight = weight
        self.every = every

    def __call__(self, discriminator, real, fake, batch):
        """Value of the term, without weight, for each example.

        Args:
            discriminator: function of examples `(rows, ...)` to `(rows,)`.
            real: data.
            fake: generated examples, as many.
            batch: the `GlobalBatch`, for noise.
        """
        raise NotImplementedError(type(self).__name__)

    def get_config(self):
        return {"weight": self.weight, "every": self.every}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def squared_gradient_norm(discriminator, x):
    """`||dD/dx||^2` of each example, shape `(rows,)`."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = discriminator(x)
    gradient = tf.cast(tape.gradient(output, x), tf.float32)
    return tf.reduce_sum(gradient**2, axis=range(1, len(x.shape)))


def distance_of_norm_from_one(discriminator, x):
    """`(||dD/dx|| - 1)^2` of each example, with a finite gradient at 0."""
    # The derivative of a square root at 0 is infinite, and 0 * inf is NaN.
    norm = tf.sqrt(squared_gradient_norm(discriminator, x) + 1e-12)
    return (norm - 1.0) ** 2


def per_row(values, x):
    """`values` of shape `(rows,)`, for multiplication with x."""
    return tf.reshape(values, [-1] + [1] * (len(x.shape) - 1))
