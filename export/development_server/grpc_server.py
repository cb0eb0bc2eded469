"""TensorFlow Serving's gRPC interface."""

import concurrent.futures

import grpc

from tfgen.export.development_server import messages
from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.serving_error import Code, ServingError
from tfgen.export.development_server.tensor_messages import (
    dtype_number,
    read_tensor,
    write_tensor,
)

_THREADS = 64
_OPTIONS = [
    # Without it a second server would share the port in silence.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_STATES = {"LOADING": 20, "AVAILABLE": 30, "UNLOADING": 40, "END": 50}


class GrpcServer:
    """Answers on 127.0.0.1.

    `PredictionService` has Predict and GetModelMetadata, `ModelService` has
    GetModelStatus.

    Args:
        service: What answers.
        port: 0 takes a free one; `port` names it.

    Raises:
        OSError: If the port is taken.
    """

    def __init__(self, service: ModelService, port: int):
        self._service = service
        self._server = grpc.server(
            concurrent.futures.ThreadPoolExecutor(_THREADS), options=_OPTIONS
        )
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    "tensorflow.serving.PredictionService",
                    {
                        "Predict": self._method(
                            self._predict, messages.PredictRequest
                        ),
                        "GetModelMetadata": self._method(
                            self._metadata, messages.GetModelMetadataRequest
                        ),
                    },
                ),
                grpc.method_handlers_generic_handler(
                    "tensorflow.serving.ModelService",
                    {
                        "GetModelStatus": self._method(
                            self._status, messages.GetModelStatusRequest
                        )
                    },
                ),
            ]
        )
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

    def _method(self, answer, request_class: type):
        def respond(request, context):
            try:
                return answer(request)
            except ServingError as error:
                context.abort(_STATUS_CODES[error.code], error.message)

        return grpc.unary_unary_rpc_method_handler(
            respond,
            request_deserializer=request_class.FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )

    def _predict(self, request):
        spec = request.model_spec
        with self._service.use(*_choice(spec)) as version:
            signature = spec.signature_name or self._service.DEFAULT_SIGNATURE
            inputs = {
                name: read_tensor(name, tensor)
                for name, tensor in request.inputs.items()
            }
            outputs = self._service.predict(
                version, signature, inputs, list(request.output_filter)
            )
            response = messages.PredictResponse()
            _fill_spec(response.model_spec, spec.name, version.number)
            response.model_spec.signature_name = signature
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(write_tensor(array))
        return response

    def _metadata(self, request):
        for field in request.metadata_field or [""]:
            if field != "signature_def":
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"Metadata field {field} is not supported"
                    if field
                    else "GetModelMetadataRequest must specify at least one "
                    "metadata_field",
                )
        spec = request.model_spec
        with self._service.use(*_choice(spec)) as version:
            signatures = messages.SignatureDefMap()
            for name, description in version.session.signatures.items():
                signature = signatures.signature_def[name]
                _fill_tensors(signature.inputs, description.inputs)
                _fill_tensors(signature.outputs, description.outputs)
                signature.method_name = "tensorflow/serving/predict"
            response = messages.GetModelMetadataResponse()
            _fill_spec(response.model_spec, spec.name, version.number)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def _status(self, request):
        response = messages.GetModelStatusResponse()
        for version in self._service.versions(*_choice(request.model_spec)):
            status = response.model_version_status.add(
                version=version.number, state=_STATES[version.state]
            )
            status.status.error_code = (
                Code.UNKNOWN if version.error else Code.OK
            )
            status.status.error_message = version.error
        return response


def _choice(spec) -> tuple[str, int | None, str | None]:
    """Return name, version and label of a `ModelSpec`."""
    if not spec.name:
        raise ServingError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    version = spec.version.value if spec.HasField("version") else None
    return spec.name, version, spec.version_label or None


def _fill_spec(spec, name: str, version: int) -> None:
    spec.name = name
    spec.version.value = version


def _fill_tensors(tensors, descriptions: dict) -> None:
    for name, description in descriptions.items():
        info = tensors[name]
        info.name = description.tensor
        info.dtype = dtype_number(description.dtype)
        if description.shape is None:
            info.tensor_shape.unknown_rank = True
        for size in description.shape or ():
            info.tensor_shape.dim.add(size=-1 if size is None else size)
