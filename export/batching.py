"""Requests merged by TensorFlow's own scheduler, in the C++ runtime."""

import contextlib
import ctypes
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.export.cpp_runtime import GraphSession, SavedModelSession
from tfgen.export.messages import message_class
from tfgen.export.meta_graph import SignatureDescription
from tfgen.export.tensorflow_library import TFInput, TFOutput

_CALLS = (b"StatefulPartitionedCall", b"PartitionedCall")
_NUMBERS = (
    "max_batch_size",
    "batch_timeout_micros",
    "num_batch_threads",
    "max_enqueued_batches",
)
_TEXT = """\
# Read with --enable_batching --enable_per_model_batching_parameters.
# Rows in a batch at most; a request of more is refused.
max_batch_size { value: 128 }
# How long a request waits for others to join it.
batch_timeout_micros { value: 1000 }
# Batches that wait for a thread at most; requests beyond are refused.
max_enqueued_batches { value: 100 }
"""


@dataclass(frozen=True)
class BatchingParameters:
    """The parameters of TensorFlow Serving's `batching_params.pbtxt`.

    Attributes:
        max_batch_size: Rows of a batch at most; longer requests are refused.
        batch_timeout_micros: How long a batch that is not full waits for
            more, in microseconds. At 0 it takes what has come in while the
            batches before it ran.
        num_batch_threads: Batches that run at the same time.
        max_enqueued_batches: Batches that wait at most; requests beyond are
            refused as unavailable.
        allowed_batch_sizes: Sizes that batches are padded to, ascending, the
            last one being `max_batch_size`; empty: any size.

    Raises:
        ValueError: If the sizes do not fit each other.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    num_batch_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    max_enqueued_batches: int = 100
    allowed_batch_sizes: tuple[int, ...] = ()

    def __post_init__(self):
        for name in _NUMBERS:
            value = getattr(self, name)
            minimum = 0 if name == "batch_timeout_micros" else 1
            if value < minimum:
                raise ValueError(
                    f"Expected {name} of the batching parameters to be at "
                    f"least {minimum}, got {value}. Correct it."
                )
        sizes = self.allowed_batch_sizes
        ascending = list(sizes) == sorted(set(sizes)) and min(sizes, default=1)
        if sizes and not (ascending and sizes[-1] == self.max_batch_size):
            raise ValueError(
                "Expected allowed_batch_sizes of the batching parameters to "
                "be ascending and to end with max_batch_size, "
                f"{self.max_batch_size}; got {list(sizes)}. Correct them."
            )


class BatchingSession(contextlib.AbstractContextManager):
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

    def run(self, signature: str, /, **arrays: Any) -> dict[str, np.ndarray]:
        """Run one signature; as `SavedModelSession.run`.

        Raises:
            RuntimeFailure: Also if the request is longer than a batch, or
                too many wait (code 14, unavailable).
        """
        inputs = self.session.check(signature, arrays)
        if 0 in {len(array) for array in inputs.values()}:
            # The scheduler would never come to a request without rows.
            return self.session.run(signature, **inputs)
        return self.session.fetch(signature, inputs, self._outputs[signature])

    def close(self) -> None:
        """Close the session."""
        self.session.close()

    def __exit__(self, *exception: object) -> None:
        self.close()


def write_batching_file(path: str | Path) -> None:
    """Write parameters that suit small models on a processor.

    How many batches run at a time is left to the server: it has one pool of
    threads for all models.

    Reference:
        session_bundle_config.proto of TensorFlow Serving
    """
    Path(path).write_text(_TEXT)


def read_batching_parameters(path: Path) -> BatchingParameters:
    """Read `batching_params.pbtxt`; without the file, the server's defaults.

    Raises:
        ValueError: If it is not in protobuf's text format, or the parameters
            do not fit each other.
    """
    if not path.is_file():
        return BatchingParameters()
    from google.protobuf import text_format

    message = message_class("BatchingParameters")()
    try:
        text_format.Parse(path.read_text(), message)
    except text_format.ParseError as error:
        raise ValueError(
            f"Expected batching parameters in {path}, got something else: "
            f"{error}. Correct the file."
        ) from None
    given = {
        name: getattr(message, name).value
        for name in _NUMBERS
        if message.HasField(name)
    }
    sizes = tuple(message.allowed_batch_sizes)
    if message.enable_large_batch_splitting.value:
        # They end with the size of a part then; batches stay whole here.
        sizes = ()
    return BatchingParameters(**given, allowed_batch_sizes=sizes)


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
    # BatchFunction is the call with a scheduler before it: the same function
    # and inputs. Its name keeps requests of different signatures apart, and is
    # cut out of the development server's errors.
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
    added = graph.finish(
        operation, f"signature {signature!r} cannot be batched"
    )
    return [TFOutput(added, output.index) for output in outputs]


def _divide_inputs(
    graph: GraphSession,
    signature: str,
    description: SignatureDescription,
    outputs: list[TFOutput],
) -> tuple[list[TFOutput], list[TFOutput]]:
    """Return the call's inputs that requests bring, and the weights.

    TensorFlow 2 writes a signature as one call, its inputs first and then the
    variables that the function captured. The scheduler joins the former of
    all requests and passes the latter on once.
    """
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
    unknown = "the signature's function is unknown"
    buffer = library.TF_NewBuffer()
    try:
        with graph.status(unknown) as status:
            library.TF_OperationGetAttrValueProto(call, b"f", buffer, status)
        content = buffer.contents
        with graph.status(unknown) as status:
            library.TF_SetAttrValueProto(
                operation, b"f", content.data, content.length, status
            )
    finally:
        library.TF_DeleteBuffer(buffer)


def _set_parameters(
    library: ctypes.CDLL, operation: int, parameters: BatchingParameters
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
