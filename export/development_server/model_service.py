"""What REST and gRPC have in common: finding the model and asking it."""

import contextlib
from collections.abc import Iterator

import numpy as np

from tfgen.export.development_server.served_model import ServedModel, Version
from tfgen.export.development_server.serving_error import (
    Code,
    ServingError,
    invalid,
)


class ModelService:
    """Requests to a model by its name.

    Args:
        model: The one model there is.
    """

    def __init__(self, model: ServedModel):
        self.model = model

    @contextlib.contextmanager
    def use(
        self, name: str, version: str | int | None, label: str | None
    ) -> Iterator[Version]:
        """Yield the version that a request is for.

        Raises:
            ServingError: If there is none.
        """
        number = self._number(version, label)
        if name != self.model.name:
            request = (
                f"Latest({name})"
                if number is None
                else f"Specific({name}, {number})"
            )
            raise ServingError(
                Code.NOT_FOUND, f"Servable not found for request: {request}"
            )
        with self.model.use(number) as found:
            yield found

    def predict(
        self, version: Version, signature: str, arrays: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Run a signature.

        Raises:
            ServingError: If the inputs do not fit, or the runtime fails.
        """
        try:
            return version.session.run(signature, **arrays)
        except ValueError as error:
            raise invalid(str(error)) from None
        except RuntimeError as error:
            raise ServingError(Code.INTERNAL, str(error)) from None

    def status(
        self, name: str, version: str | int | None, label: str | None
    ) -> dict:
        """Return `GetModelStatusResponse` as JSON."""
        number = self._number(version, label)
        found = [
            seen
            for seen in self.model.versions
            if name == self.model.name and number in (None, seen.number)
        ]
        if not found:
            what = "any versions" if number is None else f"version {number}"
            raise ServingError(
                Code.NOT_FOUND, f"Could not find {what} of model {name}"
            )
        return {
            "model_version_status": [
                {
                    "version": str(seen.number),
                    "state": seen.state,
                    "status": {
                        "error_code": "UNKNOWN" if seen.error else "OK",
                        "error_message": seen.error,
                    },
                }
                for seen in found
            ]
        }

    def metadata(
        self, name: str, version: str | int | None, label: str | None
    ) -> dict:
        """Return `GetModelMetadataResponse` as JSON."""
        with self.use(name, version, label) as found:
            signatures = found.session.signatures
            return {
                "model_spec": {
                    "name": name,
                    "signature_name": "",
                    "version": str(found.number),
                },
                "metadata": {
                    "signature_def": {
                        "signature_def": {
                            key: {
                                "inputs": _tensors(value.inputs),
                                "outputs": _tensors(value.outputs),
                                "method_name": "tensorflow/serving/predict",
                            }
                            for key, value in signatures.items()
                        }
                    }
                },
            }

    def _number(self, version: str | int | None, label: str | None):
        if label:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"Unrecognized servable version label: {label}",
            )
        return None if version is None else int(version)


_TYPE_NAMES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE"}


def _tensors(tensors: dict) -> dict:
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
