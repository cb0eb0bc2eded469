"""How a text file of a table is laid out: delimiter, header, names."""

import csv
import dataclasses
import gzip
import itertools
import pathlib
import re
import typing
from collections.abc import Iterable, Sequence

MISSING = ("", "na", "nan", "n/a", "null", "none", "?", "<na>")
BOOLEANS = ("false", "true")
UNNAMED = "Unnamed: "
_HEAD, _HEAD_SIZE = 200, 2**18
_DELIMITERS = ("\t", ";", "|", ",")
_QUOTED = re.compile('"[^"]*"')
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"0|[1-9][0-9]*")
_FIXED_POINT = re.compile(r"[+-]?[0-9]*\.([0-9]+)")


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where cells begin and end, and what the columns are called.

    Attributes:
        delimiter: what stands between cells.
        header: whether the first line is one.
        names: names of the columns.
        head: cells of the first rows, without the header.
        spaces: whether spaces follow delimiters.
        note: what was taken where the first line left it open, or None.
    """

    delimiter: str
    header: bool
    names: list[str]
    head: list[list[str]]
    spaces: bool = False
    note: str | None = None


def find_layout(
    path: pathlib.Path,
    header: bool | None = None,
    expected: Sequence[str] = (),
) -> Layout:
    """Return the layout of a table in text.

    The delimiter is the first of tab, semicolon, bar and comma that stands
    equally often in each of the first lines. The first line is a header if it
    has an expected name that is no number, or all that are expected; a text
    where the rows below have numbers, or texts alone. Numbers in it are names
    if they are whole, differ, and

    - count from 0 or 1 on (three of them at least, or over decimals), or
    - are years that follow one another, over numbers that are no years, or
    - stand over decimals alone.

    Args:
        path: the file, UTF-8; `.gz` is unpacked.
        header: whether the first line is a header, or None to find it out.
        expected: names of columns that a caller asks for.

    Raises:
        ValueError: no lines, or no UTF-8 text.
    """
    lines = _first_lines(path)
    delimiter = _delimiter(lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    first, *below = [[cell.strip() for cell in row] for row in reader]
    found = header
    if header is None:
        found = _has_names(first, expected) or _is_header(first, below)
    names = [f"column_{i + 1}" for i in range(len(first))]
    if found:
        names = [name or f"{UNNAMED}{i}" for i, name in enumerate(first)]
    note = None
    if header is None and any(map(_is_value, first)):
        shown = delimiter.join(first[:5]) + ("..." if len(first) > 5 else "")
        taken = "the header" if found else "a row, there is no header"
        note = (
            f"{path}: the first line, {shown}, is taken as {taken} "
            f"(header={not found} takes it as {'a row' if found else 'one'})."
        )
    spaces = any(f"{delimiter} " in line for line in lines)
    head = below if found else [first, *below]
    return Layout(delimiter, found, names, head, spaces, note)


def opened(path: pathlib.Path) -> typing.TextIO:
    """Return the text file, unpacked; lines end as they do in the file."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def written_decimals(texts: Iterable[str]) -> int | None:
    """Return how many digits after the point all numbers have, or None.

    Example:
    >>> from tfgen.data.csv_layout import written_decimals
    >>> written_decimals(["27.80", "3.05"]), written_decimals(["27.8", "3.05"])
    (2, None)
    """
    found = {
        len(match[1]) if (match := _FIXED_POINT.fullmatch(text)) else None
        for text in texts
    }
    return found.pop() if len(found) == 1 else None


def is_number(text: str) -> bool:
    """Whether a text is a number as CSV files have them, with ASCII digits.

    Python takes more for one, such as 1_000.
    """
    return bool(_NUMBER.fullmatch(text))


def _first_lines(path: pathlib.Path) -> list[str]:
    with opened(path) as file:
        filled = (line for line in file if line.strip())
        lines = list(itertools.islice(filled, 10))
        size = max([1, *map(len, lines)])
        lines += itertools.islice(filled, min(_HEAD, _HEAD_SIZE // size))
    if not lines:
        raise ValueError(f"{path} is empty; expected lines of values.")
    return lines


def _delimiter(lines: list[str]) -> str:
    plain = [_QUOTED.sub("", line) for line in lines]
    for delimiter in _DELIMITERS:
        counts = {line.count(delimiter) for line in plain}
        if len(counts) == 1 and counts != {0}:
            return delimiter
    return max(reversed(_DELIMITERS), key=plain[0].count)


def _has_names(first: list[str], expected: Sequence[str]) -> bool:
    """Whether a line has an expected text, or all that is expected."""
    texts = {cell for cell in first if not is_number(cell)}
    return not texts.isdisjoint(expected) or (
        bool(expected) and set(expected) <= set(first)
    )


def _is_header(first: list[str], below: list[list[str]]) -> bool:
    below = [row for row in below if len(row) == len(first)]
    columns = [
        [cell for cell in column if is_number(cell)]
        for column in zip(*below, strict=True)
    ] or [[] for _ in first]
    numbers = [i for i, cell in enumerate(first) if is_number(cell)]
    texts = [i for i, cell in enumerate(first) if cell and not _is_value(cell)]
    if any(columns[i] for i in texts) or (texts and not numbers):
        return True
    # Pandas leaves the name of a row index empty.
    return _are_names(
        [first[i] for i in numbers],
        [cell for i in numbers for cell in columns[i]],
        least=2 if first[0] == "" else 3,
    )


def _are_names(cells: list[str], below: list[str], least: int) -> bool:
    """Whether numbers in the first line are names of those below them."""
    if not below or not all(map(_WHOLE.fullmatch, cells)):
        return False
    numbers = [int(cell) for cell in cells]
    start, count = numbers[0], len(numbers)
    decimals = all(set(cell) & set(".eE") for cell in below)
    if count > 1 and numbers == list(range(start, start + count)):
        if start in (0, 1) and count >= least:
            return True
        if 1900 <= start <= 2100 - count:
            return decimals or not all(_is_year(cell) for cell in below)
    return decimals and 1 < count == len(set(numbers)) and len(below) > 5


def _is_value(cell: str) -> bool:
    """Whether it is a number, a truth value or the mark of a missing one."""
    return is_number(cell) or cell.lower() in (*BOOLEANS, *MISSING[1:])


def _is_year(cell: str) -> bool:
    return bool(_WHOLE.fullmatch(cell)) and 1900 <= int(cell) <= 2100
