"""The nodes of a graph that a signature runs."""

from collections.abc import Iterator

from tfgen.export.meta_graph import SignatureDescription


def nodes_by_function(
    graph_def, signature: SignatureDescription
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


def node_name(tensor: str) -> str:
    """The node that a tensor, or a control input, comes from."""
    return tensor.removeprefix("^").split(":")[0]


def _needed(graph_def, signature: SignatureDescription) -> Iterator:
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


def _called(node, functions: dict) -> list[str]:
    names = [node.op]
    for value in node.attr.values():
        names.append(value.func.name)
        names += [function.name for function in value.list.func]
    return [name for name in names if name in functions]
