"""Tables in text: comma-separated and the like."""

import array
import contextlib
import csv
import gzip
import itertools
import math
import pathlib
import typing
import warnings
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from tfgen.data.cells import Cells
from tfgen.data.checks import reason_of
from tfgen.data.csv_layout import (
    BOOLEANS,
    MISSING,
    Layout,
    find_layout,
    is_number,
    opened,
    written_decimals,
)
from tfgen.data.raw_table import (
    RawColumn,
    RawTable,
    Selection,
    few,
    rounded,
    select,
)
from tfgen.data.schema import Schema, encode

_LEADING_ZERO = r"[+-]?0[0-9]+"
_PIECE = 2**22
_CELLS_OF_TEXT = 10**6


def read_csv(
    path: pathlib.Path,
    label_column: str | None = None,
    header: bool | None = None,
    drop_columns: Sequence[str] = (),
    only: Sequence[str] | None = None,
    schema: Schema | None = None,
) -> RawTable:
    """Return the columns of a table in text.

    Pandas reads a table of numbers; where something is no number, all is read
    again line by line.

    Args:
        path: the file, UTF-8; `.gz` is unpacked.
        label_column: the column that is read as texts, or None.
        header: whether the first line is a header, or None to find it out.
        drop_columns: names of columns that are left out.
        only: names of the columns to read, in this order; or None.
        schema: what columns are, as far as it is known.

    Raises:
        ValueError: no rows, no UTF-8 text, quotes that do not end, values
            that do not fit their column.
    """
    expected = [*([label_column] if label_column else ()), *drop_columns]
    expected += only or []
    try:
        layout = find_layout(path, header, expected)
        selection = select(layout.names, label_column, drop_columns, only)
        table = None
        if not selection.reasons and not (schema and schema.is_mixed):
            table = _read_fast(path, layout, selection)
        return table or _read_mixed(path, layout, selection, schema)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}, line {_undecodable_line(path)}: no UTF-8 text "
            f"({error.reason}): save it as UTF-8."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path} cannot be read: {reason_of(error)}."
        ) from error


