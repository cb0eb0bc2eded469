"""TensorFlow Serving's REST interface over `http.server`."""

import contextlib
import http.server
import io
import json
import re
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from tfgen.export.development_server.bounds import (
    CONNECTIONS,
    LARGE_BYTES,
    REQUEST_SECONDS,
)
from tfgen.export.development_server.json_bodies import (
    columns_json,
    parse_request,
    read_arrays,
    rows_json,
)
from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.served_model import Version
from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
)
from tfgen.export.development_server.timed_stream import TimedStream
from tfgen.export.messages import Code, to_json

_MODEL = r"(?i)/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
_PREDICT = re.compile(_MODEL + r":(predict|classify|regress)")
_STATUS = re.compile(_MODEL + r"(/metadata)?")
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
    b"Connection: close\r\nRetry-After: 1\r\n\r\n"
)


class RestServer(http.server.ThreadingHTTPServer):
    """Answers on 127.0.0.1, a thread a connection.

    Args:
        service: The `ModelService` that answers.
        port: 0 takes a free one; `server_port` names it.
        most_bytes: Bytes of a request's body that are read.

    Raises:
        OSError: If the port is taken.
    """

    daemon_threads = True
    # Room for many clients that connect at the same moment.
    request_queue_size = 1024

    def __init__(self, service: ModelService, port: int, most_bytes: int):
        self.service = service
        self.most_bytes = most_bytes
        # Held while a large request is read.
        self.large = threading.Lock()
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        # Requests that are being answered; notified when one is done.
        self.under_way = 0
        self.changed = threading.Condition()
        super().__init__(("127.0.0.1", port), _Handler)

    def finish(self, timeout: float) -> None:
        """Wait until what was asked is answered.

        Args:
            timeout: Seconds to wait at most.
        """
        with self.changed:
            self.changed.wait_for(lambda: not self.under_way, timeout)

    def process_request(
        self, request: socket.socket, client_address: Any
    ) -> None:
        """Begin with a client, or refuse it if there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            request.settimeout(0)
            request.send(_TOO_MANY)
        self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket, client_address: Any
    ) -> None:
        """Answer a client until it leaves."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "tfgen-development-server"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.stream = TimedStream(self.connection)
        self.rfile = io.BufferedReader(self.stream)
        # Headers and body in one packet.
        self.wfile = io.BufferedWriter(self.stream)

    def handle_one_request(self) -> None:
        self.stream.give_time()
        super().handle_one_request()

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, *arguments: Any) -> None:
        """No line a request."""

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Refuse in JSON, too, what is no HTTP or has another method."""
        self.close_connection = True
        phrase = message or HTTPStatus(code).phrase
        self._send(code, json.dumps({"error": phrase}).encode())

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        server = self.server
        with server.changed:
            server.under_way += 1
        try:
            yield
            self.wfile.flush()
        finally:
            with server.changed:
                server.under_way -= 1
                server.changed.notify_all()

    def _answer(self, respond: Callable[[bytes], bytes]) -> None:
        try:
            body = self._read_body()
        except ServingError as error:
            self._refuse(error)
            return
        with self._counted():
            try:
                self._send(HTTPStatus.OK, respond(body))
            except ServingError as error:
                self._refuse(error)
            except OSError:  # the client hung up
                raise
            except Exception as error:  # a mistake of this server's
                traceback.print_exc()
                self._refuse(ServingError(Code.INTERNAL, repr(error)))

    def _refuse(self, error: ServingError) -> None:
        content = json.dumps({"error": error.message}).encode()
        self._send(error.http_status, content)

    def _send(self, status: int, content: bytes) -> None:
        self.stream.give_time()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise ServingError(
                Code.UNIMPLEMENTED,
                "The development server reads no chunked requests. Send a "
                "Content-Length.",
            )
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,18}", length):
            self.close_connection = True
            raise invalid(f"Malformed request: Content-Length {length}")
        return self._read(int(length))

    def _read(self, length: int) -> bytes:
        most = self.server.most_bytes
        try:
            if length <= most:
                body = self.rfile.read(length)
            else:
                self._pass_over(length)
        except TimeoutError:
            self.close_connection = True
            raise ServingError(
                Code.DEADLINE_EXCEEDED,
                f"The request did not come within {REQUEST_SECONDS} seconds.",
            ) from None
        if length > most:
            self.close_connection = True
            raise ServingError(
                Code.RESOURCE_EXHAUSTED,
                f"The request has {length:,} bytes, expected at most {most:,}: "
                "send fewer rows at a time, or start the server with a larger "
                "--max-request-mebibytes.",
            )
        if len(body) < length:
            raise ConnectionError("the client hung up")
        return body

    def _pass_over(self, length: int) -> None:
        """Read a body to its end, or its client would miss the refusal."""
        while length > 0 and (piece := self.rfile.read(min(length, 2**16))):
            length -= len(piece)

    def _post(self, body: bytes) -> bytes:
        found = _PREDICT.fullmatch(self._path())
        if not found:
            raise self._malformed()
        name, version, label, method = found.groups()
        if method.lower() != "predict":
            raise ServingError(
                Code.UNIMPLEMENTED,
                f"The development server has no {method}; ask predict.",
            )
        service = self.server.service
        is_large = len(body) > LARGE_BYTES
        with service.use(*_choice(name, version, label)) as served:
            with self.server.large if is_large else contextlib.nullcontext():
                request = parse_request(body)
                signature, arrays = _read_inputs(request, served)
            outputs = service.predict(served, signature, arrays, [])
        if "instances" in request:
            return rows_json(outputs)
        return columns_json(outputs)

    def _get(self, body: bytes) -> bytes:
        if re.fullmatch(r"(?i)/v1/models/?", self._path()):
            raise invalid("Missing model name in request.")
        found = _STATUS.fullmatch(self._path())
        if not found:
            raise self._malformed()
        *choice, metadata = found.groups()
        choice = _choice(*choice)
        service = self.server.service
        if metadata:
            content = _metadata_json(service.metadata(*choice))
        else:
            content = to_json(service.status(*choice))
        return (json.dumps(content, indent=1) + "\n").encode()

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _malformed(self) -> ServingError:
        return invalid(f"Malformed request: {self.command} {self._path()}")


def _read_inputs(request: dict, served: Version) -> tuple[str, dict]:
    """The signature that is asked, and its inputs' arrays."""
    signature = request.get("signature_name") or ModelService.DEFAULT_SIGNATURE
    try:
        description = served.session.signatures[signature]
    except KeyError:
        raise invalid(
            f'Serving signature name: "{signature}" not found in signature def'
        ) from None
    return signature, read_arrays(request, description)


def _metadata_json(response: Any) -> dict[str, Any]:
    """The server leaves out the type in `Any`, and a label beside a number."""
    content = to_json(response)
    del content["metadata"]["signature_def"]["@type"]
    del content["model_spec"]["version_label"]
    return content


def _choice(name: str, version: str | None, label: str | None) -> tuple:
    if version is None:
        return name, None, label
    # Python refuses to read thousands of digits.
    digits = version.lstrip("0") or "0"
    if len(digits) > 19 or int(digits) >= 2**63:
        raise invalid(f"Failed to convert version: {version} to numeric.")
    return name, int(digits), label
