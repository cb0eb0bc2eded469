"""Requests merged by TensorFlow's own scheduler, in the C++ runtime."""

import ctypes

import numpy as np

from tfgen.export.batching_parameters import BatchingParameters
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.graph_session import GraphSession
from tfgen.export.meta_graph import SignatureDescription
from tfgen.export.tensor_conversion import check_inputs
from tfgen.export.tensorflow_library import TFInput, TFOutput

_CALLS = (b"StatefulPartitionedCall", b"PartitionedCall")


class BatchingSession:
    """A session that answers concurrent requests together.

    An operation `BatchFunction` is added to the loaded graph for each
    signature. It runs the signature's function in the scheduler that
    TensorFlow Serving uses for `--enable_batching`: rows of requests that are
    there at the same time are put into one batch, and the answers taken apart
    again.

    Args:
        session: A session that was not run yet.
        parameters: Sizes and times.

    Raises:
        ValueError: If a signature is no call of one function, as those that
            TensorFlow 2 writes are.
    """

    def __init__(
        self, session: SavedModelSession, parameters: BatchingParameters
    ):
        self.session = session
        self._outputs = {
            name: _add_batch_function(
                session.graph, name, description, parameters
            )
            for name, description in session.signatures.items()
        }

    @property
    def signatures(self) -> dict[str, SignatureDescription]:
        """Inputs and outputs of every signature, by name."""
        return self.session.signatures

    def run(self, signature: str, /, **arrays) -> dict[str, np.ndarray]:
        """Run one signature; as `SavedModelSession.run`.

        Raises:
            RuntimeFailure: Also if the request is longer than a batch, or
                too many wait (code 14, unavailable).
        """
        description = self.session.describe(signature)
        inputs = check_inputs(signature, description, arrays)
        if 0 in {len(array) for array in inputs.values()}:
            # The scheduler would never come to a request without rows.
            return self.session.run(signature, **inputs)
        graph = self.session.graph
        outputs = graph.run(
            f"signature {signature!r} failed in the C++ runtime",
            [graph.tensor(i.tensor) for i in description.inputs.values()],
            [inputs[name] for name in description.inputs],
            self._outputs[signature],
        )
        return dict(zip(description.outputs, outputs, strict=True))

    def close(self) -> None:
        """Close the session."""
        self.session.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _add_batch_function(
    graph: GraphSession,
    signature: str,
    description: SignatureDescription,
    parameters: BatchingParameters,
) -> list[TFOutput]:
    """Add the operation and return the signature's outputs from it."""
    library = graph.library
    outputs = [
        graph.tensor(info.tensor) for info in description.outputs.values()
    ]
    call = outputs[0].operation
    inputs, captured = _divide_inputs(graph, signature, description, outputs)
    name = f"tfgen_batching/{signature}".encode()
    operation = library.TF_NewOperation(graph.graph, b"BatchFunction", name)
    for tensors in (inputs, captured):
        array = (TFOutput * len(tensors))(*tensors)
        library.TF_AddInputList(operation, array, len(tensors))
    _copy_function(graph, call, operation)
    types = [
        library.TF_OperationOutputType(TFOutput(call, index))
        for index in range(library.TF_OperationNumOutputs(call))
    ]
    library.TF_SetAttrTypeList(
        operation, b"Tout", (ctypes.c_int * len(types))(*types), len(types)
    )
    _set_parameters(library, operation, parameters)
    with graph.status(f"signature {signature!r} cannot be batched") as status:
        added = library.TF_FinishOperation(operation, status)
    return [TFOutput(added, output.index) for output in outputs]


def _divide_inputs(
    graph: GraphSession,
    signature: str,
    description: SignatureDescription,
    outputs: list[TFOutput],
) -> tuple[list[TFOutput], list[TFOutput]]:
    """Return the call's inputs that requests bring, and the weights."""
    library = graph.library
    call = outputs[0].operation
    tensors = [
        library.TF_OperationInput(TFInput(call, index))
        for index in range(library.TF_OperationNumInputs(call))
    ]
    fed = {
        _key(graph.tensor(info.tensor)) for info in description.inputs.values()
    }
    count = len(fed)
    if (
        {output.operation for output in outputs} != {call}
        or library.TF_OperationOpType(call) not in _CALLS
        or set(map(_key, tensors[:count])) != fed
    ):
        raise ValueError(
            f"Signature {signature!r} is not a call of one function, so its "
            "requests cannot be merged here. Export it with TensorFlow 2."
        )
    return tensors[:count], tensors[count:]


def _copy_function(graph: GraphSession, call: int, operation: int) -> None:
    """Let the operation run the function that the call runs."""
    library = graph.library
    buffer = library.TF_NewBuffer()
    try:
        with graph.status("the signature's function is unknown") as status:
            library.TF_OperationGetAttrValueProto(call, b"f", buffer, status)
        content = buffer.contents
        with graph.status("the signature's function is unknown") as status:
            library.TF_SetAttrValueProto(
                operation, b"f", content.data, content.length, status
            )
    finally:
        library.TF_DeleteBuffer(buffer)


def _set_parameters(
    library, operation: int, parameters: BatchingParameters
) -> None:
    for name, value in vars(parameters).items():
        if isinstance(value, int):
            library.TF_SetAttrInt(operation, name.encode(), value)
        else:
            array = (ctypes.c_int64 * len(value))(*value)
            library.TF_SetAttrIntList(
                operation, name.encode(), array, len(value)
            )


def _key(tensor: TFOutput) -> tuple[int, int]:
    return tensor.operation, tensor.index
