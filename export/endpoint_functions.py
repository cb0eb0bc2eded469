"""Endpoints of a model as functions that an ExportArchive takes."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Names that ExportArchive's own attributes, its `signatures` or the
# generated function's `self` occupy: exporting them fails, or worse.
_RESERVED_ENDPOINTS = {
    "serving_default",
    "signatures",
    "variables",
    "trainable_variables",
    "non_trainable_variables",
}


def order_endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    """Return the endpoints, `generate` first, after checking their names.

    ExportArchive makes the first one `serving_default`.

    Raises:
        ValueError: If there are none, or a name cannot be exported.
    """
    if not endpoints:
        raise ValueError(
            "Expected a model with endpoints, but endpoints() is empty. Give "
            "it at least one function to serve."
        )
    for name, endpoint in endpoints.items():
        if not name.isidentifier() or name in _RESERVED_ENDPOINTS:
            raise ValueError(
                f"Endpoint {name!r} cannot be exported: expected an "
                f"identifier other than {sorted(_RESERVED_ENDPOINTS)}. "
                "Rename it."
            )
        for input_name in endpoint.inputs:
            if not input_name.isidentifier() or input_name == "self":
                raise ValueError(
                    f"Input {input_name!r} of endpoint {name!r} cannot be "
                    "exported: expected an identifier other than 'self'. "
                    "Rename it."
                )
    return dict(
        sorted(endpoints.items(), key=lambda item: item[0] != "generate")
    )


def input_specs(endpoint: Any) -> list[tf.TensorSpec]:
    """Return a named TensorSpec for each input of the endpoint."""
    return [
        tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in endpoint.inputs.items()
    ]


def positional_function(name: str, endpoint: Any) -> Callable:
    """Return the endpoint's function with positional arguments.

    Its results are float32 (REST knows no half precision, and clients one
    type less), each under the name that the endpoint gave it.

    Raises:
        ValueError: While tracing, if the endpoint does not return a dict of
            names to tensors.
    """
    names = list(endpoint.inputs)

    def function(*tensors):
        outputs = endpoint.function(**dict(zip(names, tensors, strict=True)))
        if not isinstance(outputs, dict) or not outputs:
            raise ValueError(
                f"Endpoint {name!r} must return a dict of names to tensors, "
                f"got {type(outputs).__name__}. Name its results."
            )
        return {
            key: tf.cast(tf.convert_to_tensor(value), "float32")
            for key, value in outputs.items()
        }

    return function
