"""Encoder, decoder, discriminator and likelihood of a VAE-GAN, by name."""

from tfgen import networks as named_networks
from tfgen import probability
from tfgen.models.gan_networks import (
    check_conditioning,
    make_discriminator,
    make_generator,
    refuse_beside_networks,
)
from tfgen.models.vae_networks import find_likelihood, make_encoder

DISCRIMINATOR_ONLY = ("spectral_norm", "minibatch_stddev")


def make_vae_gan_parts(
    input_shape,
    latent_dim,
    network,
    network_options,
    likelihood,
    output_activation,
    networks,
    num_classes,
    *,
    objective,
    discriminator_options,
    conditioning,
):
    """Returns `(encoder, decoder, discriminator, likelihood)`.

    Arguments as in `build`; encoder and decoder know the same options as
    those of a VAE, the discriminator those of a GAN's.
    """
    if likelihood is None:
        likelihood = _recommended_likelihood(input_shape, objective)
        if likelihood.data_range == (-1.0, 1.0) and networks is None:
            output_activation = output_activation or "tanh"
    likelihood = find_likelihood(likelihood, input_shape)
    if networks is not None:
        refuse_beside_networks(
            network=network,
            network_options=network_options,
            discriminator_options=discriminator_options,
            output_activation=output_activation,
        )
        return (*networks(input_shape), likelihood)
    check_conditioning(conditioning, num_classes, 1)
    network = network or named_networks.recommended_network(input_shape)
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options
    )
    of_discriminator = {**for_encoder, **(discriminator_options or {})}
    for_encoder = {
        k: v for k, v in for_encoder.items() if k not in DISCRIMINATOR_ONLY
    }
    encoder = make_encoder(
        network, input_shape, latent_dim, num_classes, for_encoder
    )
    channels = input_shape[-1] * likelihood.parameters_per_value
    decoder = make_generator(
        network,
        (*input_shape[:-1], channels),
        latent_dim,
        for_decoder,
        output_activation or "linear",
        num_classes,
        conditioning,
    )
    decoder.name = "decoder"
    discriminator = make_discriminator(
        network, input_shape, of_discriminator, num_classes, conditioning
    )
    return encoder, decoder, discriminator, likelihood


def _recommended_likelihood(input_shape, objective):
    """With larsen it trains nothing, and only says how near x~ is to x."""
    is_image = len(input_shape) == 3
    if is_image and input_shape[-1] == 1:
        return probability.Bernoulli()
    scale = 0.5**0.5 if objective == "larsen" else "learned"
    return probability.Gaussian(scale, (-1.0, 1.0) if is_image else None)
