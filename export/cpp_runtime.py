"""SavedModels in TensorFlow's C++ runtime, the one TensorFlow Serving uses."""

import ctypes
import sys
import weakref
from pathlib import Path

import numpy as np

from tfgen.export.meta_graph import (
    SignatureDescription,
    TensorDescription,
    parse_signatures,
)
from tfgen.export.tensor_conversion import check_inputs, new_tensor, to_array
from tfgen.export.tensorflow_library import (
    TFOutput,
    disable_xla_compilation,
    load_library,
)


class SavedModelSession:
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

    Raises:
        ValueError: If `path` holds no SavedModel.
        RuntimeError: If the C++ loader refuses it.

    Example:
    >>> with SavedModelSession("serving/vae/3") as session:
    ...     session.run("generate", seed=[1, 2])["x"].shape
    (2, 28, 28, 1)
    """

    def __init__(self, path: str | Path):
        path = Path(path)
        if not (path / "saved_model.pb").is_file():
            raise ValueError(
                "Expected a folder with saved_model.pb, such as BASE/3, but "
                f"{path} holds none. Write one with `tfgen export`."
            )
        self._library = load_library()
        if "tensorflow" not in sys.modules:
            disable_xla_compilation()
        self._graph = self._library.TF_NewGraph()
        try:
            self._session, meta_graph = self._load(path)
        except RuntimeError:
            self._library.TF_DeleteGraph(self._graph)
            raise
        self._signatures = parse_signatures(meta_graph)
        self._finalizer = weakref.finalize(
            self, _free, self._library, self._session, self._graph
        )

    @property
    def signatures(self) -> dict[str, SignatureDescription]:
        """Inputs and outputs of every signature, by name."""
        return dict(self._signatures)

    def run(self, signature: str, /, **arrays) -> dict[str, np.ndarray]:
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
            RuntimeError: If the runtime fails, with its own words.
        """
        if not self._finalizer.alive:
            raise ValueError(
                "The session is closed. Open a new SavedModelSession."
            )
        description = self._describe(signature)
        inputs = check_inputs(signature, description, arrays)
        names = list(description.outputs)
        tensors = self._run(
            signature,
            [
                self._output(signature, info)
                for info in description.inputs.values()
            ],
            [inputs[name] for name in description.inputs],
            [
                self._output(signature, description.outputs[name])
                for name in names
            ],
        )
        return dict(zip(names, tensors, strict=True))

    def close(self) -> None:
        """Free the session and its weights. A second call does nothing."""
        self._finalizer()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _describe(self, signature: str) -> SignatureDescription:
        try:
            return self._signatures[signature]
        except KeyError:
            raise ValueError(
                f"Expected a signature out of {sorted(self._signatures)}, got "
                f"{signature!r}."
            ) from None

    def _load(self, path: Path) -> tuple[int, bytes]:
        library = self._library
        options = library.TF_NewSessionOptions()
        buffer = library.TF_NewBuffer()
        status = _Status(library)
        try:
            tags = (ctypes.c_char_p * 1)(b"serve")
            session = library.TF_LoadSessionFromSavedModel(
                options,
                None,
                str(path).encode(),
                tags,
                1,
                self._graph,
                buffer,
                status.pointer,
            )
            status.check(f"the C++ loader refused {path}")
            content = buffer.contents
            return session, ctypes.string_at(content.data, content.length)
        finally:
            status.free()
            library.TF_DeleteBuffer(buffer)
            library.TF_DeleteSessionOptions(options)

    def _output(self, signature: str, info: TensorDescription) -> TFOutput:
        operation_name, _, index = info.tensor.partition(":")
        operation = self._library.TF_GraphOperationByName(
            self._graph, operation_name.encode()
        )
        if not operation:
            raise RuntimeError(
                f"Signature {signature!r} names the operation "
                f"{operation_name!r}, which the graph does not have. Export "
                "the model again."
            )
        return TFOutput(operation, int(index or 0))

    def _run(self, signature, inputs, arrays, outputs) -> list[np.ndarray]:
        library = self._library
        status = _Status(library)
        feeds = (ctypes.c_void_p * len(inputs))()
        results = (ctypes.c_void_p * len(outputs))()
        try:
            for position, array in enumerate(arrays):
                feeds[position] = new_tensor(library, array)
            library.TF_SessionRun(
                self._session,
                None,
                (TFOutput * len(inputs))(*inputs),
                feeds,
                len(inputs),
                (TFOutput * len(outputs))(*outputs),
                results,
                len(outputs),
                None,
                0,
                None,
                status.pointer,
            )
            status.check(f"signature {signature!r} failed in the C++ runtime")
            return [to_array(library, tensor) for tensor in results]
        finally:
            status.free()
            for tensor in [*feeds, *results]:
                if tensor:
                    library.TF_DeleteTensor(tensor)


class _Status:
    """A `TF_Status` that turns into a RuntimeError."""

    def __init__(self, library):
        self._library = library
        self.pointer = library.TF_NewStatus()

    def check(self, what: str) -> None:
        code = self._library.TF_GetCode(self.pointer)
        if code:
            message = self._library.TF_Message(self.pointer).decode(
                errors="replace"
            )
            raise RuntimeError(f"{what} (code {code}): {message}")

    def free(self) -> None:
        self._library.TF_DeleteStatus(self.pointer)


def _free(library, session: int, graph: int) -> None:
    status = library.TF_NewStatus()
    library.TF_CloseSession(session, status)
    library.TF_DeleteSession(session, status)
    library.TF_DeleteGraph(graph)
    library.TF_DeleteStatus(status)
