"""How much the adversarial loss counts beside the reconstruction's."""

import tensorflow as tf

from tfgen.models.with_encoder import warmed_up

MOST = 1e4
"""For a discriminator that has stopped to say anything."""


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

    def __init__(self, ratio, fixed, warmup_steps):
        self.ratio = ratio
        self.fixed = fixed
        self.warmup_steps = warmup_steps

    def __call__(self, batch, step, adversarial, reconstruction):
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


def _ratio_of_norms(batch, first, second):
    squares = [
        tf.reduce_sum(gradient**2, axis=range(1, len(gradient.shape)))
        for gradient in (first, second)
    ]
    sums = tf.unstack(batch.global_mean(tf.stack(squares, axis=1)))
    return tf.sqrt(tf.math.divide_no_nan(*sums))
