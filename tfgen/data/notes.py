"""What a reader guessed, said in one line."""

import warnings


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
