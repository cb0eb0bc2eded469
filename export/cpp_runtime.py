"""SavedModels in TensorFlow's C++ runtime, the one TensorFlow Serving uses."""

import sys
from pathlib import Path

import numpy as np

from tfgen.export.graph_session import GraphSession
from tfgen.export.meta_graph import SignatureDescription, parse_signatures
from tfgen.export.tensor_conversion import check_inputs
from tfgen.export.tensorflow_library import disable_xla_compilation


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

    Attributes:
        graph: The `GraphSession` behind it.

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
        if "tensorflow" not in sys.modules:
            disable_xla_compilation()
        self.graph = GraphSession(path)
        self._signatures = parse_signatures(self.graph.meta_graph)

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
            RuntimeFailure: If the runtime fails, with its own words; a
                RuntimeError.
        """
        description = self.describe(signature)
        inputs = check_inputs(signature, description, arrays)
        outputs = self.graph.run(
            f"signature {signature!r} failed in the C++ runtime",
            [self.graph.tensor(i.tensor) for i in description.inputs.values()],
            [inputs[name] for name in description.inputs],
            [self.graph.tensor(o.tensor) for o in description.outputs.values()],
        )
        return dict(zip(description.outputs, outputs, strict=True))

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

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
