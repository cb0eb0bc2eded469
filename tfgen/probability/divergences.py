"""Divergences between distributions of latents."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def kl_divergence(posterior, prior, latents, free_bits: float = 0.0):
    """KL(posterior || prior) of each example, in nats.

    In closed form where TensorFlow Probability has one registered, else the
    Monte Carlo estimate `log q(z|x) - log p(z)` at `latents`.

    Args:
        posterior: q(z|x) over a batch.
        prior: p(z).
        latents: draws of the posterior, `(batch, latent_dim)`; used only
            where there is no closed form.
        free_bits: nats a latent dimension (of each example) that cost
            nothing: dimensions below pay `free_bits` and get no gradient
            (Kingma et al., 2016, section C.8, without its groups). Needs
            independent dimensions.

    Returns:
        A tensor of shape `(batch,)`.

    Raises:
        ValueError: for free bits with dimensions that are not independent.
    """
    if free_bits:
        each = _kl_by_dimension(posterior, prior)
        return tf.reduce_sum(tf.maximum(each, free_bits), axis=-1)
    try:
        return tfd.kl_divergence(posterior, prior)
    except NotImplementedError:
        return posterior.log_prob(latents) - prior.log_prob(latents)


def _kl_by_dimension(posterior, prior):
    pair = (posterior, prior)
    if not all(isinstance(d, tfd.Independent) for d in pair):
        raise ValueError(
            "free_bits needs a posterior and a prior of independent "
            f"dimensions, got {posterior.name} and {prior.name}: pass "
            "free_bits=0."
        )
    return tfd.kl_divergence(*(d.distribution for d in pair))
