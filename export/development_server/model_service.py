"""Finding the model and asking it: REST and gRPC have this in common."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tfgen.export.cpp_runtime import RuntimeFailure
from tfgen.export.development_server.served_model import ServedModel, Version
from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
    without_batching_nodes,
)
from tfgen.export.messages import DTYPES, Code, message_class
from tfgen.export.meta_graph import SignatureDescription, TensorDescription


class ModelService:
    """Requests to a model by its name.

    Args:
        model: The one model there is.
    """

    DEFAULT_SIGNATURE = "serving_default"

    def __init__(self, model: ServedModel):
        self.model = model

    @contextlib.contextmanager
    def use(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> Iterator[Version]:
        """Yield the version that a request is for.

        Raises:
            ServingError: If there is none.
        """
        number = self.model.labelled(label) if label else version
        if name != self.model.name:
            raise _not_found(name, number)
        with self.model.use(number) as found:
            if found is None:
                raise _not_found(name, number)
            yield found

    def predict(
        self,
        version: Version,
        signature: str,
        arrays: dict[str, np.ndarray],
        output_filter: list[str],
    ) -> dict[str, np.ndarray]:
        """Run a signature.

        Args:
            version: A version that `use` yielded.
            signature: Its name.
            arrays: The inputs, of the right element types.
            output_filter: The outputs to return; empty: all.

        Raises:
            ServingError: If the inputs do not fit, or the runtime fails.
        """
        description = version.session.signatures.get(signature)
        if description is None:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f'Serving signature key "{signature}" not found.',
            )
        _check_inputs(description, arrays)
        names = _filtered(description, output_filter)
        try:
            outputs = version.session.run(signature, **arrays)
        except RuntimeFailure as error:
            raise ServingError(
                Code(error.code), without_batching_nodes(error.reason)
            ) from None
        except ValueError as error:
            raise invalid(str(error)) from None
        return {name: outputs[name] for name in names}

    def metadata(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> Any:
        """Return the `GetModelMetadataResponse`: a version's signatures.

        Raises:
            ServingError: If there is no such version.
        """
        signatures = message_class("SignatureDefMap")()
        with self.use(name, version, label) as found:
            for key, description in found.session.signatures.items():
                signature = signatures.signature_def[key]
                _fill_tensors(signature.inputs, description.inputs)
                _fill_tensors(signature.outputs, description.outputs)
                signature.method_name = "tensorflow/serving/predict"
            response = message_class("GetModelMetadataResponse")()
            response.model_spec.name = name
            response.model_spec.version.value = found.number
        response.metadata["signature_def"].Pack(signatures)
        return response

    def status(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> Any:
        """Return the `GetModelStatusResponse`: what was seen, the newest first.

        Raises:
            ServingError: If there is nothing.
        """
        response = message_class("GetModelStatusResponse")()
        for seen in self._versions(name, version, label):
            response.model_version_status.add(
                version=seen.number,
                state=seen.state,
                status={
                    "error_code": Code.UNKNOWN if seen.error else Code.OK,
                    "error_message": seen.error,
                },
            )
        return response

    def _versions(
        self, name: str, version: int | None, label: str | None
    ) -> list[Version]:
        number = self.model.labelled(label) if label else version
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
        return found


def _not_found(name: str, number: int | None) -> ServingError:
    request = f"Latest({name})"
    if number is not None:
        request = f"Specific({name}, {number})"
    return ServingError(
        Code.NOT_FOUND, f"Servable not found for request: {request}"
    )


def _check_inputs(
    description: SignatureDescription, arrays: dict[str, np.ndarray]
) -> None:
    given, wanted = set(arrays), set(description.inputs)
    if given != wanted:
        raise invalid(
            "input size does not match signature: "
            f"{len(given)}!={len(wanted)} len({_set(given)}) != "
            f"len({_set(wanted)}). Sent extra: {_set(given - wanted)}. "
            f"Missing but required: {_set(wanted - given)}."
        )
    for index, (name, info) in enumerate(description.inputs.items()):
        dtype = arrays[name].dtype
        got = "string" if dtype.kind == "O" else str(dtype)
        if got != info.dtype:
            raise invalid(
                f"Expects arg[{index}] to be {_short(info.dtype)} but "
                f"{_short(got)} is provided"
            )


def _filtered(
    description: SignatureDescription, output_filter: list[str]
) -> list[str]:
    for position, name in enumerate(output_filter):
        if name not in description.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs "
                f"expected to be in the set {_set(description.outputs)}."
            )
        if name in output_filter[:position]:
            raise invalid(f"duplicate output tensor alias: {name}")
    return output_filter or list(description.outputs)


def _short(dtype: str) -> str:
    return DTYPES[dtype].short_name if dtype in DTYPES else dtype


def _fill_tensors(
    tensors: Any, descriptions: dict[str, TensorDescription]
) -> None:
    for name, description in descriptions.items():
        info = tensors[name]
        info.name = description.tensor
        info.dtype = DTYPES.get(description.dtype, 0)
        if description.shape is None:
            info.tensor_shape.unknown_rank = True
        for size in description.shape or ():
            info.tensor_shape.dim.add(size=-1 if size is None else size)


def _set(names: Iterable[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"
