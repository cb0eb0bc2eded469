"""The development server as one object, and as the process of `tfgen serve`."""

import argparse
import importlib.util
import re
import signal
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tfgen.export.development_server.bounds import MOST_MEBIBYTES
from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.rest_server import RestServer
from tfgen.export.development_server.served_model import ServedModel
from tfgen.export.manifest import missing_file
from tfgen.export.version_folders import check_no_version, list_versions

_POLL_SECONDS = 1.0
# For the requests under way when the server stops.
_STOP_SECONDS = 30.0


class DevelopmentServer:
    """A model on 127.0.0.1, answering as TensorFlow Serving does.

    For development: no encryption, no authentication, one model.

    Args:
        base: Folder with the model's versions. The newest is served, and
            those that appear later.
        name: The model's name; default: the folder's.
        rest_port: 0 takes a free one.
        grpc_port: 0 takes a free one; None: no gRPC. Without the package
            grpcio there is none either.
        labels: Versions to serve besides, by names for clients to use.
        all_versions: Serve every version.
        most_mebibytes: Size of a request's body that is read, in units of
            2**20 bytes.

    Attributes:
        model: The `ServedModel`.
        rest_port: The port of the REST interface.
        grpc_port: The port of the gRPC interface, or None.

    Raises:
        ValueError: If there is no version, the name does not fit a URL, or a
            port is taken.
        RuntimeError: If the newest version cannot be loaded.

    Example:
    >>> import urllib.request
    >>> latent = keras.Input((2,), name="latent")
    >>> decoder = keras.Model(latent, keras.layers.Dense(3)(latent))
    >>> decoder.export("decoder/1", verbose=False)
    >>> with DevelopmentServer("decoder", rest_port=0, grpc_port=0) as server:
    ...     url = f"{server.rest_url}/v1/models/decoder"
    ...     answer = urllib.request.urlopen(url)
    >>> answer.status
    200
    """

    def __init__(
        self,
        base: str | Path,
        name: str | None = None,
        rest_port: int = 8501,
        grpc_port: int | None = 8500,
        labels: Mapping[str, int] | None = None,
        all_versions: bool = False,
        most_mebibytes: int = MOST_MEBIBYTES,
    ):
        base = Path(base)
        name = base.resolve().name if name is None else name
        _check_name(name)
        self.model = ServedModel(base, name, labels, all_versions)
        asked = ModelService(self.model), most_mebibytes * 2**20
        self._rest = _bind(RestServer, *asked, rest_port, "--rest-port")
        self.rest_port = self._rest.server_port
        self._grpc = self.grpc_port = None
        try:
            if grpc_port is not None and importlib.util.find_spec("grpc"):
                from tfgen.export.development_server.grpc_server import (
                    GrpcServer,
                )

                self._grpc = _bind(GrpcServer, *asked, grpc_port, "--grpc-port")
                self.grpc_port = self._grpc.port
            _load(self.model)
        except BaseException:
            self._close()
            raise
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._rest.serve_forever, daemon=True),
            threading.Thread(target=self._poll, daemon=True),
        ]

    @property
    def rest_url(self) -> str:
        """Where the REST interface is."""
        return f"http://127.0.0.1:{self.rest_port}"

    @property
    def description(self) -> str:
        """Model, versions and addresses, for the terminal."""
        model = self.model
        numbers = [v.number for v in model.versions if v.state == "AVAILABLE"]
        lines = [
            f"development server, not for production: model {model.name}, "
            f"version {', '.join(map(str, numbers))}",
            f"REST  {self.rest_url}/v1/models/{model.name}:predict",
            f"gRPC  127.0.0.1:{self.grpc_port}"
            if self.grpc_port
            else "gRPC  off; pip install 'tfgen[serving]' for it",
        ]
        return "\n".join(lines)

    def start(self) -> None:
        """Answer from now on, in threads of their own."""
        for thread in self._threads:
            thread.start()
        if self._grpc:
            self._grpc.start()

    def stop(self) -> None:
        """Let go of the ports and of the model, started or not."""
        self._stop.set()
        if self._threads[0].ident is not None:
            self._rest.shutdown()  # would wait for ever for a start
            for thread in self._threads:
                thread.join()
        self._close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            try:
                self.model.refresh()
            except OSError:  # a folder went away while it was looked at
                continue
            except Exception:  # a mistake of this server's: try again
                traceback.print_exc()

    def _close(self) -> None:
        ends = time.monotonic() + _STOP_SECONDS
        self._rest.server_close()
        if self._grpc:
            self._grpc.stop(_STOP_SECONDS)
        self.model.close(max(0.0, ends - time.monotonic()))
        self._rest.finish(max(0.0, ends - time.monotonic()))


def main(arguments: list[str]) -> int:
    """Answer until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser("standalone.py serve")
    parser.add_argument("base", metavar="BASE")
    parser.add_argument("--name")
    parser.add_argument("--rest-port", type=int, default=8501)
    parser.add_argument("--grpc-port", type=int, default=8500)
    parser.add_argument("--all-versions", action="store_true")
    parser.add_argument(
        "--max-request-mebibytes",
        dest="most_mebibytes",
        type=int,
        default=MOST_MEBIBYTES,
    )
    parser.add_argument(
        "--label", dest="labels", action="append", default=[], type=_label
    )
    options = vars(parser.parse_args(arguments))
    options["labels"] = dict(options["labels"])
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with DevelopmentServer(**options) as server:
        print(server.description, flush=True)
        stop.wait()
    return 0


def _bind(
    kind: type, service: ModelService, most_bytes: int, port: int, option: str
) -> Any:
    try:
        return kind(service, port, most_bytes)
    except OSError as error:
        raise ValueError(
            f"Port {port} cannot be used ({error.strerror or error}). Pass "
            f"{option} with another one, or 0 for any that is free."
        ) from None


def _check_name(name: str) -> None:
    # Others do not come through a URL as they are.
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise ValueError(
            f"The model's name is {name!r}; expected letters, digits, '_', '.' "
            "and '-' alone. Pass --name with such a name."
        )


def _nothing_to_serve(base: Path) -> ValueError:
    versions = list_versions(base)
    if versions:
        newest = max(versions)
        return ValueError(
            f"Expected a complete version in {base}, but of version {newest} "
            f"the file {missing_file(versions[newest])} is missing. Copy all "
            "of it, or export the model again."
        )
    models = [path for path in sorted(base.glob("*")) if list_versions(path)]
    if models:
        return ValueError(
            f"Expected the folder of one model; {base} holds those of "
            f"{', '.join(path.name for path in models)}. Pass one of them, "
            f"such as {models[0]}."
        )
    return ValueError(
        f"Expected a folder with versions, such as {base}/1; {base} holds "
        "none. Write one with `tfgen export`."
    )


def _load(model: ServedModel) -> None:
    check_no_version(model.base)
    model.refresh()
    if not model.versions:
        raise _nothing_to_serve(model.base)
    loaded = {version.number: version for version in model.versions}
    for version in loaded.values():
        if version.error:
            raise RuntimeError(version.error)
    for label, number in model.labels.items():
        if number not in loaded:
            raise ValueError(
                f"The label {label!r} stands for version {number}, which "
                f"{model.base} does not hold; expected one of "
                f"{', '.join(map(str, sorted(loaded)))}. Pass another --label."
            )


def _label(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)
