"""Rows divided into splits as a pure function of their content and a seed."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from tfgen.data.notes import say


def divide_rows(
    chunks: Iterable[np.ndarray], fractions: Sequence[float], seed: int
) -> list[np.ndarray]:
    """Divide rows into parts as a pure function of (content, seed).

    Rows are grouped by a keyed hash of their bytes; the groups are sorted by
    hash and fill one part after the other. So equal rows land in the same
    part, the order of the rows does not matter, and the sizes meet the
    fractions up to the size of one group. Where so few rows are distinct that a
    part would get less than half of its share, rows are divided instead of
    groups, which is said.

    Args:
        chunks: the rows, in arrays of shape `(k, ...)`.
        fractions: share of each part; they sum to 1.
        seed: which of the divisions.

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
    hashes = _row_hashes(chunks, seed)
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


def _row_hashes(chunks: Iterable[np.ndarray], seed: int) -> np.ndarray:
    key = hashlib.sha256(str(seed).encode()).digest()
    # Copying what has the key is faster than making it anew for each row.
    keyed = hashlib.blake2b(key=key, digest_size=8)
    digests = bytearray()
    for chunk in chunks:
        if chunk.dtype.kind == "f":
            chunk = chunk + chunk.dtype.type(0)  # -0.0 equals 0.0
        content, size = chunk.tobytes(), chunk[0].nbytes
        for start in range(0, len(content), size):
            row = keyed.copy()
            row.update(content[start : start + size])
            digests += row.digest()
    return np.frombuffer(bytes(digests), np.dtype("<u8"))
