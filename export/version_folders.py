"""Version folders: `BASE/<integer>/`, there as a whole or not at all.

TensorFlow Serving polls BASE and loads every sub-folder whose name is an
integer, so a version must appear at once, finished. It is written under a
name that is no integer, on the same file system, and renamed. A version that
is removed is renamed first, too.
"""

import contextlib
import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from tfgen.export.manifest import has_manifest

_TEMPORARY_PREFIX = ".tfgen-export-"
# TensorFlow Serving reads a name as an int64 and ignores larger numbers.
_LARGEST = 2**63 - 1


def list_versions(base: str | Path) -> dict[int, Path]:
    """Return the versions in `base`, ascending; none if there is no `base`.

    Names are read as TensorFlow Serving reads them: `003` is version 3, and
    2**63 is none. A file is no version.
    """
    base = Path(base)
    if not base.is_dir():
        return {}
    paths = {
        int(path.name): path
        for path in base.iterdir()
        if _is_version(path.name) and path.is_dir()
    }
    return dict(sorted(paths.items()))


def check_no_version(base: str | Path) -> None:
    """Raise ValueError for a folder that is a version and holds none."""
    base = Path(base)
    if (base / "saved_model.pb").exists():
        raise ValueError(
            f"Expected a folder of versions, but {base} holds a SavedModel "
            "itself: it is one version, or was written with --flat. Pass the "
            f"folder above a version, {base.resolve().parent}, or another path."
        )


def new_version(
    base: str | Path, version: int | None = None
) -> contextlib.AbstractContextManager["VersionFolder"]:
    """Give a folder that becomes `base/<version>` if the block succeeds.

    After an exception nothing is left; after a kill, a temporary folder that
    servers ignore and the next call removes.

    Args:
        base: Folder of one model's versions. Made if it does not exist.
        version: Integer from 1 to 2**63 - 1; default is one above the
            highest.

    Raises:
        ValueError: If `base` is not a local folder or is a version itself,
            or `version` is no such integer or exists already.
    """
    base = _check_base(base)
    check_no_version(base)

    def place() -> Path:
        number = _next_version(base) if version is None else version
        _check_version(base, number)
        return base / str(number)

    return _appearing_folder(base, place)


def new_folder(
    path: str | Path,
) -> contextlib.AbstractContextManager["VersionFolder"]:
    """Give a folder that becomes `path` if the block succeeds.

    As `new_version`, for those who want one folder and no versions.

    Raises:
        ValueError: If there is something at `path`.
    """
    path = Path(path)

    def place() -> Path:
        if path.exists() or path.is_symlink():
            raise ValueError(
                f"Expected the name of a new folder, but {path} exists, and "
                "exports never overwrite. Pass another path or remove it."
            )
        return path

    return _appearing_folder(_check_base(path).parent, place)


def remove_versions(
    base: str | Path, choose: Callable[[dict[int, Path]], Iterable[int]]
) -> list[int]:
    """Remove versions, each at once as servers see it.

    Args:
        base: Folder of one model's versions.
        choose: Is given what `list_versions` returns, while no other export
            adds or removes a version; returns those to remove.

    Returns:
        The versions that were removed; not those that were gone already.
    """
    base = Path(base)
    removed = []
    with _locked(base):
        paths = list_versions(base)
        for version in choose(paths):
            temporary = _temporary(base)
            try:
                os.rename(paths[version], temporary)
            except FileNotFoundError:  # somebody's rm heeds no lock
                continue
            shutil.rmtree(temporary, ignore_errors=True)
            removed.append(version)
        _synchronize_entry(base)
    return removed


def keep_last(
    base: str | Path, keep: int, new: int, protect: Collection[int] = ()
) -> list[int]:
    """Remove all but the `keep` highest versions and those that must stay.

    Versions without a manifest of tfgen's neither count nor are removed.

    Args:
        base: Folder of one model's versions.
        keep: 1 or more.
        new: Version that was written just now.
        protect: Versions that stay besides, such as those that a server's
            configuration names.

    Returns:
        The versions that were removed.
    """
    stay = {new, *protect}

    def choose(paths: dict[int, Path]) -> list[int]:
        own = [
            version
            for version, path in paths.items()
            if not path.is_symlink() and has_manifest(path)
        ]
        return [version for version in own[:-keep] if version not in stay]

    return remove_versions(base, choose)


