"""Divisions of rows in which equal rows always stay together."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np


def divide_rows(
    chunks: Iterable[np.ndarray], fractions: Sequence[float], seed: int
) -> list[np.ndarray]:
    """Divide rows into parts as a pure function of (content, seed).

    Rows are grouped by a keyed hash of their bytes; the groups are sorted by
    hash and fill one part after the other. So equal rows land in the same
    part, the order of the rows does not matter, and the sizes meet the
    fractions up to the size of one group.

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
    _, group, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    starts = np.cumsum(sizes) - sizes
    bounds = np.rint(np.cumsum(fractions)[:-1] * len(hashes))
    part_of_row = np.searchsorted(bounds, starts, side="right")[group]
    return [
        np.flatnonzero(part_of_row == part) for part in range(len(fractions))
    ]


def _row_hashes(chunks: Iterable[np.ndarray], seed: int) -> np.ndarray:
    key = hashlib.sha256(str(seed).encode()).digest()
    digests = []
    for chunk in chunks:
        if chunk.dtype.kind == "f":
            chunk = chunk + chunk.dtype.type(0)  # -0.0 equals 0.0
        rows = np.ascontiguousarray(chunk).reshape(len(chunk), -1)
        digests.extend(
            hashlib.blake2b(row, key=key, digest_size=8).digest()
            for row in rows
        )
    return np.frombuffer(b"".join(digests), np.dtype("<u8"))
