"""Files that are there whole or not at all."""

import contextlib
import errno
import fcntl
import os
import pathlib
import re
import typing
from collections.abc import Iterator

if typing.TYPE_CHECKING:
    import keras


DISK_ERRORS = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.ESTALE,
    errno.EIO,
)
_TEMPORARY = re.compile(r"\.(\d+)\..+")


@contextlib.contextmanager
def written_whole(
    path: str | os.PathLike, overwrite: bool = True
) -> Iterator[pathlib.Path]:
    """Gives a temporary path beside `path` that takes its place at the end.

    The file is synced to disk before it is renamed. A process killed at any
    moment leaves the old file or the new one.

    Args:
        path: where the file shall be.
        overwrite: if False, an existing file is an error.

    Raises:
        ValueError: if the file exists and may not be overwritten.
        OSError: with the path, if the disk is full or gone; nothing is left.
    """
    path = pathlib.Path(path)
    if path.exists() and not overwrite:
        raise ValueError(
            f"{path} exists: pass overwrite=True, or another path."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keras reads the format from the ending, so it stays last.
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with disk_errors_named(path):
            yield temporary
            sync(temporary)
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: str | os.PathLike) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(error: BaseException | None) -> int | None:
    """The number of the disk's error that an exception came from, if any.

    TensorFlow and HDF5 have types of their own for it, but keep the words of
    the system.

    Example:
    >>> from tfgen.training.files import disk_error
    >>> disk_error(RuntimeError("write failed: No space left on device"))
    28
    """
    if error is None:
        return None
    for code in DISK_ERRORS:
        is_it = isinstance(error, OSError) and error.errno == code
        if is_it or os.strerror(code) in str(error):
            return code
    return disk_error(error.__cause__ or error.__context__)


@contextlib.contextmanager
def disk_errors_named(path: str | os.PathLike) -> Iterator[None]:
    """Lets errors of the disk name the file that could not be written.

    Raises:
        OSError: with the path, for such an error in the block.
    """
    try:
        yield
    except Exception as error:
        code = disk_error(error)
        if code is None:
            raise
        raise OSError(code, os.strerror(code), os.fspath(path)) from error


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Removes temporary files of `written_whole` whose process was killed."""
    for path in pathlib.Path(folder).rglob(".*"):
        match = _TEMPORARY.fullmatch(path.name)
        if match and not _is_alive(int(match[1])):
            path.unlink(missing_ok=True)


def _is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


@contextlib.contextmanager
def claimed(folder: str | os.PathLike, busy: str) -> Iterator[None]:
    """Makes a folder and keeps other processes from claiming it.

    Args:
        folder: its path.
        busy: message of the error.

    Raises:
        ValueError: if another process has claimed it.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # The kernel lets go of the lock when the process ends in any way.
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ValueError(busy) from None
    finally:
        os.close(lock)


def writes_files(model: "keras.Model") -> bool:
    """Whether this process, of all that train the model, writes its files."""
    return model.distribute_strategy.extended.should_save_summary
