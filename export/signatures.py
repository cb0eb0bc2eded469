"""Functions that an export writes: endpoints, and their PNG variants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfgen.data.checks import RANGE_TOLERANCE
from tfgen.export.png_images import PngImages, PngVariant

# Names that ExportArchive's own attributes, its `signatures` or the
# generated function's `self` occupy: exporting them fails, or worse.
REFUSAL_OF_ALL = "refusal_of_all_rows"
"""Scope of the only operations that look at several rows."""
_RESERVED_NAMES = {
    "serving_default",
    "signatures",
    "variables",
    "trainable_variables",
    "non_trainable_variables",
}


@dataclass(frozen=True)
class Signature:
    """One function that a server offers.

    Attributes:
        name: Name of the signature.
        endpoint: Name of the model's endpoint.
        function: Takes positional tensors, returns a dict of tensors.
        specs: Names, shapes and types of its inputs.
        variant: Its PNG files, or None if it has arrays alone.
    """

    name: str
    endpoint: str
    function: Callable
    specs: list[tf.TensorSpec]
    variant: PngVariant | None = None


def make_signatures(
    model: Any, serving_default: str | None = None
) -> dict[str, Signature]:
    """Return signatures by name, the default one first.

    An endpoint with images has a second signature, `NAME_png`, where PNG can
    hold them. A row with examples outside the model's range is answered by
    NaN beside others, and is an error where no row lies within it; what
    overshoots the range by rounding is clipped. Results are float32 (REST
    knows no half precision, and clients one type less) or strings.

    Args:
        model: A model with `endpoints()` and `compiled_endpoint(name)`, and
            with `data_shape` and `data_range` if images are to be had as
            files.
        serving_default: Name of the first one; default: `generate`, or else
            the first endpoint.

    Raises:
        ValueError: If there are no endpoints, a name cannot be exported, or an
            endpoint does not return a dict of names to tensors.
    """
    endpoints = model.endpoints()
    _check_names(endpoints)
    images = PngImages.of(model)
    signatures = {}
    for name, endpoint in endpoints.items():
        signature = _of_endpoint(model, name, endpoint)
        signatures[name] = signature
        if images is None:
            continue
        outputs = model.compiled_endpoint(name).structured_outputs
        variant = _png_signature(signature, images, outputs)
        if variant is not None and variant.name not in endpoints:
            signatures[variant.name] = variant
    default = _default(serving_default, signatures)
    return {default: signatures[default], **signatures}


def _of_endpoint(model: Any, name: str, endpoint: Any) -> Signature:
    compiled = model.compiled_endpoint(name)
    names = list(endpoint.inputs)
    specs = [
        tf.TensorSpec(tensor.shape, tensor.dtype, name=key)
        for key, tensor in endpoint.inputs.items()
    ]
    if not isinstance(compiled.structured_outputs, dict):
        raise ValueError(
            f"Endpoint {name!r} must return a dict of names to tensors, got "
            f"{type(compiled.structured_outputs).__name__}. Name its results."
        )

    value_range = getattr(model, "data_range", None)
    slack = RANGE_TOLERANCE * getattr(model, "unit", 1.0) if value_range else 0

    def function(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        # A server checks no shapes: networks might take another one, too.
        checked = [
            tf.ensure_shape(tensor, spec.shape)
            for tensor, spec in zip(tensors, specs, strict=True)
        ]
        inputs = dict(zip(names, checked, strict=True))
        inputs, is_valid = _in_range(inputs, value_range, slack)
        outputs = compiled(inputs)
        return {
            key: _nan_unless(is_valid, _as_float(value))
            for key, value in outputs.items()
        }

    return Signature(name, name, function, specs)


def _png_signature(
    signature: Signature, images: PngImages, outputs: dict[str, tf.TensorSpec]
) -> Signature | None:
    inputs = {spec.name: spec for spec in signature.specs}
    variant = PngVariant.of(images, inputs, outputs)
    if variant is None:
        return None
    return Signature(
        name=f"{signature.name}_png",
        endpoint=signature.endpoint,
        function=variant.function(signature.function, inputs),
        specs=variant.specs(signature.specs),
        variant=variant,
    )


def _in_range(
    inputs: dict[str, tf.Tensor],
    value_range: tuple[float, float] | None,
    slack: float,
) -> tuple[dict[str, tf.Tensor], tf.Tensor | None]:
    """Inputs with examples clipped, and which rows lay within the range.

    An error would fail the batch that a server makes of many clients' rows:
    it comes only where all of them would have to be told.
    """
    if value_range is None:
        return inputs, None
    low, high = value_range
    clipped, is_valid = dict(inputs), None
    for name, x in inputs.items():
        if name.split("_")[0] != "x" or not x.dtype.is_floating:
            continue
        if x.shape.rank is None:
            continue  # the graph's check refuses it
        inside = (x >= low - slack) & (x <= high + slack)
        inside = tf.reduce_all(inside, list(range(1, x.shape.rank)))
        with tf.control_dependencies([_refuse_all(inside, name, x, low, high)]):
            inside = tf.identity(inside)
        is_valid = inside if is_valid is None else is_valid & inside
        clipped[name] = tf.clip_by_value(x, low, high)
    return clipped, is_valid


def _refuse_all(inside, name, x, low, high):
    """An error if there are rows, and none of them is inside.

    The plain operation: `tf.debugging.Assert` adds a branch to the graph.
    """
    with tf.name_scope(REFUSAL_OF_ALL):
        return tf.raw_ops.Assert(
            condition=tf.reduce_any(inside) | tf.equal(tf.size(inside), 0),
            data=[
                f"no row of {name} lies within [{low:g}, {high:g}]; rescale "
                "them. Their values lie between",
                tf.reduce_min(x),
                tf.reduce_max(x),
            ],
        )


def _nan_unless(is_valid: tf.Tensor | None, value: tf.Tensor) -> tf.Tensor:
    if is_valid is None or not value.dtype.is_floating:
        return value
    if not value.shape.rank or value.shape[0] is not None:
        return value  # no rows: the graph's check says so
    # 0 or NaN by arithmetic: converters turn a choice into 0 * x + 1 * y.
    nan = tf.sqrt(tf.cast(is_valid, value.dtype) - 1)
    return value + tf.reshape(nan, [-1] + [1] * (value.shape.rank - 1))


def _as_float(value: Any) -> tf.Tensor:
    tensor = tf.convert_to_tensor(value)
    return tensor if tensor.dtype == tf.string else tf.cast(tensor, tf.float32)


def _default(wanted: str | None, signatures: dict[str, Signature]) -> str:
    if wanted is None:
        return (
            "generate" if "generate" in signatures else next(iter(signatures))
        )
    if wanted not in signatures:
        raise ValueError(
            f"serving_default is {wanted!r}, expected one of "
            f"{', '.join(signatures)}. Pass one of them or leave it out."
        )
    return wanted


def _check_names(endpoints: dict[str, Any]) -> None:
    if not endpoints:
        raise ValueError(
            "Expected a model with endpoints, but endpoints() is empty. Give "
            "it at least one function to serve."
        )
    for name, endpoint in endpoints.items():
        if not name.isidentifier() or name in _RESERVED_NAMES:
            raise ValueError(
                f"Endpoint {name!r} cannot be exported: expected an "
                f"identifier other than {sorted(_RESERVED_NAMES)}. "
                "Rename it."
            )
        for input_name in endpoint.inputs:
            if not input_name.isidentifier() or input_name == "self":
                raise ValueError(
                    f"Input {input_name!r} of endpoint {name!r} cannot be "
                    "exported: expected an identifier other than 'self'. "
                    "Rename it."
                )
