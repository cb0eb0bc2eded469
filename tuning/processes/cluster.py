"""This process's part in a cluster, from KerasTuner's variables."""

import os
import pathlib

ADDRESS = "KERASTUNER_ORACLE_IP"
PORT = "KERASTUNER_ORACLE_PORT"
NAME = "KERASTUNER_TUNER_ID"
CHIEF_PID = "TFGEN_CHIEF_PID"
"""Process that started this one as its worker."""
SEARCH = "TFGEN_SEARCH"
"""Folder of the search that this process was started for."""
WITHOUT_PROXY = ("no_grpc_proxy", "no_proxy")
"""Hosts that gRPC reaches without a proxy: the first that is set."""


def is_worker() -> bool:
    """Whether this process shall train what a chief tells it to."""
    return _name() is not None and not is_chief()


def is_chief() -> bool:
    """Whether this process shall lead workers that others start."""
    return "chief" in (_name() or "")


def address() -> tuple[str, int]:
    """The chief's IP address and port.

    Raises:
        ValueError: if the port is no number.
    """
    port = os.environ[PORT]
    if not port.isdigit():
        raise ValueError(
            f"Expected {PORT} to be a number, got {port!r}. Set it to a free "
            "port of the chief's machine."
        )
    return os.environ[ADDRESS], int(port)


def reach_without_proxy() -> None:
    """Lets gRPC speak with the chief directly; before channels are made.

    Otherwise it would look for an `http_proxy` even for this very machine.
    """
    others = [os.environ[name] for name in WITHOUT_PROXY if name in os.environ]
    host, _ = address()
    os.environ[WITHOUT_PROXY[0]] = ",".join([host, *others[:1]])


def is_for_another_search(folder) -> bool:
    """Whether a chief started this process for a search in another folder."""
    own = os.environ.get(SEARCH)
    return bool(own) and pathlib.Path(own) != pathlib.Path(folder).resolve()


def own_name() -> str:
    """This process's name in the cluster."""
    return os.environ[NAME]


def _name():
    names = (ADDRESS, PORT, NAME)
    missing = [name for name in names if not os.environ.get(name)]
    if len(missing) == len(names):
        return None
    if missing:
        raise ValueError(
            f"Expected all or none of {', '.join(names)} to be set, but "
            f"{' and '.join(missing)} is not. Set it, or unset the others."
        )
    return own_name()
