"""Refusals of a request, with the codes that TensorFlow and gRPC share."""

import re
from http import HTTPStatus

from tfgen.export.messages import Code

# The status that TensorFlow Serving's REST interface gives each code; 500
# where none is listed.
_HTTP_STATUS = {
    Code.OK: HTTPStatus.OK,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    Code.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    Code.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    Code.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    Code.ABORTED: HTTPStatus.CONFLICT,
    Code.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    Code.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
}


_BATCHING_NODE = re.compile(
    r"\s*\[\[(?:\{\{node )?tfgen_batching/[^\]}]*(?:\}\})?\]\]"
)


class ServingError(Exception):
    """A request that is refused, in the words of TensorFlow Serving.

    Attributes:
        code: Status code that gRPC clients receive.
        message: The server's words.
    """

    def __init__(self, code: Code, message: str):
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """Status that REST clients receive."""
        return int(
            _HTTP_STATUS.get(self.code, HTTPStatus.INTERNAL_SERVER_ERROR)
        )


def invalid(message: str) -> ServingError:
    """Return the error of a request that is wrong in itself."""
    return ServingError(Code.INVALID_ARGUMENT, message)


def without_batching_nodes(text: str) -> str:
    """Return the runtime's words without nodes that this server added."""
    return _BATCHING_NODE.sub("", text)
