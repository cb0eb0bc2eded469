"""Which of two networks may go on while the other catches up."""

import tensorflow as tf

EQUILIBRIUM = 0.68
MARGIN = 0.35


def balanced_updates(real, fake):
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
