"""Each weight is stored once, and no weight that no signature needs."""

from pathlib import Path

import numpy as np
import tensorflow as tf

_MOST = 1.1


def check_stored_weights(folder: str | Path, nodes: list) -> None:
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
    if sum(stored.values()) <= _MOST * sum(needed.values()):
        return
    raise ValueError(
        f"The export stores {sum(stored.values())} bytes of weights, but its "
        f"signatures need {sum(needed.values())}. {_surplus(reader, stored)} "
        "Let the endpoints use one copy of each weight, and track nothing "
        "beside them."
    )


def _bytes_by_key(reader) -> dict[str, int]:
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


def _surplus(reader, stored: dict[str, int]) -> str:
    """What the largest weight is, and whether it is there twice."""
    largest, *others = sorted(stored, key=stored.get, reverse=True)
    content = reader.get_tensor(largest)
    for key in others:
        if stored[key] == stored[largest] and np.array_equal(
            reader.get_tensor(key), content
        ):
            return f"{largest} is stored as {key} again."
    return f"The largest is {largest}."
