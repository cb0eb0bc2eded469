"""Asks the Keras model what the server will be expected to answer."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.export.expected_answers import BATCH_SIZES, ExpectedAnswers
from tfgen.export.signatures import Signature

# Of inputs for which a normal number would make no sense.
_RANGES = {
    "weight": (0.0, 1.0),
    "temperature": (0.5, 1.5),
    "truncation": (0.5, 3.0),
}


def compute_expected_answers(
    model: Any, signatures: dict[str, Signature], seed: int = 0
) -> ExpectedAnswers:
    """Ask the Keras model for its answers to made-up inputs.

    Files hold those inputs and answers as 8-bit PNG.

    Args:
        model: A model with `endpoints()` and `run_endpoint(name, inputs)`.
        signatures: What is exported of it.
        seed: Where the inputs start from.

    Raises:
        ValueError: If an answer is not a number (NaN).
    """
    generator = np.random.default_rng(seed)
    endpoints = model.endpoints()
    cases = {}
    for signature in signatures.values():
        for batch in BATCH_SIZES:
            inputs = {
                name: _make_input(generator, model, name, tensor, batch)
                for name, tensor in endpoints[signature.endpoint].inputs.items()
            }
            cases[signature.name, batch] = _answer(model, signature, inputs)
    return ExpectedAnswers(cases)


def _answer(
    model: Any, signature: Signature, inputs: dict[str, np.ndarray]
) -> tuple[dict, dict]:
    """Inputs and outputs of the signature, files included."""
    variant = signature.variant
    given = inputs
    if variant is not None:
        given = _arrays(variant.make_inputs(inputs))
        inputs = _arrays(variant.take(given))
    outputs = {
        name: np.asarray(value, "float32")
        for name, value in model.run_endpoint(
            signature.endpoint, inputs
        ).items()
    }
    _check_finite(signature.endpoint, outputs)
    if variant is not None:
        outputs = _arrays(variant.give(outputs))
    return given, outputs


def _arrays(tensors: dict[str, Any]) -> dict[str, np.ndarray]:
    return {k: tf.convert_to_tensor(v).numpy() for k, v in tensors.items()}


def _make_input(
    generator: np.random.Generator,
    model: Any,
    name: str,
    tensor: Any,
    batch: int,
) -> np.ndarray:
    shape = (batch, *tensor.shape[1:])
    if np.issubdtype(tensor.dtype, np.integer):
        top = 2**31 - 1
        if name == "label":
            # A model without a number of classes takes any label; 0 is one.
            top = getattr(model, "num_classes", None) or 1
        return generator.integers(0, top, shape, tensor.dtype)
    bounds = _RANGES.get(name)
    if name.split("_")[0] == "x":
        bounds = getattr(model, "data_range", None)
    if bounds is None:
        return generator.standard_normal(shape).astype(tensor.dtype)
    low, high = bounds
    # 8 bits, as images have: they are stored in a third of the space.
    shares = generator.integers(0, 256, shape) / 255
    return (low + (high - low) * shares).astype(tensor.dtype)


def _check_finite(endpoint: str, outputs: dict[str, np.ndarray]) -> None:
    for name, array in outputs.items():
        if np.isnan(array).any():
            raise ValueError(
                f"Endpoint {endpoint!r} answers NaN in {name!r}. Nothing was "
                "exported; look for NaN weights or inputs out of the model's "
                "range."
            )
