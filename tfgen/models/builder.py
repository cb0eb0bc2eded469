"""Models by name."""

import contextlib
import random

from tfgen import networks, probability
from tfgen.models import vae_networks
from tfgen.models.vae import VAE
from tfgen.training.precision import precision_policy


def build(
    model=None,
    *,
    input_shape=None,
    preset=None,
    latent_dim=16,
    network=None,
    likelihood=None,
    num_classes=None,
    precision=None,
    network_options=None,
    **model_options,
):
    """Builds a model from names.

    Args:
        model: `"vae"`.
        input_shape: shape of one example, `(height, width, channels)` or
            `(features,)`.
        preset: name of a preset (`tfgen.presets`) instead of a model; other
            arguments that are given override it.
        latent_dim: number of latent values.
        network: `"mlp"`, `"conv"`, `"resnet"`; default: `"conv"` for images,
            `"mlp"` else.
        likelihood: a name or a `tfgen.probability.Likelihood`; default:
            Bernoulli for grey images, Gaussian with a learned scale else.
        num_classes: makes the model class-conditional.
        precision: `"float32"` or `"mixed_bfloat16"`.
        network_options: sizes of the networks, such as `{"units": (64,)}`.
        model_options: arguments of the model, such as `beta`. With `seed`,
            the initial weights are drawn by it too; without, as for any
            Keras model, by `keras.utils.set_random_seed`.

    Returns:
        A model that is ready for `compile`.

    Raises:
        ValueError: for unknown names or sizes that do not fit.
    """
    if preset is not None:
        from tfgen import presets

        given = {
            "model": model,
            "input_shape": input_shape,
            "num_classes": num_classes,
            "precision": precision,
            **model_options,
        }
        given |= {"network": network, "likelihood": likelihood}
        return presets.get(preset).build(
            **{key: value for key, value in given.items() if value is not None}
        )
    if model not in BUILDERS:
        raise ValueError(
            f"model is {model!r}, expected one of {', '.join(BUILDERS)}."
        )
    input_shape = _check_input_shape(input_shape)
    seed = model_options.get("seed")
    with precision_policy(precision), _seeded_initializers(seed):
        return BUILDERS[model](
            input_shape,
            latent_dim,
            network or networks.recommended_network(input_shape),
            likelihood,
            num_classes,
            network_options or {},
            model_options,
        )


def _build_vae(
    input_shape,
    latent_dim,
    network,
    likelihood,
    num_classes,
    network_options,
    model_options,
):
    if likelihood is None:
        likelihood = _recommended_likelihood(input_shape)
    likelihood = probability.get(likelihood)
    encoder = networks.build_encoder(
        network, input_shape, 2 * latent_dim, num_classes, **network_options
    )
    decoder = networks.build_decoder(
        network,
        vae_networks.decoder_shape(input_shape, likelihood),
        latent_dim,
        num_classes,
        likelihood.output_activation,
        **network_options,
    )
    return VAE(
        encoder, decoder, likelihood, num_classes=num_classes, **model_options
    )


BUILDERS = {"vae": _build_vae}


@contextlib.contextmanager
def _seeded_initializers(seed):
    """Draws initial weights by `seed`, leaving the caller's state as it was.

    Keras takes the seeds of initializers that have none from Python's random
    numbers, when a layer is made.
    """
    before = random.getstate()
    if seed is not None:
        random.seed(seed)
    try:
        yield
    finally:
        if seed is not None:
            random.setstate(before)


def _recommended_likelihood(shape):
    grey = len(shape) == 3 and shape[-1] == 1
    return "bernoulli" if grey else "gaussian"


def _check_input_shape(shape):
    try:
        shape = tuple(int(size) for size in shape)
    except TypeError:
        shape = None
    if not shape or min(shape) < 1 or len(shape) not in (1, 3):
        raise ValueError(
            f"input_shape is {shape}, expected (height, width, channels) for "
            "images or (features,) for tables, for example source.shape."
        )
    return shape
