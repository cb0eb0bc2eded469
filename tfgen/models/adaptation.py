"""Networks that change after training: adapted to few data, or quantised."""

import re
from collections.abc import Callable

import keras

from tfgen.layers.spectral_norm import SpectralNorm

MODES = ("int8", "int4")


def quantizable(
    model: keras.Model,
    mode: str,
    filters: str | list[str] | Callable | None = None,
) -> Callable:
    """A filter for `keras.Model.quantize`: the layers that it can quantise.

    Without it Keras stops in the middle, at the first layer that it cannot.

    Args:
        model: a `GenerativeModel`.
        mode: one of `MODES`.
        filters: which of them, as for `keras.Model.quantize`.

    Raises:
        ValueError: for other modes, or if no layer can be quantised.
    """
    if mode not in MODES:
        raise ValueError(
            f"quantize() got the mode {mode!r}, expected one of "
            f"{', '.join(MODES)}."
        )
    chosen = {
        id(layer)
        for layer in model._flatten_layers(include_self=False)
        if _can_quantize(layer) and _is_chosen(layer, filters)
    }
    if not chosen:
        raise ValueError(
            f"no layer of this {type(model).__name__} can be quantised: Keras "
            "has it for dense layers and embeddings, not for convolutions."
        )
    return lambda layer: id(layer) in chosen


def refuse_quantized(model: keras.Model) -> None:
    """Raises ValueError if a layer holds whole numbers instead of weights."""
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "quantization_mode", None) in MODES:
            raise ValueError(
                f"layer {layer.name!r} is quantised to "
                f"{layer.quantization_mode}, which can be used, but not "
                "trained: train first, then quantise."
            )


def revive(model: keras.Model) -> None:
    """Lets low-rank adaptations learn that a loaded file holds as zeros.

    Keras saves the product of the two factors within the kernel and loads
    zeros for both, whose gradients are zero for ever. As long as the second is
    zero, the first may have any values: the layer computes the same.
    """
    initializer = keras.initializers.HeUniform(seed=model.seed)
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "lora_enabled", False):
            first, second = layer.lora_kernel_a, layer.lora_kernel_b
            if not (first.numpy().any() or second.numpy().any()):
                first.assign(initializer(first.shape, first.dtype))


def follow(average: keras.Model, network: keras.Model) -> None:
    """Adapts an average where its network was adapted since it was made.

    Raises:
        ValueError: if they differ in more than low-rank adaptations.
    """
    layers = (
        list(one._flatten_layers(include_self=False))
        for one in (average, network)
    )
    for own, other in zip(*layers, strict=False):
        adapted = getattr(other, "lora_enabled", False)
        if adapted and not getattr(own, "lora_enabled", True):
            own.enable_lora(other.lora_rank, other.lora_alpha)
            own.lora_kernel_a.assign(other.lora_kernel_a)
            own.lora_kernel_b.assign(other.lora_kernel_b)
    average.trainable = False
    shapes = [
        [tuple(w.shape) for w in one.weights] for one in (average, network)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"the network {network.name} has {len(shapes[1])} weights, its "
            f"average {len(shapes[0])} or of other shapes: build a new model "
            "of the networks as they now are."
        )


def _can_quantize(layer):
    own = type(layer).quantize is not keras.layers.Layer.quantize
    is_network = isinstance(layer, keras.Model)
    return own and layer.built and not is_network


def _is_chosen(layer, filters):
    if filters is None:
        return not isinstance(layer, SpectralNorm)
    if callable(filters):
        return filters(layer)
    patterns = [filters] if isinstance(filters, str) else filters
    return any(re.search(pattern, layer.path) for pattern in patterns)
