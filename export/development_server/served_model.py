"""The versions of one model: found, loaded, asked, exchanged."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.development_server.serving_error import Code, ServingError
from tfgen.export.version_folders import list_versions


@dataclass
class Version:
    """One version that was seen.

    Attributes:
        number: Its number.
        state: `"LOADING"`, `"AVAILABLE"`, `"UNLOADING"` or `"END"`.
        error: Why it could not be loaded; empty otherwise.
    """

    number: int
    state: str = "LOADING"
    error: str = ""
    session: SavedModelSession | None = None
    users: int = 0


class ServedModel:
    """The newest version in a folder, and its successors as they appear.

    A new version takes over once it is loaded; the old one is closed when its
    last request is answered. A version that cannot be loaded changes nothing
    but the status.

    Args:
        base: Folder with the versions.
        name: What clients call the model.

    Raises:
        ValueError: If there is no version.
        RuntimeError: If the newest one cannot be loaded.
    """

    def __init__(self, base: str | Path, name: str):
        self.base = Path(base)
        self.name = name
        self._versions: dict[int, Version] = {}
        self._lock = threading.Lock()

    @property
    def versions(self) -> list[Version]:
        """All that were seen, the newest first."""
        with self._lock:
            return sorted(
                self._versions.values(), key=lambda v: v.number, reverse=True
            )

    def refresh(self) -> None:
        """Load the newest version if it is new, and retire the others."""
        found = list_versions(self.base)
        if not found:
            return
        newest = max(found)
        if newest not in self._versions:
            self._load(newest, found[newest])
        if self._versions[newest].state == "AVAILABLE":
            for version in self.versions:
                if version.number != newest:
                    self._retire(version)

    @contextlib.contextmanager
    def use(self, number: int | None = None) -> Iterator[Version]:
        """Yield a version that stays open meanwhile; default: the newest.

        Raises:
            ServingError: If it is not there.
        """
        version = self._take(number)
        try:
            yield version
        finally:
            with self._lock:
                version.users -= 1
            self._close_if_unused(version)

    def close(self) -> None:
        """Close every version."""
        for version in self.versions:
            self._retire(version)

    def _take(self, number: int | None) -> Version:
        with self._lock:
            available = {
                version.number: version
                for version in self._versions.values()
                if version.state == "AVAILABLE"
            }
            wanted = max(available, default=None) if number is None else number
            if wanted not in available:
                request = (
                    f"Latest({self.name})"
                    if number is None
                    else f"Specific({self.name}, {number})"
                )
                raise ServingError(
                    Code.NOT_FOUND,
                    f"Servable not found for request: {request}",
                )
            available[wanted].users += 1
            return available[wanted]

    def _load(self, number: int, path: Path) -> None:
        version = Version(number)
        with self._lock:
            self._versions[number] = version
        try:
            version.session = SavedModelSession(path)
        except (ValueError, RuntimeError) as error:
            version.error = " ".join(str(error).split())
            version.state = "END"
        else:
            version.state = "AVAILABLE"

    def _retire(self, version: Version) -> None:
        with self._lock:
            if version.state != "AVAILABLE":
                return
            version.state = "UNLOADING"
        self._close_if_unused(version)

    def _close_if_unused(self, version: Version) -> None:
        with self._lock:
            if version.state != "UNLOADING" or version.users:
                return
            version.state = "END"
            session, version.session = version.session, None
        session.close()
