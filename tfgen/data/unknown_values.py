"""Values that training data had not: refused, or flagged and said."""

import typing

import numpy as np

from tfgen.data.notes import say
from tfgen.data.raw_table import few

if typing.TYPE_CHECKING:
    from tfgen.data.source import Source

ON_UNKNOWN = ("refuse", "flag")


def check_on_unknown(on_unknown: str, like: object = True) -> None:
    """Raise ValueError for another choice, or one without training data."""
    if on_unknown not in ON_UNKNOWN:
        raise ValueError(
            f"on_unknown is {on_unknown!r}, expected one of "
            f"{', '.join(ON_UNKNOWN)}."
        )
    if on_unknown != "refuse" and like is None:
        raise ValueError(
            f"on_unknown is {on_unknown!r}, but without like= nothing is "
            "unknown: pass the model, or leave on_unknown out."
        )


def say_unknown(source: "Source") -> None:
    """Say in one line which values are unknown, and how many rows have them.

    Args:
        source: read like training data.
    """
    found = source.unknown
    if not found:
        return
    rows = np.any([*found.values()], axis=0)
    first = source._stored_indices()[rows.argmax()]
    told = [
        f"column {name!r}: {few(_with_counts(source, name), most=3)}"
        for name in found
    ]
    say(
        f"{source.name}: {rows.sum():,} of {len(source):,} rows have values "
        f"that the training data had not, flagged: {few(told, '; ')}; the "
        f"first is row {first}, counted from 0.",
        stacklevel=4,
    )


def _with_counts(source, name):
    """What is unknown in a column, each with how many of the rows have it."""
    stored = source._stored_indices()
    counts = {
        what: np.isin(rows, stored).sum()
        for what, rows in source.storage.unknown[name].items()
    }
    return [f"{what} ({n:,})" for what, n in counts.items() if n]
