"""Status and metadata of a model as the JSON of TensorFlow Serving."""

from collections.abc import Iterable

from tfgen.export.development_server.served_model import Version
from tfgen.export.meta_graph import TensorDescription

_TYPE_NAMES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE"}


def status_json(versions: Iterable[Version]) -> dict:
    """Return `GetModelStatusResponse`."""
    return {
        "model_version_status": [
            {
                "version": str(version.number),
                "state": version.state,
                "status": {
                    "error_code": "UNKNOWN" if version.error else "OK",
                    "error_message": version.error,
                },
            }
            for version in versions
        ]
    }


def metadata_json(name: str, version: Version) -> dict:
    """Return `GetModelMetadataResponse`."""
    signatures = {
        key: {
            "inputs": _tensors(signature.inputs),
            "outputs": _tensors(signature.outputs),
            "method_name": "tensorflow/serving/predict",
        }
        for key, signature in version.session.signatures.items()
    }
    return {
        "model_spec": {
            "name": name,
            "signature_name": "",
            "version": str(version.number),
        },
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _tensors(tensors: dict[str, TensorDescription]) -> dict:
    return {
        name: {
            "dtype": _TYPE_NAMES.get(info.dtype, f"DT_{info.dtype.upper()}"),
            "tensor_shape": {
                "dim": [
                    {"size": str(-1 if size is None else size), "name": ""}
                    for size in info.shape or ()
                ],
                "unknown_rank": info.shape is None,
            },
            "name": info.tensor,
        }
        for name, info in tensors.items()
    }
