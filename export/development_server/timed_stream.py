"""A client's connection, for a bounded time."""

import io
import socket
import time
from typing import Any

from tfgen.export.development_server.bounds import REQUEST_SECONDS


class TimedStream(io.RawIOBase):
    """A connection that is read and written until a time, however slowly.

    A socket's own limit begins anew with each byte.

    Args:
        connection: The socket.
    """

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self.give_time()

    def give_time(self) -> None:
        """Begin anew."""
        self._ends = time.monotonic() + REQUEST_SECONDS

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, or wait for it.

        Raises:
            TimeoutError: When the time is over.
        """
        self._limit()
        return self._connection.recv_into(buffer)

    def write(self, content: Any) -> int:
        """Write as much as there is room for, or wait for some.

        Raises:
            TimeoutError: When the time is over.
        """
        self._limit()
        return self._connection.send(content)

    def _limit(self) -> None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
