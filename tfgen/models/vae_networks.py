"""Encoder, decoder and likelihood of a VAE, made and checked to fit."""

from tfgen import networks as named_networks
from tfgen import probability
from tfgen.models.network_inputs import first_input, only_axis


def make_vae_parts(
    input_shape,
    latent_dim,
    network,
    network_options,
    likelihood,
    output_activation,
    networks,
    num_classes,
):
    """Returns `(encoder, decoder, likelihood)`; arguments as in `build`."""
    likelihood = find_likelihood(likelihood, input_shape)
    if networks is not None:
        return (*networks(input_shape), likelihood)
    network = network or named_networks.recommended_network(input_shape)
    for_encoder, for_decoder = named_networks.divide_options(
        network, network_options
    )
    encoder = make_encoder(
        network, input_shape, latent_dim, num_classes, for_encoder
    )
    channels = input_shape[-1] * likelihood.parameters_per_value
    decoder = named_networks.build_decoder(
        network,
        (*input_shape[:-1], channels),
        latent_dim,
        num_classes,
        output_activation or "linear",
        **for_decoder,
    )
    return encoder, decoder, likelihood


def find_likelihood(likelihood, input_shape):
    """The likelihood that was named or made, by default by the data's shape."""
    if likelihood is None:
        grey = len(input_shape) == 3 and input_shape[-1] == 1
        likelihood = "bernoulli" if grey else "gaussian"
    if callable(likelihood) and not isinstance(
        likelihood, probability.Likelihood
    ):
        likelihood = likelihood()
    return probability.get(likelihood)


def make_encoder(network, input_shape, latent_dim, num_classes, options):
    """A network by name, to mean and log variance."""
    return named_networks.build_encoder(
        network, input_shape, 2 * latent_dim, num_classes, **options
    )


def check_vae_parts(encoder, decoder, likelihood, num_classes):
    """Returns `(data_shape, latent_dim)`.

    Raises:
        ValueError: with what came, what was expected and what to do.
    """
    data_shape = first_input(encoder, "encoder", num_classes)
    latent_dim = only_axis(
        first_input(decoder, "decoder", num_classes), "decoder"
    )
    _check_encoder_output(encoder.output_shape, latent_dim)
    wanted = (
        *data_shape[:-1],
        data_shape[-1] * likelihood.parameters_per_value,
    )
    came = tuple(decoder.output_shape[1:])
    if came != wanted:
        raise ValueError(
            f"the decoder gives {came}, expected {wanted}: data of shape "
            f"{data_shape} with {likelihood.parameters_per_value} value(s) "
            f"each for {type(likelihood).__name__}. Change its last layer, "
            "or end it in keras.layers.Reshape."
        )
    likelihood.check_decoder(decoder)
    return data_shape, latent_dim


def _check_encoder_output(output_shape, latent_dim):
    if isinstance(output_shape, list):
        shapes = [tuple(shape[1:]) for shape in output_shape]
        wanted = [(latent_dim,)] * 2
    else:
        shapes, wanted = tuple(output_shape[1:]), (2 * latent_dim,)
    if shapes != wanted:
        raise ValueError(
            f"the encoder gives {shapes}, expected {(2 * latent_dim,)} (mean "
            f"and log variance) or two of {(latent_dim,)} for a decoder of "
            f"{latent_dim} latents: end it in "
            f"keras.layers.Dense({2 * latent_dim})."
        )
