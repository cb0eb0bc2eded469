"""Checks of the written graph for what TensorFlow Serving cannot run."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfgen.export.messages import DTYPES, DataType
from tfgen.export.meta_graph import SignatureDescription, parse_signatures

_PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"}
_RANDOM_OPS = set(
    """
    Multinomial NonDeterministicInts ParameterizedTruncatedNormal RandomGamma
    RandomPoisson RandomPoissonV2 RandomShuffle RandomStandardNormal
    RandomUniform RandomUniformInt RngReadAndSkip RngSkip
    StatefulRandomBinomial StatefulStandardNormal StatefulStandardNormalV2
    StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt
    StatefulUniformInt TruncatedNormal
    """.split()
)
_WRITING_OPS = set(
    """
    AssignAddVariableOp AssignSubVariableOp AssignVariableOp
    ResourceScatterAdd ResourceScatterNdUpdate ResourceScatterUpdate
    """.split()
)
_HALF_DTYPES = {
    int(kind): kind.numpy_name
    for kind in (DataType.DT_BFLOAT16, DataType.DT_HALF)
}
# TensorFlow Serving's REST interface and JSON carry the other element types.
_SERVED_DTYPES = set(DTYPES) - set(_HALF_DTYPES.values())
# Bytes that may be stored for each byte of weights that signatures read.
_MOST_BYTES = 1.1


@dataclass(frozen=True)
class LintedGraph:
    """Description of a graph that passed the checks.

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
        name: _nodes_by_function(meta_graph.graph_def, signature)
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
    _check_stored_weights(folder, _flat(every))
    precisions = {name: _lowest_precision(n) for name, n in every.items()}
    return LintedGraph(signatures, precisions, nodes)


def node_name(tensor: str) -> str:
    """The node that a tensor, or a control input, comes from."""
    return tensor.removeprefix("^").split(":")[0]


def _nodes_by_function(
    graph_def: Any, signature: SignatureDescription
) -> dict[str, list]:
    """Return the nodes that a signature's outputs need, by function.

    The graph itself is the function `""`. The functions that restore variables
    and run at loading are not among them, and rightly so: those do write
    variables.
    """
    functions = {f.signature.name: f for f in graph_def.library.function}
    found = {"": list(_needed(graph_def, signature))}
    pending = [""]
    while pending:
        for node in found[pending.pop()]:
            for name in _called(node, functions):
                if name not in found:
                    found[name] = list(functions[name].node_def)
                    pending.append(name)
    return found


def _needed(graph_def: Any, signature: SignatureDescription) -> Iterator:
    by_name = {node.name: node for node in graph_def.node}
    pending = [node_name(t.tensor) for t in signature.outputs.values()]
    seen = set()
    while pending:
        name = pending.pop()
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        yield by_name[name]
        pending += [node_name(source) for source in by_name[name].input]


def _called(node: Any, functions: dict) -> list[str]:
    names = [node.op]
    for value in node.attr.values():
        names.append(value.func.name)
        names += [function.name for function in value.list.func]
    return [name for name in names if name in functions]


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


def _check_stored_weights(folder: str | Path, nodes: list) -> None:
    """Compare the variables in the files with those that the graph reads.

    Args:
        folder: Where `saved_model.pb` lies.
        nodes: All nodes that signatures run.

    Raises:
        ValueError: If more than 1.1 times the bytes of the latter are stored:
            weights twice, or such as an optimizer has.
    """
    reader = tf.train.load_checkpoint(str(Path(folder) / "variables/variables"))
    stored = _bytes_by_key(reader)
    needed = _bytes_by_variable(nodes)
    if sum(stored.values()) <= _MOST_BYTES * sum(needed.values()):
        return
    raise ValueError(
        f"The export stores {sum(stored.values())} bytes of weights, but its "
        f"signatures need {sum(needed.values())}. {_surplus(reader, stored)} "
        "Let the endpoints use one copy of each weight, and track nothing "
        "beside them."
    )


def _bytes_by_key(reader: Any) -> dict[str, int]:
    types = reader.get_variable_to_dtype_map()
    return {
        key: types[key].size * int(np.prod(shape))
        for key, shape in reader.get_variable_to_shape_map().items()
        if types[key].is_numpy_compatible and types[key] != tf.string
    }


def _bytes_by_variable(nodes: list) -> dict[str, int]:
    variables = {}
    for node in nodes:
        if node.op == "VarHandleOp":
            shape = [size.size for size in node.attr["shape"].shape.dim]
            size = tf.as_dtype(node.attr["dtype"].type).size
            variables[node.name] = size * int(np.prod(shape))
    return variables


def _surplus(reader: Any, stored: dict[str, int]) -> str:
    """Name the largest weight, and its copy if there is one."""
    largest, *others = sorted(stored, key=stored.get, reverse=True)
    content = reader.get_tensor(largest)
    for key in others:
        if stored[key] == stored[largest] and np.array_equal(
            reader.get_tensor(key), content
        ):
            return f"{largest} is stored as {key} again."
    return f"The largest is {largest}."