def _read_fast(
    path: pathlib.Path, layout: Layout, selection: Selection
) -> RawTable | None:
    """Return the table, or None unless all of it is in order."""
    frame = _read_frame(path, layout, selection)
    if frame is None or not len(frame):
        return None
    labels = None
    if selection.label is not None:
        labels = np.array([text.strip() for text in frame[selection.label]])
        if any(text.lower() in MISSING for text in set(labels.tolist())):
            return None
    frame = frame[selection.numbers]
    columns = []
    for i, dtype in zip(selection.numbers, [*frame.dtypes], strict=True):
        column = RawColumn(layout.names[i])
        if dtype == np.float64:
            columns.append(column)
            continue
        values = frame[i].to_numpy()
        if values.dtype.kind not in "biuf":
            values = frame[i] = _converted(values, column)
        if values.dtype.kind not in "biuf":
            return None
        column.dtype = values.dtype.name
        if values.dtype.kind in "iu":
            column.rounded = rounded(values)
        elif values.dtype.kind == "b":
            column.spelling = _spelling(row[i] for row in layout.head)
        columns.append(column)
    x = frame.to_numpy(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        may_be_infinite = not np.isfinite(x.sum())  # fast
    if may_be_infinite and not np.isfinite(x).all():
        return None
    by_place = dict(zip(selection.numbers, columns, strict=True))
    _find_codes(path, layout, by_place)
    _find_decimals(path, layout, by_place)
    label = None
    if labels is not None:
        label = RawColumn(layout.names[selection.label])
    return RawTable(
        columns,
        x,
        label,
        labels,
        [],
        layout.note,
        selection.left_out,
        place=lambda row: f"line {_line_of(path, layout, row)}, ",
    )


def _read_frame(path: pathlib.Path, layout: Layout, selection: Selection):
    import pandas
    from pandas.errors import (
        DtypeWarning,
        EmptyDataError,
        ParserError,
        ParserWarning,
    )

    options = {}
    if int(pandas.__version__.split(".")[0]) < 3:
        options["float_precision"] = "round_trip"
    marks = [mark for text in MISSING for mark in (text, text.upper())]
    numbers = set(selection.numbers)
    texts = [i for i in range(len(layout.names)) if i not in numbers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)
            # Of types that differ over the file; texts are told below.
            warnings.simplefilter("ignore", DtypeWarning)
            return pandas.read_csv(
                path,
                **_pandas_layout(layout),
                index_col=False,
                # Without usecols, as pandas then takes lines of any length.
                dtype=dict.fromkeys(texts, str),
                keep_default_na=False,
                # A list is faster for many columns.
                na_values=dict.fromkeys(numbers, marks) if texts else marks,
                **options,
            )
    except (EmptyDataError, ParserError, ParserWarning):
        return None


def _pandas_layout(layout: Layout) -> dict[str, typing.Any]:
    return {
        "sep": layout.delimiter,
        "header": 0 if layout.header else None,
        "names": range(len(layout.names)),
        "skipinitialspace": layout.spaces,
        "encoding": "utf-8-sig",
    }


def _find_codes(
    path: pathlib.Path, layout: Layout, columns: dict[int, RawColumn]
) -> None:
    """Note which whole numbers are written with leading zeros, as 01234."""
    import pandas

    whole = [i for i, c in columns.items() if np.dtype(c.dtype).kind in "iu"]
    if not whole or not _may_lead_with_zero(path, layout.delimiter):
        return
    frame = pandas.read_csv(
        path, **_pandas_layout(layout), usecols=whole, dtype=str
    )
    for i in whole:
        codes = frame[i][frame[i].str.fullmatch(_LEADING_ZERO)]
        if len(codes):
            columns[i].code = codes.iloc[0]


def _find_decimals(
    path: pathlib.Path, layout: Layout, columns: dict[int, RawColumn]
) -> None:
    """Note which decimals have equally many digits, in the first rows."""
    import pandas

    maybe = [
        i
        for i, column in columns.items()
        if column.dtype == "float64"
        and written_decimals(row[i].strip() for row in layout.head)
    ]
    if not maybe:
        return
    frame = pandas.read_csv(
        path,
        **_pandas_layout(layout),
        usecols=maybe,
        dtype=str,
        nrows=max(len(layout.head), _CELLS_OF_TEXT // len(maybe)),
    )
    for i in maybe:
        columns[i].decimals = written_decimals(frame[i].str.strip())


def _may_lead_with_zero(path: pathlib.Path, delimiter: str) -> bool:
    """Whether a cell may begin with 0 and a digit; fast."""
    before = np.zeros(256, bool)
    before[list(f'{delimiter}\n\r "+-'.encode())] = True
    with _opened_bytes(path) as file:
        rest = b"\n"
        while piece := file.read(_PIECE):
            text = np.frombuffer(rest + piece, np.uint8)
            zero = (text[1:-1] == ord("0")) & (text[2:] - ord("0") < 10)
            if before[text[:-2][zero]].any():
                return True
            rest = (rest + piece)[-2:]
    return False


def _spelling(cells: Iterator[str]) -> tuple[str, str]:
    """Return how false and true are written, one like the other."""
    found = {}
    for cell in cells:
        found.setdefault(cell.lower(), cell)
    example = found.get("true", found.get("false", "true"))
    like = next(
        form
        for form in (str.lower, str.upper, str.title)
        if form(example) == example or form is str.title
    )
    return tuple(found.get(word, like(word)) for word in BOOLEANS)


def _converted(cells: np.ndarray, column: RawColumn) -> np.ndarray:
    """Return texts as truth values or numbers, or as they are."""
    texts = [str(cell).strip() for cell in cells]
    if all(text.lower() in BOOLEANS for text in texts):
        return np.array([text.lower() == "true" for text in texts])
    if all(map(is_number, texts)):
        # Pandas leaves whole numbers of more than 64 bits as they are.
        wide = [text for text in texts if text.lstrip("+-").isdigit()]
        wide = [text for text in wide if math.isfinite(float(text))]
        column.rounded = sum(int(float(text)) != int(text) for text in wide)
        return np.array(texts, np.float64)
    return cells


def _read_mixed(
    path: pathlib.Path,
    layout: Layout,
    selection: Selection,
    schema: Schema | None,
) -> RawTable:
    """Return a table of any columns, read line by line.

    Raises:
        ValueError: with all that is wrong.
    """
    places = [*selection.numbers]
    if selection.label is not None:
        places.append(selection.label)
    texts = [{} for _ in places]
    codes = [array.array("i") for _ in places]
    lines, ragged = array.array("q"), []
    for line, row in _filled_lines(path, layout):
        if len(row) != len(layout.names):
            ragged.append(f"line {line} has {len(row)}")
            continue
        lines.append(line)
        for place, known, into in zip(places, texts, codes, strict=True):
            into.append(known.setdefault(row[place], len(known)))
    raw = RawTable([], reasons=[*selection.reasons], note=layout.note)
    raw.left_out = selection.left_out
    if not lines and not ragged:
        raw.reasons.append("there is a header but no rows")
    if ragged:
        raw.reasons.append(
            f"{few(ragged, most=3)} values, expected {len(layout.names)} as in "
            "the first line"
        )
    if lines:
        cells = [
            Cells.of_texts([*known], into)
            for known, into in zip(texts, codes, strict=True)
        ]
        if selection.label is not None:
            raw.label = RawColumn(layout.names[selection.label])
            raw.labels = _labels(cells.pop(), raw.label, lines)
        names = [layout.names[i] for i in selection.numbers]
        raw.mixed = encode(
            dict(zip(names, cells, strict=True)),
            schema and schema.without(selection.missing),  # told already
            lambda row: f"line {lines[row]}, ",
        )
    raw.check(path)
    return raw


def _labels(cells: Cells, label: RawColumn, lines: Sequence[int]) -> np.ndarray:
    for row in np.flatnonzero(cells.codes < 0):
        label.fault("missing", f"line {lines[row]}, ", "the label is missing")
    return np.array([*cells.values, ""])[cells.codes]


def _line_of(path: pathlib.Path, layout: Layout, row: int) -> int:
    lines = _filled_lines(path, layout)
    return next(itertools.islice(lines, row, None))[0]


def _filled_lines(
    path: pathlib.Path, layout: Layout
) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not blank, with the numbers of their lines."""
    header = layout.header
    with opened(path) as file:
        reader = csv.reader(
            file,
            delimiter=layout.delimiter,
            skipinitialspace=layout.spaces,
            strict=True,
        )
        try:
            for row in reader:
                is_blank = len(row) == 1 < len(layout.names) and not row[0]
                if not row or is_blank:
                    continue
                if not header:
                    yield reader.line_num, row
                header = False
        except csv.Error as error:
            raise ValueError(
                f"{path}, line {reader.line_num}: cannot be read ({error})."
            ) from error


def _opened_bytes(path: pathlib.Path) -> typing.BinaryIO:
    is_packed = path.suffix.lower() == ".gz"
    return gzip.open(path) if is_packed else path.open("rb")


def _undecodable_line(path: pathlib.Path) -> int:
    numbers = itertools.count(1)
    with contextlib.suppress(UnicodeDecodeError), _opened_bytes(path) as file:
        for line in file:
            line.decode("utf-8")
            next(numbers)
    return next(numbers)
