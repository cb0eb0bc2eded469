"""Width and depth: two numbers for the sizes of any network."""

import math
from collections.abc import Mapping

import keras

from tfgen.networks import NETWORKS, recommended_network
from tfgen.networks.parts import doubling_widths

MLP_UNITS = (512, 512)
NUMBERS_AT_A_TIME = 2**22
"""Of the widest layer's outputs, 16 MiB: larger batches are no faster."""
LEAST_ROWS, MOST_ROWS = 256, 4096


def sized_options(
    network: str | None,
    shape: tuple[int, ...],
    width: int | None = None,
    depth: int | None = None,
    base: Mapping | None = None,
) -> dict:
    """Options of a network by name, of some width and depth.

    `"mlp"` has `depth` layers of `width` units. The others have `depth`
    stages, each of which halves the image; `width` is that of the dense
    layer of `"conv"`, and 256 gives the widths that they have by default:

        filters of stage i = min(first 2^i, last) width / 256

    Args:
        network: name, or None for the recommended one.
        shape: of one example.
        width: None keeps that of `base`, or the network's own.
        depth: None keeps that of `base`, or the network's own.
        base: options that width and depth change.

    Raises:
        ValueError: for more stages than the image can be halved.
    """
    network, base = network or recommended_network(shape), dict(base or {})
    if network not in NETWORKS or (width is None and depth is None):
        return base
    if network == "mlp":
        units = base.get("units") or MLP_UNITS
        return base | {"units": (width or units[0],) * (depth or len(units))}
    if len(shape) != 3:
        return base  # the network itself says that it is for images
    return base | _stages(network, shape, width, depth, base.get("filters"))


def most_stages(shape: tuple[int, ...]) -> int:
    """How often images can be halved, rounding up.

    >>> most_stages((28, 28, 1))
    5
    """
    return max(1, math.ceil(math.log2(max(shape[:2]))))


def rows_at_a_time(model: keras.Model) -> int:
    """Rows by which examples are computed where nobody says how many.

    As many as keep the outputs of the widest layer within 16 MiB, 256 at
    least and 4,096 at most.

    >>> rows_at_a_time(tfgen.build("gan", input_shape=(2,), latent_dim=2))
    4096
    """
    widest = max(
        (_numbers(layer) for layer in model._flatten_layers()), default=1
    )
    return min(max(NUMBERS_AT_A_TIME // widest, LEAST_ROWS), MOST_ROWS)


def _numbers(layer):
    """Of a layer's output for one example; 1 where it has no one shape."""
    try:
        shape = layer.output.shape[1:]
    except (AttributeError, ValueError):  # used never, or more than once
        return 1
    return math.prod(size or 1 for size in shape)


def _stages(network, shape, width, depth, filters):
    first, last = NETWORKS[network].widths
    filters = filters or doubling_widths(shape, first, last)
    depth = depth or len(filters)
    if depth > most_stages(shape):
        height, breadth = shape[:2]
        raise ValueError(
            f"depth is {depth}, but images of {height}x{breadth} can be "
            f"halved {most_stages(shape)} times: pass a depth of at most that."
        )
    factor = filters[0] / first if width is None else width / 256
    options = {
        "filters": tuple(
            math.ceil(min(first * 2**i, last) * factor) for i in range(depth)
        )
    }
    if network == "conv" and width is not None:
        options["units"] = width
    return options
