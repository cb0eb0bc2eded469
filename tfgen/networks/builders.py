"""Encoders and decoders by name.

A new network is a class of `encode` and `decode`, and a line of `NETWORKS`.
"""

import inspect
from collections.abc import Sequence

import keras

from tfgen.layers import OneHotCodes
from tfgen.networks import parts
from tfgen.networks.conv import DCGAN, Conv
from tfgen.networks.mlp import MLP
from tfgen.networks.parts import Network, Toolkit
from tfgen.networks.resnet import ResNet

ROLES = ("encoder", "decoder")
NETWORKS = {"mlp": MLP, "conv": Conv, "resnet": ResNet, "dcgan": DCGAN}
"""Networks by name."""


def recommended_network(shape: tuple[int, ...]) -> str:
    """Name of the usual network for examples of a shape.

    `"conv"` for images, `"mlp"` for tables and points.

    Example:
    >>> tfgen.networks.recommended_network((28, 28, 1))
    'conv'
    """
    return "conv" if len(shape) == 3 else "mlp"


def build_encoder(
    network: str,
    input_shape: tuple[int, ...],
    outputs: int,
    num_classes: int | None = None,
    columns: Sequence[int | str] | None = None,
    *,
    conditioning: str = "concatenation",
    spectral_norm: bool = False,
    minibatch_stddev: bool = False,
    linear_path: bool = False,
    **options,
) -> keras.Model:
    """A network from data (and one-hot labels) to `outputs` numbers.

    Its inner layer `"features"`, the last before what is flattened or asked
    for, describes examples: `VAEGAN` compares them by it.

    Args:
        network: `"mlp"`, `"conv"`, `"resnet"` or `"dcgan"`.
        input_shape: `(height, width, channels)` or `(features,)`.
        outputs: length of the output; `2 * latent_dim` for a Gaussian, 1 for
            a discriminator.
        num_classes: adds a second input of one-hot labels.
        columns: of a mixed table, whose codes it sees as one-hot vectors; see
            `tfgen.data.table_parts.TableParts`.
        conditioning: what labels do. `"concatenation"`: they lie beside the
            data; `"projection"`: they add their inner product with the last
            features to the one output (Miyato and Koyama, 2018).
        spectral_norm: keep the spectral norm of every kernel at 1 (Miyato et
            al., 2018).
        minibatch_stddev: show the network how much a batch varies (Karras et
            al., 2018); rows then depend on each other.
        linear_path: add a dense layer from the data to the outputs, beside
            which the network starts as nothing. Of images of more than 48
            pixels it sees means over squares.
        **options: sizes of the network; see its class in `NETWORKS`.

    Returns:
        A `keras.Model` from `x` (or `[x, label]`) to `(batch, outputs)`.

    Raises:
        ValueError: for an unknown name, a shape that the network does not
            take, or an unknown option.

    Example:
    >>> encoder = tfgen.networks.build_encoder("mlp", (5,), 2, units=(16,))
    >>> encoder.output_shape
    (None, 2)
    """
    kind = _network(network, input_shape)
    _check_options(network, "encoder", options)
    _check_conditioning(conditioning, "encoder", num_classes)
    if conditioning == "projection" and outputs != 1:
        raise ValueError(
            f"conditioning is 'projection' with {outputs} outputs, expected "
            "1: use conditioning='concatenation'."
        )
    tools = Toolkit(spectral_norm, minibatch_stddev, linear_path=linear_path)
    x, label = keras.Input(input_shape, name="x"), _label_input(num_classes)
    # Flat first: a label then is one vector beside x, not channels of it.
    seen = x if columns is None else OneHotCodes(columns)(x)
    h = keras.layers.Flatten()(seen) if kind.flat else seen
    if label is not None and conditioning == "concatenation":
        h = parts.label_beside(h, label)
    features = kind.encode(h, tools, **options)
    h = tools.dense(outputs, kernel_initializer=tools.last)(features)
    if linear_path:
        linear = parts.linear_encoding(seen, label, outputs, tools.dense)
        h = keras.layers.Add()([linear, h])
    if conditioning == "projection":
        h = parts.projection(h, features, label, tools.dense)
    inputs = x if label is None else [x, label]
    return keras.Model(inputs, parts.output(h), name="encoder")


