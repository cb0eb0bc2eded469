"""How far a long pass over data is, on standard error."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Piece = TypeVar("Piece")

QUIET_SECONDS = 3.0
"""Work that takes less says nothing."""
_TERMINAL_SECONDS = 0.2
_LOG_SECONDS = 30.0


class Progress:
    """Rows done, rows a second and the time left, once work takes long.

    A line that is written over on a terminal; else one every half minute.

    Args:
        doing: what is done, such as `"reading photos"`.
        total: number of rows of all the work, or 0 if nobody knows.
        unit: what is counted.
    """

    def __init__(self, doing: str, total: int, unit: str = "rows"):
        self.doing = doing
        self.total = total
        self.unit = unit
        self.done = 0
        self._began = time.monotonic()
        self._shown = False
        self._follows = bool(sys.stderr) and sys.stderr.isatty()
        self._due = self._began + QUIET_SECONDS
        if not self._follows:
            self._due = self._began + max(QUIET_SECONDS, _LOG_SECONDS)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error) -> None:
        if self._shown and self._follows:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + " " * width, end="\r", file=sys.stderr, flush=True)

    def add(self, count: int = 1) -> None:
        """Counts what is done."""
        self.done += count
        now = time.monotonic()
        if now < self._due:
            return
        self._shown = True
        self._due = now + (_TERMINAL_SECONDS if self._follows else _LOG_SECONDS)
        line = self._line(now - self._began)
        if not self._follows:
            print(line, file=sys.stderr, flush=True)
            return
        # A line that wraps could not be written over.
        width = shutil.get_terminal_size().columns - 1
        line = "\r" + line[:width].ljust(width)
        print(line, end="", file=sys.stderr, flush=True)

    def _line(self, seconds: float) -> str:
        rate = self.done / seconds
        line = f"{self.doing}: {self.done:,}"
        if self.total:
            line += f" of {self.total:,}"
        line += f" {self.unit}, {rate:,.0f}/s"
        if self.total and rate:
            left = round(max(0, self.total - self.done) / rate)
            line += f", {left // 60}:{left % 60:02} left"
        return line


def followed(
    pieces: Iterable[Piece],
    doing: str,
    total: int,
    size: Callable[[Piece], int] = len,
    unit: str = "rows",
) -> Iterator[Piece]:
    """Yields pieces, and shows how far that is if it takes long.

    Args:
        pieces: whatever is worked on.
        doing: what is done with them, such as `"reading photos"`.
        total: rows of all pieces, or 0 if nobody knows.
        size: gives the rows of a piece.
        unit: what is counted, if not rows.
    """
    with Progress(doing, total, unit) as progress:
        for piece in pieces:
            yield piece
            progress.add(size(piece))
