"""A graph with its session in TensorFlow's C library: tensors in and out."""

import contextlib
import ctypes
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tfgen.export.runtime_failure import RuntimeFailure
from tfgen.export.tensor_conversion import new_tensor, to_array
from tfgen.export.tensorflow_library import TFOutput, load_library


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

    def __init__(self, path: Path):
        self.library = load_library()
        self.graph = self.library.TF_NewGraph()
        try:
            self._session, self.meta_graph = self._load(path)
        except RuntimeFailure:
            self.library.TF_DeleteGraph(self.graph)
            raise
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
            what: What it is for, for the error.
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
            for tensor in filter(None, [*fed, *results]):
                library.TF_DeleteTensor(tensor)

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

    def _load(self, path: Path) -> tuple[int, bytes]:
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


def _free(library, session: int, graph: int) -> None:
    status = library.TF_NewStatus()
    library.TF_CloseSession(session, status)
    library.TF_DeleteSession(session, status)
    library.TF_DeleteGraph(graph)
    library.TF_DeleteStatus(status)
