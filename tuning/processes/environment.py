"""This process in its environment: its part in a cluster, GPUs, signals.

A part in a cluster comes from KerasTuner's variables, or from a chief that
started this process with them.
"""

import contextlib
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping

ADDRESS = "KERASTUNER_ORACLE_IP"
PORT = "KERASTUNER_ORACLE_PORT"
NAME = "KERASTUNER_TUNER_ID"
CHIEF_PID = "TFGEN_CHIEF_PID"
"""Process that started this one as its worker."""
SEARCH = "TFGEN_SEARCH"
"""Folder of the search that this process was started for."""
WITHOUT_PROXY = ("no_grpc_proxy", "no_proxy")
"""Hosts that gRPC reaches without a proxy: the first that is set."""
GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"
VISIBLE = "CUDA_VISIBLE_DEVICES"


class Terminated(KeyboardInterrupt):
    """This process was told to end by SIGTERM."""


def is_worker() -> bool:
    """Whether this process shall train what a chief tells it to."""
    return _name() is not None and not is_chief()


def is_chief() -> bool:
    """Whether this process shall lead workers that others start."""
    return "chief" in (_name() or "")


def own_name() -> str:
    """This process's name in the cluster."""
    return os.environ[NAME]


def address() -> tuple[str, int]:
    """The chief's IP address and port.

    Raises:
        ValueError: if the port is no number.
    """
    port = os.environ[PORT]
    if not port.isdigit():
        raise ValueError(
            f"{PORT} is {port!r}, expected a number: set it to a free port of "
            "the chief's machine."
        )
    return os.environ[ADDRESS], int(port)


def reach_without_proxy() -> None:
    """Lets gRPC speak with the chief directly; before channels are made.

    Otherwise it would look for an `http_proxy` even for this very machine.
    """
    others = [os.environ[name] for name in WITHOUT_PROXY if name in os.environ]
    host, _ = address()
    os.environ[WITHOUT_PROXY[0]] = ",".join([host, *others[:1]])


def is_for_another_search(folder: os.PathLike) -> bool:
    """Whether a chief started this process for a search in another folder."""
    own = os.environ.get(SEARCH)
    return bool(own) and pathlib.Path(own) != pathlib.Path(folder).resolve()


def own_command() -> list[str]:
    """The command that starts this program again, as a worker.

    Raises:
        ValueError: if that would not start the same program again, since it
            was typed or read from standard input.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)  # "<stdin>" for a pipe
    # IPython sets it; its `%run program.py` sets `__file__` too.
    typed = hasattr(sys, "ps1")
    of_a_file = file is not None and pathlib.Path(file).exists()
    if typed or not (of_a_file or sys.argv[0] == "-c"):
        raise ValueError(
            "run was called with workers, each of which starts this program "
            "again, but it was typed or comes from standard input: put it "
            "into a file, or call run(workers=0)."
        )
    return [sys.executable, *sys.orig_argv[1:]]


@contextlib.contextmanager
def sigterm_raises() -> Iterator[None]:
    """Raises `Terminated` in the block when SIGTERM comes.

    So what must be done at the end is done. In threads other than the first,
    which get no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def share_gpu_memory(environment: MutableMapping[str, str]) -> None:
    """Lets a process take GPU memory as it needs it, unless the user chose.

    By default TensorFlow takes nearly all memory of each GPU, so that chief
    and workers would fail each other. It reads this when it makes its devices.

    Args:
        environment: of the process, such as `os.environ`; is changed.
    """
    environment.setdefault(GROWTH, "true")


def usable_gpus(count: int, environment: Mapping[str, str]) -> list[str]:
    """What `CUDA_VISIBLE_DEVICES` calls the GPUs that a process uses.

    Args:
        count: how many TensorFlow finds.
        environment: of the process.

    >>> usable_gpus(2, {}), usable_gpus(2, {"CUDA_VISIBLE_DEVICES": "3,5"})
    (['0', '1'], ['3', '5'])
    """
    named = environment.get(VISIBLE, "")
    names = [name.strip() for name in named.split(",") if name.strip()]
    return names[:count] or [str(number) for number in range(count)]


def gpu_of_worker(number: int, gpus: list[str]) -> dict[str, str]:
    """The variable that gives a worker one of several GPUs, in turn.

    Args:
        number: of the worker, from 1.
        gpus: see `usable_gpus`.

    >>> gpu_of_worker(3, ["0", "1"])
    {'CUDA_VISIBLE_DEVICES': '0'}
    """
    return {VISIBLE: gpus[(number - 1) % len(gpus)]} if len(gpus) > 1 else {}


def _name():
    names = (ADDRESS, PORT, NAME)
    missing = [name for name in names if not os.environ.get(name)]
    if 0 < len(missing) < len(names):
        raise ValueError(
            f"{' and '.join(missing)} is not set, expected all or none of "
            f"{', '.join(names)}: set it, or unset the others."
        )
    return None if missing else own_name()
