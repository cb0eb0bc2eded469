"""TensorFlow's C library, found in the wheel and bound with ctypes."""

import contextlib
import ctypes
import functools
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

# NumPy's random extension must be loaded before TensorFlow's libraries: the
# other order has been seen to crash.
import numpy.random  # noqa: F401

# Names the folder of the libraries where no wheel is installed.
LIBRARY_VARIABLE = "TFGEN_TENSORFLOW_LIBRARY"
# Bytes of a `TF_TString`.
STRING_SIZE = 24


class TFOutput(ctypes.Structure):
    """`TF_Output`: an operation and which of its outputs is meant."""

    _fields_ = [("operation", c_void_p), ("index", c_int)]


class TFInput(ctypes.Structure):
    """`TF_Input`: an operation and which of its inputs is meant."""

    _fields_ = [("operation", c_void_p), ("index", c_int)]


class TFBuffer(ctypes.Structure):
    """`TF_Buffer`: bytes and the function that frees them."""

    _fields_ = [
        ("data", c_void_p),
        ("length", c_size_t),
        ("data_deallocator", c_void_p),
    ]


# name: (result, arguments), from tensorflow/c/c_api.h and tf_tensor.h.
_PROTOTYPES = {
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_NewBuffer": (POINTER(TFBuffer), []),
    "TF_DeleteBuffer": (None, [POINTER(TFBuffer)]),
    "TF_NewGraph": (c_void_p, []),
    "TF_DeleteGraph": (None, [c_void_p]),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_DeleteSessionOptions": (None, [c_void_p]),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [
            c_void_p,  # session options
            POINTER(TFBuffer),  # run options
            c_char_p,  # folder
            POINTER(c_char_p),  # tags
            c_int,
            c_void_p,  # graph, filled
            POINTER(TFBuffer),  # MetaGraphDef, filled
            c_void_p,  # status
        ],
    ),
    "TF_CloseSession": (None, [c_void_p, c_void_p]),
    "TF_DeleteSession": (None, [c_void_p, c_void_p]),
    "TF_SessionRun": (
        None,
        [
            c_void_p,  # session
            POINTER(TFBuffer),  # run options
            POINTER(TFOutput),  # inputs
            POINTER(c_void_p),  # their tensors
            c_int,
            POINTER(TFOutput),  # outputs
            POINTER(c_void_p),  # their tensors, filled
            c_int,
            POINTER(c_void_p),  # target operations
            c_int,
            POINTER(TFBuffer),  # run metadata
            c_void_p,  # status
        ],
    ),
    "TF_AllocateTensor": (
        c_void_p,
        [c_int, POINTER(c_int64), c_int, c_size_t],
    ),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_TensorElementCount": (c_int64, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_StringInit": (None, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_StringGetDataPointer": (c_void_p, [c_void_p]),
    "TF_StringGetSize": (c_size_t, [c_void_p]),
    "TF_NewOperation": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "TF_FinishOperation": (c_void_p, [c_void_p, c_void_p]),
    "TF_AddInput": (None, [c_void_p, TFOutput]),
    "TF_AddInputList": (None, [c_void_p, POINTER(TFOutput), c_int]),
    "TF_SetAttrInt": (None, [c_void_p, c_char_p, c_int64]),
    "TF_SetAttrIntList": (
        None,
        [c_void_p, c_char_p, POINTER(c_int64), c_int],
    ),
    "TF_SetAttrType": (None, [c_void_p, c_char_p, c_int]),
    "TF_SetAttrTypeList": (None, [c_void_p, c_char_p, POINTER(c_int), c_int]),
    "TF_SetAttrValueProto": (
        None,
        [c_void_p, c_char_p, c_void_p, c_size_t, c_void_p],
    ),
    "TF_OperationGetAttrValueProto": (
        None,
        [c_void_p, c_char_p, POINTER(TFBuffer), c_void_p],
    ),
    "TF_OperationOpType": (c_char_p, [c_void_p]),
    "TF_OperationNumInputs": (c_int, [c_void_p]),
    "TF_OperationInput": (TFOutput, [TFInput]),
    "TF_OperationNumOutputs": (c_int, [c_void_p]),
    "TF_OperationOutputType": (c_int, [TFOutput]),
}


def library_folder() -> Path:
    """Return the folder of TensorFlow's libraries without importing it.

    That is the one that the environment variable TFGEN_TENSORFLOW_LIBRARY
    names, or else the installed wheel.

    Raises:
        RuntimeError: If there is neither.
    """
    if folder := os.environ.get(LIBRARY_VARIABLE):
        return Path(folder)
    specification = importlib.util.find_spec("tensorflow")
    if specification is None or not specification.submodule_search_locations:
        raise RuntimeError(
            "TensorFlow's C++ runtime was expected in the installed package "
            "'tensorflow', which is not installed. Run `pip install "
            f"tensorflow`, or set {LIBRARY_VARIABLE} to the folder with "
            "libtensorflow_cc.so.2."
        )
    return Path(specification.submodule_search_locations[0])


@functools.cache
def load_library() -> ctypes.CDLL:
    """Load `libtensorflow_cc` with local binding and typed functions.

    Raises:
        RuntimeError: If there is no such library, or one without a function
            that is needed.
    """
    folder = library_folder()
    # The framework library first: the other one needs it.
    for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2"):
        if not (folder / name).exists():
            raise RuntimeError(
                f"TensorFlow's C++ runtime was expected at {folder / name}, "
                "which does not exist. Install TensorFlow's wheel for Linux; "
                "other platforms keep the library elsewhere."
            )
        with _silence():
            library = _open(folder / name)
    for name, (result, arguments) in _PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise RuntimeError(
                f"{folder / 'libtensorflow_cc.so.2'} has no function {name}. "
                "Install a TensorFlow version that setup.cfg allows."
            ) from None
        function.restype = result
        function.argtypes = arguments
    return library


def disable_xla_compilation() -> None:
    """Turn XLA off for this process, as a stock TensorFlow Serving has it."""
    # tensorflow::DisableXlaCompilation(), in C++'s spelling.
    function = load_library()._ZN10tensorflow21DisableXlaCompilationEv
    function.restype = None
    function.argtypes = []
    function()


def _open(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)
    except OSError as error:
        raise RuntimeError(
            f"{path} cannot be loaded: {error}. Install TensorFlow's wheel "
            "for this platform."
        ) from None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep start-up chatter off file descriptor 2.

    It is written while the libraries load, before any log level is read. A
    process that has imported TensorFlow has had it already.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # closed, as in a daemon: nothing to keep off
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
