"""TensorFlow Serving's gRPC interface."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from tfgen.export.development_server.bounds import (
    CONNECTION_SECONDS,
    REQUEST_SECONDS,
    REQUESTS,
)
from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
)
from tfgen.export.messages import message_class
from tfgen.export.tensor_conversion import read_tensor, write_tensor

_THREADS = 64
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


class GrpcServer:
    """Answers on 127.0.0.1.

    `PredictionService` has Predict and GetModelMetadata, `ModelService` has
    GetModelStatus. An event loop waits for requests, so that those that never
    come whole keep no thread from the others; threads answer.

    Args:
        service: The `ModelService` that answers.
        port: 0 takes a free one; `port` names it.
        most_bytes: Bytes of a request that is read.

    Raises:
        OSError: If the port is taken.
    """

    def __init__(self, service: ModelService, port: int, most_bytes: int):
        self._service = service
        self._pool = concurrent.futures.ThreadPoolExecutor(_THREADS)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, daemon=True
        )
        self._thread.start()
        try:
            self.port = self._run(self._bind(port, most_bytes))
        except BaseException:
            self._end()
            raise

    def start(self) -> None:
        """Answer from now on."""
        self._run(self._server.start())

    def stop(self, timeout: float) -> None:
        """Let go of the port, and finish what has begun.

        Args:
            timeout: Seconds after which what has begun is given up.
        """
        self._run(self._server.stop(timeout))
        self._end()

    async def _bind(self, port: int, most_bytes: int) -> int:
        self._server = grpc.aio.server(
            options=[
                # Without it a second server would share the port in silence.
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", most_bytes),
                ("grpc.max_send_message_length", -1),
                # Clients connect again by themselves; half requests end.
                ("grpc.max_connection_age_ms", 1000 * CONNECTION_SECONDS),
                ("grpc.max_connection_age_grace_ms", 1000 * REQUEST_SECONDS),
            ],
            maximum_concurrent_rpcs=REQUESTS,
        )
        for name, methods in (
            (
                "PredictionService",
                {"Predict": self._predict, "GetModelMetadata": self._metadata},
            ),
            ("ModelService", {"GetModelStatus": self._status}),
        ):
            handlers = {key: self._method(key, a) for key, a in methods.items()}
            handler = grpc.method_handlers_generic_handler(
                f"tensorflow.serving.{name}", handlers
            )
            self._server.add_generic_rpc_handlers([handler])
        try:
            return self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            raise OSError(str(error)) from None

    def _run(self, work: Coroutine) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._pool.shutdown(wait=False)

    def _method(
        self, name: str, answer: Callable[[Any], Any]
    ) -> grpc.RpcMethodHandler:
        request_class = message_class(f"{name}Request")

        def read_and_answer(content: bytes) -> bytes:
            try:
                request = request_class.FromString(content)
            except DecodeError:
                raise invalid(f"The message is no {name}Request.") from None
            return answer(request).SerializeToString()

        async def respond(
            content: bytes, context: grpc.aio.ServicerContext
        ) -> bytes:
            try:
                return await self._loop.run_in_executor(
                    self._pool, read_and_answer, content
                )
            except ServingError as error:
                code = _STATUS_CODES[error.code]
                await context.abort(code, error.message)

        return grpc.unary_unary_rpc_method_handler(respond)

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
