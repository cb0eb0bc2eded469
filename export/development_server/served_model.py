"""The versions of one model: found, loaded, asked, exchanged."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tfgen.export.batching import BatchingSession, read_batching_parameters
from tfgen.export.cpp_runtime import SavedModelSession
from tfgen.export.development_server.serving_error import (
    ServingError,
    invalid,
    without_batching_nodes,
)
from tfgen.export.manifest import BATCHING_FILE, WARM_UP_FILE, missing_file
from tfgen.export.messages import Code
from tfgen.export.sample_requests import read_warm_up
from tfgen.export.version_folders import list_versions


@dataclass
class Version:
    """One version that was seen.

    Attributes:
        number: Its number.
        state: `"LOADING"`, `"AVAILABLE"`, `"UNLOADING"` or `"END"`.
        error: Why it could not be loaded; empty otherwise.
        session: The loaded version, while it is available.
        users: Requests that are being answered.
        changed: When its files changed before it was loaded.
    """

    number: int
    state: str = "LOADING"
    error: str = ""
    session: BatchingSession | None = None
    users: int = 0
    changed: int = 0


class ServedModel:
    """The newest version in a folder, and its successors as they appear.

    A new version takes over once it is loaded; the old one is closed when its
    last request is answered. A version that is being copied there counts once
    its files are complete. A version that cannot be loaded changes nothing
    but the status; it is tried again when its files change.

    Args:
        base: Folder with the versions.
        name: Name by which clients ask for the model.
        labels: Versions to load besides the newest, by names that clients
            may ask for.
        all_versions: Load every version.
    """

    def __init__(
        self,
        base: str | Path,
        name: str,
        labels: Mapping[str, int] | None = None,
        all_versions: bool = False,
    ):
        self.base = Path(base)
        self.name = name
        self.labels = dict(labels or {})
        self.all_versions = all_versions
        self._versions: dict[int, Version] = {}
        self._closing = False
        # Notified when a version is closed.
        self._lock = threading.Condition()

    @property
    def versions(self) -> list[Version]:
        """All that were seen, the newest first."""
        with self._lock:
            return sorted(
                self._versions.values(), key=lambda v: v.number, reverse=True
            )

    def labelled(self, label: str) -> int:
        """Return the number that a label stands for.

        Raises:
            ServingError: If it stands for none.
        """
        if label not in self.labels:
            raise invalid(f"Unrecognized servable version label: {label}")
        return self.labels[label]

    def refresh(self) -> None:
        """Load what is new and wanted, then retire what is no longer."""
        found = {
            number: path
            for number, path in list_versions(self.base).items()
            if self._is_available(number) or not missing_file(path)
        }
        if not found:
            return
        wanted = {max(found), *self.labels.values()} & set(found)
        if self.all_versions:
            wanted = set(found)
        for number in sorted(wanted):
            self._load(number, found[number])
        if self._versions[max(wanted)].state == "AVAILABLE":
            for version in self.versions:
                if version.number not in wanted:
                    self._retire(version)

    @contextlib.contextmanager
    def use(self, number: int | None = None) -> Iterator[Version | None]:
        """Yield a version that stays open meanwhile; None if there is none.

        Args:
            number: Which; default: the newest that is available.

        Raises:
            ServingError: If the model is being closed.
        """
        version = self._take(number)
        try:
            yield version
        finally:
            if version is not None:
                with self._lock:
                    version.users -= 1
                self._close_if_unused(version)

    def close(self, timeout: float = 30.0) -> None:
        """Close every version once its requests are answered.

        Args:
            timeout: Seconds to wait for them; then they lose their version
                with the process.
        """
        with self._lock:
            self._closing = True
        for version in self.versions:
            self._retire(version)
        with self._lock:
            self._lock.wait_for(self._all_closed, timeout)

    def _all_closed(self) -> bool:
        return all(v.session is None for v in self._versions.values())

    def _is_available(self, number: int) -> bool:
        seen = self._versions.get(number)
        return seen is not None and seen.state == "AVAILABLE"

    def _take(self, number: int | None) -> Version | None:
        with self._lock:
            if self._closing:
                raise ServingError(
                    Code.UNAVAILABLE, "The development server is stopping."
                )
            available = [
                version
                for version in self._versions.values()
                if version.state == "AVAILABLE"
                and number in (None, version.number)
            ]
            version = max(available, key=lambda v: v.number, default=None)
            if version is not None:
                version.users += 1
            return version

    def _load(self, number: int, path: Path) -> None:
        before = self._versions.get(number)
        changed = _changed(path)
        if before is not None and not (
            before.state == "END" and before.changed != changed
        ):
            return
        version = Version(number, changed=changed)
        with self._lock:
            self._versions[number] = version
        try:
            version.session = load_version(path)
        except Exception as error:  # whatever is wrong with a version
            text = " ".join(without_batching_nodes(str(error)).split())
            version.error = text or repr(error)
            version.state = "END"
        else:
            version.state = "AVAILABLE"

    def _retire(self, version: Version) -> None:
        with self._lock:
            if version.state != "AVAILABLE":
                return
            version.state = "UNLOADING"
            # If it is wanted again, it will count as changed.
            version.changed = 0
        self._close_if_unused(version)

    def _close_if_unused(self, version: Version) -> None:
        with self._lock:
            if version.state != "UNLOADING" or version.users:
                return
            version.state = "END"
            session, version.session = version.session, None
            self._lock.notify_all()
        session.close()


def load_version(path: Path) -> BatchingSession:
    """Load a version as TensorFlow Serving does: batching, then warm-up."""
    parameters = read_batching_parameters(path / BATCHING_FILE)
    session = SavedModelSession(path)
    try:
        batching = BatchingSession(session, parameters)
        for signature, inputs in read_warm_up(path / WARM_UP_FILE):
            batching.run(signature, **inputs)
    except BaseException:
        session.close()
        raise
    return batching


def _changed(path: Path) -> int:
    times = [path.stat().st_mtime_ns]
    for file in path.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            times.append(file.stat().st_mtime_ns)
    return max(times)
