"""Errors of the disk, which say nothing about the trial that met them."""

import contextlib
import errno
import os

from tfgen.tuning.oracles.failure_reason import one_line

CODES = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.ESTALE,
    errno.EIO,
)


class DiskError(OSError):
    """The disk is full or gone: no trial can be trained."""


def is_disk_error(error: BaseException | None) -> bool:
    """Whether an exception, or what it came from, is an error of the disk.

    TensorFlow and HDF5 have types of their own for it, but keep the words of
    the system.

    >>> is_disk_error(RuntimeError("write failed: No space left on device"))
    True
    """
    if error is None:
        return False
    code = error.errno if isinstance(error, OSError) else None
    return (
        isinstance(error, DiskError)
        or code in CODES
        or any(os.strerror(code) in str(error) for code in CODES)
        or is_disk_error(error.__cause__ or error.__context__)
    )


@contextlib.contextmanager
def disk_errors_in_a_line(folder):
    """Says what to do where a search ends for want of its disk.

    Args:
        folder: of the search.

    Raises:
        DiskError: for errors of the disk in the block; others pass.
    """
    try:
        yield
    except Exception as error:
        if not is_disk_error(error):
            raise
        raise DiskError(
            f"the search in {folder} has stopped, since files cannot be "
            f"written: {one_line(str(error)).rstrip('.')}. Make room or mend "
            "the disk, and run the search again: it goes on where it was."
        ) from error
