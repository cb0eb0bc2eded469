"""What a reader guessed, said in one line."""

import contextlib
import warnings
from collections.abc import Iterator


class DataNote(UserWarning):
    """Says how data were read where the file left it open, or what to doubt.

    Commands print it as a line; in Python it is a warning, to be silenced by
    `warnings.simplefilter("ignore", tfgen.data.DataNote)`.

    Example:
    >>> issubclass(tfgen.data.DataNote, UserWarning)
    True
    """


def say(text: str, stacklevel: int = 3) -> None:
    """Warns of what a reader guessed.

    Args:
        text: one line: what was found, how it is taken, how to set it.
        stacklevel: frames between here and the user's call, as in `warnings`.
    """
    warnings.warn(text, DataNote, stacklevel=stacklevel)


@contextlib.contextmanager
def unsaid() -> Iterator[None]:
    """Keeps notes back, where they were said before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNote)
        yield
