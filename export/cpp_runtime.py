"""SavedModels in TensorFlow's C++ runtime, the one TensorFlow Serving uses."""

import contextlib
import ctypes
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.export.meta_graph import SignatureDescription, parse_signatures
from tfgen.export.tensor_conversion import check_inputs, new_tensor, to_array
from tfgen.export.tensorflow_library import (
    TFOutput,
    disable_xla_compilation,
    load_library,
)


class SavedModelSession(contextlib.AbstractContextManager):
    """A SavedModel loaded by TensorFlow's C++ loader, tag `serve`.

    The loader and the kernels are those of TensorFlow Serving, taken from the
    library in TensorFlow's wheel; Python's `tensorflow` is not imported. In a
    process that has not imported it (`tfgen verify`), XLA is turned off as in
    a stock server, so that a graph that needs XLA fails here as it fails
    there. Where `tensorflow` is imported already, XLA is left as it is, for
    the switch holds for the whole process.

    Calls of `run` from several threads may overlap.

    Args:
        path: Folder that holds `saved_model.pb`.

    Attributes:
        graph: The `GraphSession` behind it.

    Raises:
        ValueError: If `path` holds no SavedModel.
        RuntimeError: If the C++ loader refuses it.

    Example:
    >>> latent = keras.Input((2,), name="latent")
    >>> decoder = keras.Model(latent, keras.layers.Dense(3)(latent))
    >>> decoder.export("decoder", verbose=False)
    >>> with SavedModelSession("decoder") as session:
    ...     latents = np.zeros((4, 2), "float32")
    ...     session.run("serving_default", latent=latents)["output_0"].shape
    (4, 3)
    """

    def __init__(self, path: str | Path):
        path = Path(path)
        if not (path / "saved_model.pb").is_file():
            raise ValueError(
                "Expected a folder with saved_model.pb, such as BASE/3, but "
                f"{path} holds none. Write one with `tfgen export`."
            )
        # TensorFlow Serving never compiles with XLA, but loading the library
        # of the wheel allows it: a graph that must be compiled would pass
        # here and fail there. Python's tensorflow may be using XLA already.
        if "tensorflow" not in sys.modules:
            disable_xla_compilation()
        self.graph = GraphSession(path)
        self._signatures = parse_signatures(self.graph.meta_graph)

    @property
    def signatures(self) -> dict[str, SignatureDescription]:
        """Inputs and outputs of every signature, by name."""
        return dict(self._signatures)

    def run(self, signature: str, /, **arrays: Any) -> dict[str, np.ndarray]:
        """Run one signature.

        Args:
            signature: A name in `signatures`.
            **arrays: One array for each input, of its shape and of a type
                that converts to the input's without loss of kind.

        Returns:
            One array for each output.

        Raises:
            ValueError: If the signature is unknown, or an input is missing,
                unknown or of a wrong type or rank.
            RuntimeFailure: If the runtime fails, with its own words; a
                RuntimeError.
        """
        outputs = self.describe(signature).outputs.values()
        return self.fetch(
            signature,
            self.check(signature, arrays),
            [self.graph.tensor(output.tensor) for output in outputs],
        )

    def check(
        self, signature: str, arrays: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """Return the arrays in the types of the signature's inputs.

        Raises:
            ValueError: As `run`.
        """
        return check_inputs(signature, self.describe(signature), arrays)

    def fetch(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[TFOutput],
    ) -> dict[str, np.ndarray]:
        """Run a signature, its outputs taken from the tensors given.

        Args:
            signature: A name in `signatures`.
            inputs: Arrays by name, as `check` returned them.
            outputs: One tensor for each output, in their order.
        """
        description = self.describe(signature)
        answers = self.graph.run(
            f"signature {signature!r} failed in the C++ runtime",
            [self.graph.tensor(i.tensor) for i in description.inputs.values()],
            [inputs[name] for name in description.inputs],
            outputs,
        )
        return dict(zip(description.outputs, answers, strict=True))

    def describe(self, signature: str) -> SignatureDescription:
        """Return the inputs and outputs of one signature.

        Raises:
            ValueError: If there is no such signature, or the session is
                closed.
        """
        if self.graph.closed:
            raise ValueError(
                "The session is closed. Open a new SavedModelSession."
            )
        try:
            return self._signatures[signature]
        except KeyError:
            raise ValueError(
                f"Expected a signature out of {sorted(self._signatures)}, got "
                f"{signature!r}."
            ) from None

    def close(self) -> None:
        """Free the session and its weights. A second call does nothing."""
        self.graph.close()

    def __exit__(self, *exception: object) -> None:
        self.close()


class GraphSession:
    """The graph of a SavedModel, tag `serve`, in a session.

    Args:
        path: Folder that holds `saved_model.pb`.

    Attributes:
        library: TensorFlow's C library.
        graph: Its `TF_Graph`. Operations may be added before the first run.
        meta_graph: The serialized `MetaGraphDef`.

    Raises:
        RuntimeFailure: If the C++ loader refuses it.
    """

    def __init__(self, path: str | Path):
        self.library = load_library()
        self.graph = self.library.TF_NewGraph()
        try:
            self._session, self.meta_graph = self._load(path)
        except RuntimeFailure:
            self.library.TF_DeleteGraph(self.graph)
            raise
        # Also at the end of the process, where __del__ might come too late:
        # the library's own globals may be gone by then.
        self._finalizer = weakref.finalize(
            self, _free, self.library, self._session, self.graph
        )

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._finalizer.alive

    def tensor(self, name: str) -> TFOutput:
        """Return the tensor of a name such as `"serving_default_x:0"`.

        Raises:
            RuntimeError: If the graph has no such operation.
        """
        operation_name, _, index = name.partition(":")
        operation = self.library.TF_GraphOperationByName(
            self.graph, operation_name.encode()
        )
        if not operation:
            raise RuntimeError(
                f"A signature names the operation {operation_name!r}, which "
                "the graph does not have. Export the model again."
            )
        return TFOutput(operation, int(index or 0))

    def run(
        self,
        what: str,
        feeds: Sequence[TFOutput],
        arrays: Sequence[np.ndarray],
        fetches: Sequence[TFOutput],
    ) -> list[np.ndarray]:
        """Run the graph; calls from several threads may overlap.

        Args:
            what: Beginning of the error, should it fail.
            feeds: The tensors to feed.
            arrays: One array for each, of the tensor's element type.
            fetches: The tensors to return.

        Raises:
            RuntimeFailure: If the runtime fails.
        """
        library = self.library
        fed = (ctypes.c_void_p * len(feeds))()
        results = (ctypes.c_void_p * len(fetches))()
        try:
            for position, array in enumerate(arrays):
                fed[position] = new_tensor(library, array)
            with self.status(what) as status:
                library.TF_SessionRun(
                    self._session,
                    None,
                    (TFOutput * len(feeds))(*feeds),
                    fed,
                    len(feeds),
                    (TFOutput * len(fetches))(*fetches),
                    results,
                    len(fetches),
                    None,
                    0,
                    None,
                    status,
                )
            return [to_array(library, tensor) for tensor in results]
        finally:
            # The C library counts no references of Python's: what was made
            # for this call, or by it, is freed here or never.
            for tensor in filter(None, [*fed, *results]):
                library.TF_DeleteTensor(tensor)

    def finish(self, operation: int, what: str) -> int:
        """Add an operation that `TF_NewOperation` began; return it.

        Raises:
            RuntimeFailure: If the runtime refuses it; `what` begins the error.
        """
        with self.status(what) as status:
            return self.library.TF_FinishOperation(operation, status)

    @contextlib.contextmanager
    def status(self, what: str) -> Iterator[int]:
        """Yield a `TF_Status`; what it says at the end may be an exception."""
        status = self.library.TF_NewStatus()
        try:
            yield status
            code = self.library.TF_GetCode(status)
            if code:
                reason = self.library.TF_Message(status)
                raise RuntimeFailure(
                    what, code, reason.decode(errors="replace")
                )
        finally:
            self.library.TF_DeleteStatus(status)

    def close(self) -> None:
        """Free the session and its weights. A second call does nothing."""
        self._finalizer()

    def _load(self, path: str | Path) -> tuple[int, bytes]:
        library = self.library
        options = library.TF_NewSessionOptions()
        buffer = library.TF_NewBuffer()
        try:
            with self.status(f"the C++ loader refused {path}") as status:
                session = library.TF_LoadSessionFromSavedModel(
                    options,
                    None,
                    str(path).encode(),
                    (ctypes.c_char_p * 1)(b"serve"),
                    1,
                    self.graph,
                    buffer,
                    status,
                )
            content = buffer.contents
            return session, ctypes.string_at(content.data, content.length)
        finally:
            library.TF_DeleteBuffer(buffer)
            library.TF_DeleteSessionOptions(options)


class RuntimeFailure(RuntimeError):
    """A status of the runtime other than OK.

    Args:
        what: The attempt that failed.
        code: Number of tensorflow/core/protobuf/error_codes.proto.
        reason: The runtime's own words.
    """

    def __init__(self, what: str, code: int, reason: str):
        super().__init__(f"{what} (code {code}): {reason}")
        self.code = code
        self.reason = reason


def _free(library: ctypes.CDLL, session: int, graph: int) -> None:
    # The session first: it runs in threads that hold the graph.
    status = library.TF_NewStatus()
    library.TF_CloseSession(session, status)
    library.TF_DeleteSession(session, status)
    library.TF_DeleteGraph(graph)
    library.TF_DeleteStatus(status)