def build_decoder(
    network: str,
    output_shape: tuple[int, ...],
    latent_dim: int,
    num_classes: int | None = None,
    output_activation: str = "linear",
    *,
    conditioning: str = "concatenation",
    linear_path: bool = False,
    **options,
) -> keras.Model:
    """A network from latents (and one-hot labels) to `output_shape`.

    Args:
        network: `"mlp"`, `"conv"`, `"resnet"` or `"dcgan"`.
        output_shape: `(height, width, channels)` or `(features,)`.
        latent_dim: length of a latent.
        num_classes: adds a second input of one-hot labels.
        output_activation: the last activation.
        conditioning: what labels do. `"concatenation"`: they lie beside the
            latent; `"normalization"`: each class has scales and offsets of
            its own after every normalisation, batch normalisation in
            `"dcgan"`, group normalisation in `"resnet"` (de Vries et al.,
            2017).
        linear_path: add a dense layer from the latents to the data, beside
            which the network starts as nothing (that of `"dcgan"`, whose
            batches are normalised, does not). Images of more than 48 pixels
            it draws smaller, to be enlarged.
        **options: sizes of the network; see its class in `NETWORKS`.

    Returns:
        A `keras.Model` from `latent` (or `[latent, label]`) to
        `(batch, *output_shape)`.

    Raises:
        ValueError: as for `build_encoder`, and for `"normalization"` where
            nothing is normalised.

    Example:
    >>> decoder = tfgen.networks.build_decoder("conv", (8, 8, 1), 2, units=4)
    >>> decoder.output_shape
    (None, 8, 8, 1)
    """
    kind = _network(network, output_shape)
    _check_options(network, "decoder", options)
    _check_conditioning(conditioning, "decoder", num_classes)
    latent = keras.Input((latent_dim,), name="latent")
    label, h = _label_input(num_classes), latent
    tools = Toolkit(linear_path=linear_path)
    if conditioning == "normalization":
        tools = Toolkit(label=label, linear_path=linear_path)
    elif label is not None:
        h = parts.label_beside(latent, label)
    h = kind.decode(h, tuple(output_shape), tools, **options)
    if conditioning == "normalization" and not tools.label_used:
        raise ValueError(
            f"the {network!r} decoder normalises nothing that labels could "
            "condition: use network='dcgan', network='resnet' with "
            "normalization='group', or conditioning='concatenation'."
        )
    if linear_path:
        linear = parts.linear_decoding(latent, label, tuple(output_shape))
        h = keras.layers.Add()([linear, h])
    inputs = latent if label is None else [latent, label]
    return keras.Model(
        inputs, parts.output(h, output_activation), name="decoder"
    )


def known_options(network: str, role: str) -> tuple[str, ...]:
    """Names of the options that `build_encoder` or `build_decoder` take.

    Args:
        network: a key of `NETWORKS`.
        role: `"encoder"` or `"decoder"`.

    Raises:
        ValueError: for an unknown network.

    Example:
    >>> "batch_norm" in tfgen.networks.known_options("dcgan", "encoder")
    True
    """
    kind = _network(network)
    functions = {
        "encoder": (kind.encode, build_encoder),
        "decoder": (kind.decode, build_decoder),
    }
    # The builders' own keyword-only arguments are options like the network's.
    return tuple(
        parameter.name
        for function in functions[role]
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    )


def divide_options(network: str, options: dict) -> tuple[dict, dict]:
    """Options of the encoder and of the decoder: to each what it knows.

    Args:
        network: a key of `NETWORKS`.
        options: options by name, of either or both.

    Returns:
        Those of the encoder and those of the decoder.

    Raises:
        ValueError: for an unknown network, or an option that neither knows.

    Example:
    >>> tfgen.networks.divide_options("dcgan", {"dropout": 0.1})
    ({'dropout': 0.1}, {})
    """
    known = {role: known_options(network, role) for role in ROLES}
    for option in options:
        if not any(option in names for names in known.values()):
            both = dict.fromkeys(known["decoder"] + known["encoder"])
            raise ValueError(
                f"the {network!r} network has no option {option!r}, expected "
                f"one of {', '.join(both)}."
            )
    return tuple(
        {key: v for key, v in options.items() if key in known[role]}
        for role in ROLES
    )


def _network(network: str, shape: tuple | None = None) -> type[Network]:
    if network not in NETWORKS:
        raise ValueError(
            f"network is {network!r}, expected one of {', '.join(NETWORKS)}."
        )
    kind = NETWORKS[network]
    if shape is not None and len(shape) not in kind.ranks:
        raise ValueError(
            f"the {network!r} network takes images (height, width, channels), "
            f"got data of shape {tuple(shape)}: use network='mlp'."
        )
    return kind


def _check_options(network, role, options):
    known = known_options(network, role)
    for option in options:
        if option not in known:
            raise ValueError(
                f"the {network!r} {role} has no option {option!r}, expected "
                f"one of {', '.join(known)}."
            )


def _check_conditioning(conditioning, role, num_classes):
    own = {"encoder": "projection", "decoder": "normalization"}[role]
    if conditioning not in ("concatenation", own):
        raise ValueError(
            f"conditioning of the {role} is {conditioning!r}, expected "
            f"'concatenation' or {own!r}."
        )
    if conditioning == own and not num_classes:
        raise ValueError(
            f"conditioning is {own!r}, but there are no classes: pass "
            "num_classes, or leave conditioning out."
        )


def _label_input(num_classes):
    return keras.Input((num_classes,), name="label") if num_classes else None
