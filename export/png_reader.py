"""PNG files read by TensorFlow's C++ runtime: there may be no Pillow."""

import ctypes

import numpy as np

from tfgen.export.graph_session import GraphSession
from tfgen.export.tensorflow_library import TFOutput

_STRING = 7


class PngReader:
    """Adds the operation that decodes PNG to a loaded graph.

    Args:
        graph: Any graph.
    """

    def __init__(self, graph: GraphSession):
        self.graph = graph
        library = graph.library
        placeholder = library.TF_NewOperation(
            graph.graph, b"Placeholder", b"tfgen_png/file"
        )
        library.TF_SetAttrType(placeholder, b"dtype", _STRING)
        self._file = TFOutput(self._finish(placeholder), 0)
        decode = library.TF_NewOperation(
            graph.graph, b"DecodePng", b"tfgen_png/levels"
        )
        library.TF_AddInput(decode, self._file)
        self._levels = TFOutput(self._finish(decode), 0)

    def read(self, file: bytes) -> np.ndarray:
        """Return the levels: uint8 (height, width, channels).

        Raises:
            RuntimeFailure: If it is no PNG file.
        """
        array = np.empty((), object)
        array[()] = file
        (levels,) = self.graph.run(
            "a PNG file cannot be read", [self._file], [array], [self._levels]
        )
        return levels

    def _finish(self, operation: ctypes.c_void_p) -> int:
        with self.graph.status("PNG files cannot be read") as status:
            return self.graph.library.TF_FinishOperation(operation, status)
