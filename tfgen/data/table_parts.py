"""What the numbers of a mixed table's rows are, as networks see them."""

import dataclasses
from collections.abc import Sequence

import numpy as np

NUMBER = "number"
_OR = f"{NUMBER} or "


@dataclasses.dataclass(frozen=True)
class TableParts:
    """Where in a row real numbers and codes stand.

    Args:
        parts: for each column `"number"`; `"number or 2"`, a number and a code
            that is 0 where the number counts, else 1 or 2 for values that are
            told apart, such as a gap; or of how many codes 0, 1, ... it is.

    Raises:
        ValueError: for anything else.

    Example:
    >>> from tfgen.data.table_parts import TableParts
    >>> parts = TableParts(("number or 1", 3))
    >>> parts.width, parts.numbers, parts.codes
    (3, array([0]), {2: [1], 3: [2]})
    """

    parts: tuple[int | str, ...]

    def __post_init__(self):
        for part in self.parts:
            count = str(part).removeprefix(_OR)
            is_count = count.isdecimal() and int(count) > 0
            if part != NUMBER and not is_count:
                raise ValueError(
                    f"columns has {part!r}, expected {NUMBER!r}, such as "
                    f"'{_OR}1', or how many codes there are, for each column."
                )

    @property
    def levels(self) -> list[int]:
        """Of how many codes each number of a row is one; 0 for real ones."""
        return [n for part in self.parts for n in _levels(part)]

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return len(self.levels)

    @property
    def numbers(self) -> np.ndarray:
        """Places of real numbers."""
        return np.flatnonzero(np.array(self.levels) == 0)

    @property
    def codes(self) -> dict[int, list[int]]:
        """Places of codes, by how many there are of such."""
        places = {}
        for i, n in enumerate(self.levels):
            if n:
                places.setdefault(n, []).append(i)
        return places

    @property
    def beside(self) -> np.ndarray:
        """For each number of a row the place of its code, or `width`."""
        places, start = np.full(self.width, self.width), 0
        for part in self.parts:
            if str(part).startswith(_OR):
                places[start] = start + 1
            start += len(_levels(part))
        return places

    @property
    def column(self) -> np.ndarray:
        """For each number of a row the number of its column."""
        widths = [len(_levels(part)) for part in self.parts]
        return np.repeat(np.arange(len(widths)), widths)

    def one_hot(self, x: np.ndarray) -> np.ndarray:
        """Return rows with codes as one-hot vectors, after real numbers."""
        found = [x[:, self.numbers]]
        for levels, places in self.codes.items():
            codes = np.rint(x[:, places]).astype(np.int64)
            found += [np.eye(levels, dtype=x.dtype)[c] for c in codes.T]
        return np.concatenate(found, axis=1)


def number_or(specials: int) -> str:
    """Return what a column of numbers is with so many special values."""
    return f"{_OR}{specials}" if specials else NUMBER


def _levels(part: int | str) -> tuple[int, ...]:
    if isinstance(part, int):
        return (part,)
    return (0, int(part.removeprefix(_OR)) + 1) if part != NUMBER else (0,)


def ordered(groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Return how values that stand in groups come back into their order."""
    return np.argsort(np.concatenate([np.asarray(g, int) for g in groups]))
