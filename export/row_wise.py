"""Each row's answer depends on that row alone, measured."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.export.expected_answers import BATCH_SIZES, ExpectedAnswers
from tfgen.export.graph_lint import LintedGraph
from tfgen.export.graph_nodes import node_name
from tfgen.export.signature_check import TOLERANCES

_REDUCTIONS = {"All", "Any", "Max", "Mean", "Min", "Prod", "Sum"}
_BATCH = max(BATCH_SIZES)
_PARTS = (slice(None, 8), slice(8, None))


def check_row_wise(
    model: Any, answers: ExpectedAnswers, graph: LintedGraph
) -> None:
    """Ask the model for parts of a batch and compare with the whole.

    A server makes batches out of the requests of several clients: batch
    statistics would let one see the others' data.

    Args:
        model: With `endpoints()` and `run_endpoint(name, inputs)`.
        answers: Of the model, to 33 rows among others.
        graph: What was written of the model.

    Raises:
        ValueError: If 33 rows are answered otherwise than 8 and 25 of them.
            The message names the signature and the operations that look
            along the batch.
    """
    for name in model.endpoints():
        inputs, whole = answers.cases[name, _BATCH]
        parts = [
            model.run_endpoint(name, {k: v[rows] for k, v in inputs.items()})
            for rows in _PARTS
        ]
        for key, expected in whole.items():
            apart = np.concatenate([np.asarray(part[key]) for part in parts])
            difference = _difference(expected, apart)
            if not difference <= TOLERANCES[graph.precisions[name]]:
                raise ValueError(
                    f"signature {name!r}: {key!r} of a row differs by "
                    f"{difference:.2g} with the rows beside it, but a server "
                    "puts rows of many clients into one batch."
                    + _suspects(graph.nodes[name])
                    + " Pass training=False, and let no row depend on another."
                )


def _difference(expected: np.ndarray, apart: np.ndarray) -> float:
    """Largest difference, relative where answers exceed 1."""
    if expected.shape != apart.shape:
        return np.inf
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    same = expected == apart
    gap = np.abs(np.where(same, 0.0, expected.astype("float64") - apart))
    return float(gap.max(initial=0.0) / largest)


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
            elif node.op in _REDUCTIONS:
                axes = by_name.get(node_name(node.input[1]))
                if axes is not None and 0 in _constant(axes):
                    yield label


def _constant(node) -> np.ndarray:
    if node.op != "Const":
        return np.array([])
    return np.atleast_1d(tf.make_ndarray(node.attr["value"].tensor))
