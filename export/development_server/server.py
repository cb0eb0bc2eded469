"""The development server as one object."""

import threading
from pathlib import Path

from tfgen.export.development_server.model_service import ModelService
from tfgen.export.development_server.rest_server import RestServer
from tfgen.export.development_server.served_model import ServedModel

_POLL_SECONDS = 1.0


class DevelopmentServer:
    """A model on 127.0.0.1, answering as TensorFlow Serving does.

    For development: no encryption, no authentication, one model.

    Args:
        base: Folder with the model's versions.
        name: The model's name; default: the folder's.
        rest_port: 0 takes a free one.

    Attributes:
        rest_port: The port of the REST interface.

    Raises:
        ValueError: If there is no version, or a port is taken.
        RuntimeError: If the newest version cannot be loaded.

    Example:
    >>> with DevelopmentServer("serving/vae", rest_port=0) as server:
    ...     requests.get(f"{server.rest_url}/v1/models/vae").json()
    """

    def __init__(
        self,
        base: str | Path,
        name: str | None = None,
        rest_port: int = 8501,
    ):
        base = Path(base)
        self.model = ServedModel(base, name or base.resolve().name)
        self.model.refresh()
        if not self.model.versions:
            raise ValueError(
                f"Expected a folder with versions, such as {base}/1; {base} "
                "holds none. Write one with `tfgen export`."
            )
        if self.model.versions[0].error:
            raise RuntimeError(self.model.versions[0].error)
        self._rest = _bind(rest_port, "--rest-port", self.model)
        self.rest_port = self._rest.server_port
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
        """What is served where, for the terminal."""
        model = self.model
        return (
            f"development server for the model {model.name}, version "
            f"{model.versions[0].number}; not for production\n"
            f"REST  {self.rest_url}/v1/models/{model.name}:predict"
        )

    def start(self) -> None:
        """Answer from now on, in threads of their own."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let go of the ports and of the model."""
        self._stop.set()
        self._rest.shutdown()
        self._rest.server_close()
        for thread in self._threads:
            thread.join()
        self.model.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            self.model.refresh()


def _bind(port: int, option: str, model: ServedModel) -> RestServer:
    try:
        return RestServer(ModelService(model), port)
    except OSError as error:
        raise ValueError(
            f"Port {port} is taken ({error.strerror}). Pass {option} with "
            "another one, or 0 for any that is free."
        ) from None
