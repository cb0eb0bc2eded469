"""What a stock TensorFlow Serving cannot run, found in the written graph."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tensorflow.core.protobuf import saved_model_pb2

from tfgen.export.graph_nodes import nodes_by_function
from tfgen.export.meta_graph import SignatureDescription, parse_signatures
from tfgen.export.stored_weights import check_stored_weights

_PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"}
_RANDOM_OPS = {
    "Multinomial",
    "NonDeterministicInts",
    "ParameterizedTruncatedNormal",
    "RandomGamma",
    "RandomPoisson",
    "RandomPoissonV2",
    "RandomShuffle",
    "RandomStandardNormal",
    "RandomUniform",
    "RandomUniformInt",
    "RngReadAndSkip",
    "RngSkip",
    "StatefulRandomBinomial",
    "StatefulStandardNormal",
    "StatefulStandardNormalV2",
    "StatefulTruncatedNormal",
    "StatefulUniform",
    "StatefulUniformFullInt",
    "StatefulUniformInt",
    "TruncatedNormal",
}
_WRITING_OPS = {
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "AssignVariableOp",
    "ResourceScatterAdd",
    "ResourceScatterNdUpdate",
    "ResourceScatterUpdate",
}
# Element types that both TensorFlow Serving's REST interface and JSON carry.
_SERVED_DTYPES = {
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "string",
}
_HALF_DTYPES = {14: "bfloat16", 19: "float16"}


@dataclass(frozen=True)
class LintedGraph:
    """What a graph that passed is like.

    Attributes:
        signatures: Inputs and outputs of each.
        precisions: The lowest precision that each computes in, `"bfloat16"`,
            `"float16"` or `"float32"`.
        nodes: For each, its nodes by function.
    """

    signatures: dict[str, SignatureDescription]
    precisions: dict[str, str]
    nodes: dict[str, dict[str, list]]


def lint_saved_model(folder: str | Path) -> LintedGraph:
    """Refuse a SavedModel that a stock TensorFlow Serving cannot serve.

    Args:
        folder: Where `saved_model.pb` lies.

    Raises:
        ValueError: If a signature runs Python, draws from a random state,
            writes a variable, needs XLA, or has an input or output that is a
            scalar, of fixed or unknown batch size, or of a type that REST
            does not know; the message names the signature and the operation.
            Or if weights are stored that no signature needs, or twice.
    """
    content = (Path(folder) / "saved_model.pb").read_bytes()
    meta_graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]
    signatures = parse_signatures(meta_graph.SerializeToString())
    nodes = {
        name: nodes_by_function(meta_graph.graph_def, signature)
        for name, signature in signatures.items()
    }
    every = {name: _flat(functions) for name, functions in nodes.items()}
    problems = [
        f"signature {name!r}: {problem}"
        for name, signature in signatures.items()
        for problem in (
            *_node_problems(every[name]),
            *_tensor_problems(signature),
        )
    ]
    if problems:
        raise ValueError(
            "TensorFlow Serving could not run this model. "
            + " ".join(dict.fromkeys(problems))
        )
    check_stored_weights(folder, _flat(every))
    precisions = {name: _lowest_precision(n) for name, n in every.items()}
    return LintedGraph(signatures, precisions, nodes)


def _flat(nodes: dict[str, list]) -> list:
    return list(itertools.chain.from_iterable(nodes.values()))


def _node_problems(nodes: list) -> Iterator[str]:
    for node in nodes:
        label = f"operation {node.name!r} ({node.op})"
        if node.op in _PYTHON_OPS:
            yield (
                f"{label} calls Python, which a server does not have. Write "
                "the endpoint in TensorFlow operations."
            )
        elif node.op in _RANDOM_OPS:
            yield (
                f"{label} draws from a hidden random state, which starts "
                "afresh with every server. Take a seed as input and use "
                "tf.random.stateless_*."
            )
        elif node.op in _WRITING_OPS:
            yield (
                f"{label} writes a variable; an endpoint must be a function "
                "of its inputs. Pass training=False, and seeds as integers "
                "instead of a SeedGenerator."
            )
        elif node.attr["_XlaMustCompile"].b or node.op == "XlaLaunch":
            yield (
                f"{label} must be compiled by XLA (_XlaMustCompile), which a "
                "stock server has turned off. Leave jit_compile out of the "
                "endpoint."
            )


def _tensor_problems(signature: SignatureDescription) -> Iterator[str]:
    tensors = [("input", *item) for item in signature.inputs.items()]
    tensors += [("output", *item) for item in signature.outputs.items()]
    for role, name, tensor in tensors:
        label = f"{role} {name!r} is {tensor} (operation {tensor.tensor!r})"
        if tensor.shape is None:
            yield f"{label}; expected a known rank. Use tf.ensure_shape."
        elif not tensor.shape:
            yield (
                f"{label}, a scalar; batching needs one row for each example. "
                "Give it the shape (None, ...)."
            )
        elif tensor.shape[0] is not None:
            yield (
                f"{label}; the first dimension must be the batch, of any "
                "size (None)."
            )
        if tensor.dtype not in _SERVED_DTYPES:
            yield f"{label}, a type that REST does not know. Cast to float32."


def _lowest_precision(nodes: list) -> str:
    found = {
        value.type
        for node in nodes
        for value in node.attr.values()
        if value.type in _HALF_DTYPES
    }
    return _HALF_DTYPES[min(found)] if found else "float32"
