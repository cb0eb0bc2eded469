"""Clients that send too much, too slowly or half leave the others served."""

import contextlib
import http.client
import json
import select
import socket
import threading
import time

import grpc
import numpy as np
import pytest

from tfgen.export.development_server import (
    DevelopmentServer,
    rest_server,
    timed_stream,
)
from tfgen.export.messages import message_class
from tfgen.export.tensor_conversion import read_tensor, write_tensor

PREDICT = "/tensorflow.serving.PredictionService/Predict"
PATH = "/v1/models/shouter:predict"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: here\r\n".encode()
SECONDS, CONNECTIONS = 1.0, 40


@pytest.fixture(scope="module")
def server(served_base):
    """One with less patience, room and places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timed_stream, "REQUEST_SECONDS", SECONDS)
        patch.setattr(rest_server, "CONNECTIONS", CONNECTIONS)
        with DevelopmentServer(
            served_base, rest_port=0, grpc_port=0, most_mebibytes=1
        ) as server:
            yield server


@pytest.fixture
def opened(server):
    """`opened(sent)`: a connection over which that was sent."""
    with contextlib.ExitStack() as stack:

        def connect(sent=b""):
            where = ("127.0.0.1", server.rest_port)
            connection = socket.create_connection(where, timeout=20)
            stack.enter_context(contextlib.closing(connection))
            connection.sendall(sent)
            return connection

        yield connect


def answer_of(connection):
    """Status and content of the answer, to the end of the connection."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def ask(server, body=b'{"instances": [1]}'):
    """Status and answer of a client that keeps to the rules."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.rest_port, timeout=20
    )
    with contextlib.closing(connection):
        connection.request("POST", PATH, body)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_half_and_cut_requests_keep_nobody_waiting(server, opened):
    for sent in (b"", b"POST /v1", HEAD, HEAD + b"Content-Length: 99\r\n\r\n{"):
        for _ in range(5):
            opened(sent)
            opened(sent).close()
    begin = time.monotonic()
    assert ask(server)[0] == 200
    assert time.monotonic() - begin < SECONDS


def test_a_request_that_does_not_come_whole_is_ended(opened):
    half = opened(HEAD + b"Content-Length: 99\r\n\r\n{")
    status, content = answer_of(half)
    assert status == 504
    assert "did not come within" in json.loads(content)["error"]


def test_a_byte_now_and_then_does_not_prolong_it(opened):
    slow, begin = opened(HEAD), time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - begin < 10 * SECONDS:
            slow.sendall(b"X")
            if select.select([slow], [], [], SECONDS / 5)[0]:
                break  # the server hung up
    assert SECONDS / 2 < time.monotonic() - begin < 5 * SECONDS


def test_an_answer_that_is_not_taken_is_ended(server, opened):
    body = json.dumps({"instances": list(range(1000))}).encode()
    sent = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    lazy = opened()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    begin = time.monotonic()
    with pytest.raises(OSError):  # it does not read, and asks on and on
        while time.monotonic() - begin < 10 * SECONDS:
            lazy.sendall(sent)
    assert time.monotonic() - begin < 10 * SECONDS
    assert ask(server)[0] == 200


def test_a_large_request_is_refused_before_it_is_read(server):
    status, answer = ask(server, b" " * (2**20 + 1))
    assert status == 429
    assert "1,048,577 bytes, expected at most 1,048,576" in answer["error"]
    assert ask(server)[0] == 200


def test_too_many_connections_are_refused(server, opened):
    held = [opened() for _ in range(CONNECTIONS)]
    assert answer_of(opened())[0] == 503
    for connection in held:
        connection.close()
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(server)[0] == 200:
                return
    raise AssertionError("places were not given back")


@pytest.fixture
def predict(server):
    address = f"127.0.0.1:{server.grpc_port}"
    with grpc.insecure_channel(address) as channel:
        yield channel.unary_unary(PREDICT)


def request_of(latent):
    request = message_class("PredictRequest")()
    request.model_spec.name = "shouter"
    request.model_spec.signature_name = "decode"
    request.inputs["latent"].CopyFrom(write_tensor(latent))
    return request.SerializeToString()


def test_half_requests_by_grpc_keep_nobody_waiting(server, predict):
    """More of them than there are threads that answer."""
    ended = threading.Event()

    def never():
        ended.wait()
        yield from ()

    address = f"127.0.0.1:{server.grpc_port}"
    with grpc.insecure_channel(address) as channel:
        begun = channel.stream_unary(PREDICT)
        halves = [begun.future(never()) for _ in range(70)]
        time.sleep(0.2)
        content = predict(request_of(np.zeros((1, 3), "float32")), timeout=20)
        ended.set()
        for half in halves:
            half.cancel()
    response = message_class("PredictResponse").FromString(content)
    x = read_tensor("x", response.outputs["x"])
    np.testing.assert_allclose(x, np.full((1, 4, 4, 1), 0.5), atol=1e-6)


@pytest.mark.parametrize(
    "content, code",
    [
        (b"\xff" * 9, grpc.StatusCode.INVALID_ARGUMENT),
        (b" " * (2**20 + 1), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_refused_messages(predict, content, code):
    with pytest.raises(grpc.RpcError) as error:
        predict(content, timeout=20)
    assert error.value.code() is code
