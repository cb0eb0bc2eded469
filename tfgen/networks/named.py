"""Networks by name."""

import inspect
import types

import keras

from tfgen.networks import conv, mlp, resnet

NETWORKS = {"mlp": mlp, "conv": conv, "resnet": resnet}


def recommended_network(shape: tuple[int, ...]) -> str:
    """`"conv"` for images, `"mlp"` for tables and points."""
    return "conv" if len(shape) == 3 else "mlp"


def build_encoder(
    network: str,
    input_shape: tuple[int, ...],
    outputs: int,
    num_classes: int | None = None,
    **options,
) -> keras.Model:
    """A network from data (and one-hot labels) to `outputs` numbers.

    Args:
        network: `"mlp"`, `"conv"` or `"resnet"`.
        input_shape: `(height, width, channels)` or `(features,)`.
        outputs: length of the output; `2 * latent_dim` for a Gaussian.
        num_classes: adds a second input of one-hot labels.
        options: sizes; see `tfgen/networks/<network>.py`.

    Raises:
        ValueError: for an unknown name, a shape that the network does not
            take, or an unknown option.
    """
    builder = _builder(network, input_shape, "encoder", options)
    return builder(input_shape, outputs, num_classes, **options)


def build_decoder(
    network: str,
    output_shape: tuple[int, ...],
    latent_dim: int,
    num_classes: int | None = None,
    output_activation: str = "linear",
    **options,
) -> keras.Model:
    """A network from latents (and one-hot labels) to `output_shape`.

    Args and errors: as for `build_encoder`; `output_activation` is the last.
    """
    builder = _builder(network, output_shape, "decoder", options)
    return builder(
        output_shape, latent_dim, num_classes, output_activation, **options
    )


def _builder(network, shape, role, options):
    if network not in NETWORKS:
        raise ValueError(
            f"network is {network!r}, expected one of {', '.join(NETWORKS)}."
        )
    module: types.ModuleType = NETWORKS[network]
    if len(shape) not in module.RANKS:
        raise ValueError(
            f"the {network!r} network takes images (height, width, channels), "
            f"got data of shape {tuple(shape)}: use network='mlp'."
        )
    builder = getattr(module, role)
    known = [
        p.name
        for p in inspect.signature(builder).parameters.values()
        if p.kind is p.KEYWORD_ONLY
    ]
    for option in options:
        if option not in known:
            raise ValueError(
                f"the {network!r} network has no option {option!r}, "
                f"expected one of {', '.join(known)}."
            )
    return builder
