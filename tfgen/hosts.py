"""Which hosts train together, as `TF_CONFIG` says; without TensorFlow."""

import contextlib
import dataclasses
import json
import os
import socket
import sys
import time
from collections.abc import Iterator

VARIABLE = "TF_CONFIG"
EXPECTED = (
    'expected \'{"cluster": {"worker": ["host0:port", "host1:port"]}, '
    '"task": {"type": "worker", "index": 0}}\' on each host, with its own index'
)
JOBS = ("chief", "worker")
WAIT_SECONDS = 10.0
"""After which it is said who is not there."""
RETRY_SECONDS = 0.2
CONNECT_SECONDS = 2.0


@dataclasses.dataclass(frozen=True)
class Hosts:
    """The hosts of a training, the chief first.

    Args:
        addresses: `host:port` of each.
        index: which of them this process is.
    """

    addresses: tuple[str, ...]
    index: int

    @classmethod
    def from_environment(cls) -> "Hosts | None":
        """Those that `TF_CONFIG` names; None if it is not set.

        Raises:
            ValueError: for a `TF_CONFIG` of another form, or without this
                process.
        """
        text = os.environ.get(VARIABLE)
        if not text:
            return None
        try:
            config = json.loads(text)
            cluster, task = config["cluster"], config["task"]
            named = [
                (job, i) for job in JOBS for i in range(_count(cluster, job))
            ]
            index = named.index((task["type"], int(task["index"])))
            addresses = tuple(cluster[job][i] for job, i in named)
            list(map(_parts, addresses))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"{VARIABLE} is {text!r}, {EXPECTED}.") from None
        return cls(addresses, index)

    def wait_for_all(self) -> None:
        """Waits until every host is there, and says whom it waits for.

        TensorFlow itself would wait in silence, and deaf to Ctrl-C. Until it
        serves at this host's port, a socket that only listens stands there.

        Raises:
            OSError: if the port is taken.
        """
        own = self.addresses[self.index]
        others = set(self.addresses) - {own}
        begun, said = time.monotonic(), False
        with _listening(_parts(own)[1]):
            while others := {a for a in others if not _answers(a)}:
                if not said and time.monotonic() - begun > WAIT_SECONDS:
                    said = True
                    self._say_missing(sorted(others))
                time.sleep(RETRY_SECONDS)

    def _say_missing(self, addresses):
        print(
            f"host {self.index} ({self.addresses[self.index]}) of {VARIABLE} "
            f"waits for {', '.join(addresses)}, where nobody answers ...",
            file=sys.__stderr__,  # also where the others print nothing
            flush=True,
        )


def is_chief() -> bool:
    """Whether this process writes and prints, of all that train together."""
    try:
        hosts = Hosts.from_environment()
    except ValueError:
        return True  # it is said where the hosts are needed
    return hosts is None or hosts.index == 0


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Prints nothing in the block; errors are for who catches them."""
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def _count(cluster, job):
    return len(cluster.get(job, ()))


def _parts(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _listening(port):
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    return socket.create_server(("", port), family=family, dualstack_ipv6=both)


def _answers(address):
    try:
        socket.create_connection(_parts(address), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
