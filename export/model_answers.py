"""The Keras model's own answers: what a server will be expected to give."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.export.expected_answers import (
    BATCH_SIZES,
    TOLERANCES,
    ExpectedAnswers,
    ask_apart,
    relative_difference,
    rounding_steps,
)
from tfgen.export.graph_lint import LintedGraph, node_name
from tfgen.export.signatures import REFUSAL_OF_ALL, Signature
from tfgen.models.sampling_where import example_texts

# Inputs for which a normal number would make no sense.
_RANGES = {
    "weight": (0.0, 1.0),
    "temperature": (0.5, 1.5),
    "truncation": (0.5, 3.0),
    # No limit is itself a p-value, which rounding could move to its other side.
    "alpha": (0.0007, 0.4993),
}
_REDUCTIONS = {"All", "Any", "Max", "Mean", "Min", "Prod", "Sum"}
_BATCH = max(BATCH_SIZES)
# Of _BATCH: parts of unlike size, so that a batch's size cannot cancel out.
_FIRST_ROWS = 8


def compute_expected_answers(
    model: Any, signatures: dict[str, Signature], seed: int = 0
) -> ExpectedAnswers:
    """Ask the Keras model for its answers to made-up inputs.

    Files hold those inputs and answers as 8-bit PNG.

    Args:
        model: A model with `endpoints()` and `run_endpoint(name, inputs)`.
        signatures: The signatures that are exported of it, by name.
        seed: Seed of the inputs.

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


def check_row_wise(
    model: Any, answers: ExpectedAnswers, graph: LintedGraph
) -> None:
    """Ask the model for parts of a batch and compare with the whole.

    A server makes batches out of the requests of several clients: batch
    statistics would let one see the others' data. The graph alone does not
    tell: a reduction over the first axis of a weight is harmless, and one over
    a batch may hide behind a reshape. So it is measured, and the graph only
    helps to say where to look.

    Args:
        model: A model with `endpoints()` and `run_endpoint(name, inputs)`.
        answers: The model's answers, to 33 rows among others.
        graph: The graph that was written of the model.

    Raises:
        ValueError: If 33 rows are answered otherwise than 8 and 25 of them.
            The message names the signature and the operations that look
            along the batch.
    """
    held_out = getattr(model, "held_out_scores", None)
    steps = rounding_steps(held_out and held_out.describe())
    for name in model.endpoints():
        inputs, whole = answers.cases[name, _BATCH]
        ask = functools.partial(model.run_endpoint, name)
        apart = ask_apart(ask, inputs, _FIRST_ROWS)
        for key, expected in whole.items():
            difference = np.inf
            if expected.shape == apart[key].shape:
                difference = _apart(expected, apart[key])
                difference -= steps.get(key, 0.0)
            if not difference <= TOLERANCES[graph.precisions[name]]:
                raise ValueError(
                    f"signature {name!r}: {key!r} of a row differs by "
                    f"{difference:.2g} with the rows beside it, but a server "
                    "puts rows of many clients into one batch."
                    + _suspects(graph.nodes[name])
                    + " Pass training=False, and let no row depend on another."
                )


def _apart(expected: np.ndarray, answer: np.ndarray) -> float:
    if expected.dtype == object:
        return 0.0 if (expected == answer).all() else np.inf
    return relative_difference(expected, answer)


def _answer(
    model: Any, signature: Signature, inputs: dict[str, np.ndarray]
) -> tuple[dict, dict]:
    """Inputs and outputs of the signature, files included.

    The model is given what is in the files, rounded to 8 bits: else the
    server's answers would differ by the rounding.
    """
    variant = signature.variant
    given = inputs
    if variant is not None:
        given = _arrays(variant.make_inputs(inputs))
        inputs = _arrays(variant.take(given))
    outputs = {
        name: value if value.dtype == object else np.asarray(value, "float32")
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
    if tensor.dtype == "string":
        return example_texts(model.reading, batch)
    if np.issubdtype(tensor.dtype, np.integer):
        top = 2**31 - 1
        if name == "label":
            # A model without a number of classes takes any label; 0 is one.
            top = getattr(model, "num_classes", None) or 1
        elif name == "codes":
            top = model.num_codes
        return generator.integers(0, top, shape, tensor.dtype)
    bounds = _RANGES.get(name)
    if name.split("_")[0] == "x":
        bounds = getattr(model, "data_range", None)
    if bounds is None:
        normal = generator.standard_normal(shape)
        if name.split("_")[0] == "x" and hasattr(model, "typical"):
            normal = model.typical(normal)
        return normal.astype(tensor.dtype)
    low, high = bounds
    # 8 bits, as images have: they are stored in a third of the space.
    shares = generator.integers(0, 256, shape) / 255
    return (low + (high - low) * shares).astype(tensor.dtype)


def _check_finite(endpoint: str, outputs: dict[str, np.ndarray]) -> None:
    for name, array in outputs.items():
        if array.dtype != object and np.isnan(array).any():
            raise ValueError(
                f"Endpoint {endpoint!r} answers NaN in {name!r}. Nothing was "
                "exported; look for NaN weights or inputs out of the model's "
                "range."
            )


def _suspects(nodes: dict[str, list]) -> str:
    found = list(_look_along_batch(nodes))[:3]
    return f" Along the batch look {', '.join(found)}." if found else ""


def _look_along_batch(nodes: dict[str, list]) -> Iterator[str]:
    """Reductions over the first axis, and batch normalisation in training."""
    for function in nodes.values():
        by_name = {node.name: node for node in function}
        for node in function:
            label = f"operation {node.name!r} ({node.op})"
            if node.op.startswith("FusedBatchNorm"):
                # Attributes with their default, here true, are left out.
                if "is_training" not in node.attr or node.attr["is_training"].b:
                    yield label
            elif node.op in _REDUCTIONS and REFUSAL_OF_ALL not in node.name:
                axes = by_name.get(node_name(node.input[1]))
                if axes is not None and 0 in _constant(axes):
                    yield label


def _constant(node: Any) -> np.ndarray:
    if node.op != "Const":
        return np.array([])
    return np.atleast_1d(tf.make_ndarray(node.attr["value"].tensor))