def check_keep(keep: int | None) -> None:
    """Raise ValueError for anything but a number of versions or None."""
    if keep is not None and not _is_integer(keep):
        raise ValueError(
            f"Expected keep to be an integer from 1 on, got {keep!r}. Leave it "
            "out to keep all versions."
        )


def check_protect(base: str | Path, protect: Collection[int]) -> None:
    """Raise ValueError for a number that is no version in `base`.

    A slip of the pen would else remove the version that was meant.
    """
    versions = list_versions(base)
    for version in protect:
        if isinstance(version, bool) or version not in versions:
            there = ", ".join(map(str, versions)) or "none"
            raise ValueError(
                f"Expected protect to name versions in {base} (there: "
                f"{there}), got {version!r}. Correct it or leave it out."
            )


class VersionFolder:
    """Where a version is being written and, once it is finished, lies.

    Attributes:
        path: The temporary folder; after the `with` block, `base/<version>`.
    """

    def __init__(self, path: Path):
        self.path = path


@contextlib.contextmanager
def _appearing_folder(
    parent: Path, place: Callable[[], Path]
) -> Iterator[VersionFolder]:
    """A temporary folder in `parent`, renamed at the end to `place()`.

    A rename within one file system is the only step that a server, or a
    reader after a crash, can see: all bytes are on the disk by then.
    """
    place()  # its complaints are due before the work is done
    parent.mkdir(parents=True, exist_ok=True)
    with _locked(parent):
        _remove_leftovers(parent)
        path = _temporary(parent)
        path.mkdir()
        lock = _lock(path)
    folder = VersionFolder(path)
    try:
        yield folder
        _synchronize(path)
        with _locked(parent):
            # Again, now that no other export can interfere: rename() would
            # replace an empty folder.
            folder.path = place()
            os.rename(path, folder.path)
            _synchronize_entry(parent)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _temporary(parent: Path) -> Path:
    return parent / f"{_TEMPORARY_PREFIX}{uuid.uuid4().hex}"


def _check_base(base: str | Path) -> Path:
    if "://" in str(base):
        raise ValueError(
            f"Expected a local folder to export to, got {base}. Export to a "
            "local folder and copy the finished version."
        )
    base = Path(base)
    if base.exists() and not base.is_dir():
        raise ValueError(
            f"Expected a folder to export to, but {base} is a file. Pass "
            "another path."
        )
    return base


def _is_version(name: str) -> bool:
    return name.isascii() and name.isdigit() and int(name) <= _LARGEST


def _is_integer(value: object) -> bool:
    return type(value) is int and 1 <= value <= _LARGEST


def _next_version(base: Path) -> int:
    version = max(list_versions(base), default=0) + 1
    while os.path.lexists(base / str(version)):  # a file of that name
        version += 1
    return version


def _check_version(base: Path, version: int) -> None:
    if not _is_integer(version):
        raise ValueError(
            f"Expected version to be an integer from 1 on and below 2**63, got "
            f"{version!r}. Pass another one, or leave it out to take the "
            "next free one."
        )
    versions = list_versions(base)
    if version in versions:
        raise ValueError(
            f"Version {version} exists already in {base}, which holds "
            f"{', '.join(map(str, versions))}; versions are never "
            f"overwritten. Pass version={max(versions) + 1} or leave it out."
        )
    if os.path.lexists(base / str(version)):
        raise ValueError(
            f"Expected a new version, but {base / str(version)} exists and is "
            "no folder. Pass another version or remove it."
        )


def _remove_leftovers(base: Path) -> None:
    """Remove the temporary folders of exports whose process is gone.

    A living export holds a lock on its folder; the kernel lets go of it when
    the process ends in whatever way. (A process id would not do: it may be
    taken again, and means nothing in another container.) Another user's
    folder that cannot be opened is left to that user.
    """
    for path in base.glob(f"{_TEMPORARY_PREFIX}*"):
        try:
            lock = _lock(path)
        except (BlockingIOError, FileNotFoundError, PermissionError):
            continue
        try:
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(lock)


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def _locked(base: Path) -> Iterator[None]:
    """Hold the lock on `base`, waiting for other exports that hold it."""
    descriptor = os.open(base, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _synchronize(folder: Path) -> None:
    """Bring every file and folder below `folder`, and itself, to the disk."""
    for path in folder.rglob("*"):
        _synchronize_entry(path)
    _synchronize_entry(folder)


def _synchronize_entry(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
