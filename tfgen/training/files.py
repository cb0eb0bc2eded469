"""Files that are there whole or not at all."""

import contextlib
import fcntl
import os
import pathlib
import typing
from collections.abc import Iterator

if typing.TYPE_CHECKING:
    import keras


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
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
