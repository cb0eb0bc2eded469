"""Rows divided into splits as a pure function of their content and a seed."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tfgen.data.notes import say

_hasher: "RowHasher | None" = None


def divide_rows(
    hashes: np.ndarray, fractions: Sequence[float]
) -> list[np.ndarray]:
    """Divide rows into parts as a pure function of their hashes.

    Rows are grouped by a keyed hash of their bytes; the groups are sorted by
    hash and fill one part after the other. So equal rows land in the same
    part, the order of the rows does not matter, and the sizes meet the
    fractions up to the size of one group. Where so few rows are distinct that a
    part would get less than half of its share, rows are divided instead of
    groups, which is said.

    Args:
        hashes: of the rows, as `row_hashes` gives them.
        fractions: share of each part; they sum to 1.

    Returns:
        For each part the sorted row numbers, int64.

    Raises:
        ValueError: fractions are negative or do not sum to 1.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(
            f"fractions {tuple(fractions)} sum to {sum(fractions):g}; expected "
            "shares of at least 0 that sum to 1."
        )
    # Groups are in the order of their hashes: as good as drawn, and the same
    # for any order of the rows.
    _, group, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    starts = np.cumsum(sizes) - sizes
    bounds = np.rint(np.cumsum(fractions)[:-1] * len(hashes))
    part_of_row = np.searchsorted(bounds, starts, side="right")[group]
    shares = np.diff([0, *bounds, len(hashes)])
    if (np.bincount(part_of_row, minlength=len(shares)) < shares / 2).any():
        say(
            f"only {len(sizes)} of {len(hashes)} rows are distinct, too few to "
            "keep equal rows in one part: parts share rows, so that held-out "
            "rows tell little of how well a model generalises."
        )
        order = np.argsort(_hashes_of_repeats(hashes, group, starts))
        part_of_row[order] = np.searchsorted(
            bounds, np.arange(len(hashes)), side="right"
        )
    return [
        np.flatnonzero(part_of_row == part) for part in range(len(fractions))
    ]


def _hashes_of_repeats(
    hashes: np.ndarray, group: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    """Return a hash of each row and of how often it came before."""
    repeat = np.empty(len(group), np.uint64)
    order = np.argsort(group, kind="stable")
    repeat[order] = np.arange(len(group)) - starts[group[order]]
    # SplitMix64 (Steele, Lea and Flood, 2014), as good as drawn.
    mixed = hashes + (repeat + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def consecutive(sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Return the row numbers of parts that follow one another."""
    ends = np.cumsum(list(sizes.values()))
    return {
        name: np.arange(end - size, end)
        for (name, size), end in zip(sizes.items(), ends, strict=True)
    }


def row_hashes(chunks: Iterable[np.ndarray], seed: int) -> np.ndarray:
    """Return a hash of each row that is keyed by a seed, uint64.

    Args:
        chunks: the rows, in arrays of shape `(k, ...)`.
        seed: which of the divisions.
    """
    hasher = RowHasher(seed)
    for chunk in chunks:
        hasher.add(chunk)
    return hasher.hashes()


class RowHasher:
    """Hashes rows as they come, see `row_hashes`.

    Args:
        seed: which of the divisions.
    """

    def __init__(self, seed: int):
        self.seed = seed
        key = hashlib.sha256(str(seed).encode()).digest()
        # Copying what has the key is faster than making it anew for each row.
        self._keyed = hashlib.blake2b(key=key, digest_size=8)
        self._digests = bytearray()

    def add(self, chunk: np.ndarray) -> None:
        """Hashes rows, shape `(k, ...)`."""
        if chunk.dtype.kind == "f":
            chunk = chunk + chunk.dtype.type(0)  # -0.0 equals 0.0
        content = memoryview(np.ascontiguousarray(chunk)).cast("B")
        size = chunk[0].nbytes
        for start in range(0, len(content), size):
            row = self._keyed.copy()
            row.update(content[start : start + size])
            self._digests += row.digest()

    def hashes(self) -> np.ndarray:
        """Return the hashes of all rows so far."""
        return np.frombuffer(bytes(self._digests), np.dtype("<u8"))


@contextlib.contextmanager
def hashed_on_the_way(seed: int | None) -> Iterator[None]:
    """Within it a reader's pass over a large file hashes its rows too.

    Args:
        seed: which of the divisions; None hashes nothing.
    """
    global _hasher
    outer, _hasher = _hasher, None if seed is None else RowHasher(seed)
    try:
        yield
    finally:
        _hasher = outer


def hashed(pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields rows, hashed where somebody has asked for that."""
    for piece in pieces:
        if _hasher is not None:
            _hasher.add(piece)
        yield piece


def found_hashes(rows: int) -> dict[int, np.ndarray] | None:
    """Return what was hashed on the way, by seed; None unless all rows."""
    hashes = None if _hasher is None else _hasher.hashes()
    if hashes is None or len(hashes) != rows:
        return None
    return {_hasher.seed: hashes}
