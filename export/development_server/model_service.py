"""What REST and gRPC have in common: finding the model and asking it."""

import contextlib
from collections.abc import Iterator

import numpy as np

from tfgen.export.development_server.served_model import ServedModel, Version
from tfgen.export.development_server.serving_error import (
    Code,
    ServingError,
    invalid,
    without_batching_nodes,
)
from tfgen.export.meta_graph import SignatureDescription
from tfgen.export.runtime_failure import RuntimeFailure


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
            version: What `use` yielded.
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

    def versions(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> list[Version]:
        """Return what was seen, the newest first.

        Raises:
            ServingError: If there is nothing.
        """
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
    return {"float32": "float", "float64": "double"}.get(dtype, dtype)


def _set(names) -> str:
    return f"{{{','.join(sorted(names))}}}"
