"""TensorFlow Serving's gRPC interface."""

import concurrent.futures
from collections.abc import Callable
from typing import Any

import grpc

from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
)
from tfgen.export.messages import message_class
from tfgen.export.tensor_conversion import read_tensor, write_tensor

_THREADS = 64
_OPTIONS = [
    # Without it a second server would share the port in silence.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


class GrpcServer:
    """Answers on 127.0.0.1.

    `PredictionService` has Predict and GetModelMetadata, `ModelService` has
    GetModelStatus.

    Args:
        service: The `ModelService` that answers.
        port: 0 takes a free one; `port` names it.

    Raises:
        OSError: If the port is taken.
    """

    def __init__(self, service: ModelService, port: int):
        self._service = service
        self._server = grpc.server(
            concurrent.futures.ThreadPoolExecutor(_THREADS), options=_OPTIONS
        )
        for name, methods in (
            (
                "PredictionService",
                {"Predict": self._predict, "GetModelMetadata": self._metadata},
            ),
            ("ModelService", {"GetModelStatus": self._status}),
        ):
            handler = grpc.method_handlers_generic_handler(
                f"tensorflow.serving.{name}",
                {
                    key: self._method(key, answer)
                    for key, answer in methods.items()
                },
            )
            self._server.add_generic_rpc_handlers([handler])
        try:
            self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            raise OSError(str(error)) from None

    def start(self) -> None:
        """Answer from now on."""
        self._server.start()

    def stop(self, timeout: float) -> None:
        """Let go of the port, and finish what has begun.

        Args:
            timeout: Seconds after which what has begun is given up.
        """
        self._server.stop(grace=timeout).wait()

    def _method(
        self, name: str, answer: Callable[[Any], Any]
    ) -> grpc.RpcMethodHandler:
        request_class = message_class(f"{name}Request")

        def respond(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return answer(request)
            except ServingError as error:
                context.abort(_STATUS_CODES[error.code], error.message)

        return grpc.unary_unary_rpc_method_handler(
            respond,
            request_deserializer=request_class.FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )

    def _predict(self, request: Any) -> Any:
        spec = request.model_spec
        with self._service.use(*_choice(spec)) as version:
            signature = spec.signature_name or self._service.DEFAULT_SIGNATURE
            try:
                inputs = {
                    name: read_tensor(name, tensor)
                    for name, tensor in request.inputs.items()
                }
            except ValueError as error:
                raise invalid(str(error)) from None
            outputs = self._service.predict(
                version, signature, inputs, list(request.output_filter)
            )
            response = message_class("PredictResponse")()
            response.model_spec.name = spec.name
            response.model_spec.version.value = version.number
            response.model_spec.signature_name = signature
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(write_tensor(array))
        return response

    def _metadata(self, request: Any) -> Any:
        for field in request.metadata_field or [""]:
            if field != "signature_def":
                raise invalid(
                    f"Metadata field {field} is not supported"
                    if field
                    else "GetModelMetadataRequest must specify at least one "
                    "metadata_field",
                )
        return self._service.metadata(*_choice(request.model_spec))

    def _status(self, request: Any) -> Any:
        return self._service.status(*_choice(request.model_spec))


def _choice(spec: Any) -> tuple[str, int | None, str | None]:
    """Return name, version and label of a `ModelSpec`."""
    if not spec.name:
        raise invalid("Missing ModelSpec")
    version = spec.version.value if spec.HasField("version") else None
    return spec.name, version, spec.version_label or None
