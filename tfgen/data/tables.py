"""Tables from .csv and .parquet files."""

import csv
import dataclasses
import pathlib

import numpy as np

from tfgen.data.checks import reason_of

_DELIMITERS = (",", ";", "\t", "|")
_MISSING = ("", "na", "nan", "n/a", "null", "none", "?", "<na>")
_BOOLEANS = {"true": 1.0, "false": 0.0}


@dataclasses.dataclass(frozen=True)
class Table:
    """Numbers, shape `(n, features)`, their columns, and labels or None."""

    x: np.ndarray
    names: list[str]
    labels: np.ndarray | None


def read_csv(path: pathlib.Path, label_column: str | None = None) -> Table:
    """Read a table separated by comma, semicolon, tab or bar.

    The first line is a header unless all its cells are numbers; columns
    without header are `column_1`, `column_2` and so on.

    Args:
        path: the file, UTF-8.
        label_column: name of the column with the classes, or None.

    Raises:
        ValueError: texts, missing values, lines of another length; the
            message names file, line and column.
    """
    lines, cells = _csv_cells(path)
    if not cells:
        raise ValueError(f"{path} is empty; expected lines of numbers.")
    names = [cell.strip() for cell in cells[0]]
    if all(_is_number(cell) for cell in names):
        names = [f"column_{i + 1}" for i in range(len(names))]
    else:
        lines, cells = lines[1:], cells[1:]
    if not cells:
        raise ValueError(f"{path} has a header but no rows.")
    _check_names(names, path)
    for line, row in zip(lines, cells, strict=True):
        if len(row) != len(names):
            raise ValueError(
                f"{path}, line {line}: {len(row)} values; expected "
                f"{len(names)} as in the first line."
            )
    columns = dict(zip(names, zip(*cells, strict=True), strict=True))
    labels = _take_label_column(columns, label_column, path)
    numbers = [
        _csv_numbers(column, name, path, lines)
        for name, column in columns.items()
    ]
    if labels is not None:
        labels = _csv_labels(labels, label_column, path, lines)
    return Table(np.stack(numbers, axis=1), list(columns), labels)


def read_parquet(path: pathlib.Path, label_column: str | None = None) -> Table:
    """Read a table with pyarrow; see `read_csv`.

    Raises:
        ValueError: columns that are no numbers, missing values, or pyarrow is
            not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError(
            f"Reading {path} takes pyarrow, which is not installed: "
            "pip install 'tfgen[parquet]'."
        ) from error
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(
            f"{path} is no Parquet file: {reason_of(error)}."
        ) from error
    if not table.num_rows:
        raise ValueError(f"{path} has no rows.")
    _check_names(table.column_names, path)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    labels = _take_label_column(columns, label_column, path)
    numbers = [
        _parquet_numbers(column, name, path) for name, column in columns.items()
    ]
    if labels is not None:
        _check_no_null(labels, label_column, path)
        labels = np.array(labels.to_pylist())
    return Table(np.stack(numbers, axis=1), list(columns), labels)


def _csv_cells(path: pathlib.Path) -> tuple[list[int], list[list[str]]]:
    """Return the number and the cells of each line that is not blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            while first and not first.strip():
                first = file.readline()
            delimiter = max(_DELIMITERS, key=first.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            found = [(reader.line_num, row) for row in reader if any(row)]
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is no UTF-8 text (byte {error.start}): save it as UTF-8."
        ) from error
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {reader.line_num}: cannot be read ({error})."
        ) from error
    return [line for line, _ in found], [row for _, row in found]


def _check_names(names: list[str], path: pathlib.Path) -> None:
    for i, name in enumerate(names):
        if name in ("", "__index_level_0__") or name in names[:i]:
            what = f"twice the name {name!r}" if name else "no name"
            hint = " (a row index? write it with index=False)"
            raise ValueError(
                f"{path}: column {i + 1} has {what}; expected a name of its "
                f"own for each column{'' if name in names[:i] else hint}."
            )


def _take_label_column(columns: dict, label_column, path: pathlib.Path):
    if label_column is None:
        return None
    if label_column not in columns:
        raise ValueError(
            f"{path} has no column {label_column!r}; its columns are "
            f"{', '.join(list(columns)[:20])}."
        )
    if len(columns) == 1:
        raise ValueError(f"{path} has no column beside {label_column!r}.")
    return columns.pop(label_column)


def _csv_numbers(cells, name: str, path: pathlib.Path, lines) -> np.ndarray:
    # All at once first, since cell by cell takes far longer.
    try:
        numbers = np.array(cells).astype(np.float64)
        if np.isfinite(numbers).all():
            return numbers
    except ValueError:
        pass
    numbers = np.empty(len(cells))
    for i, cell in enumerate(cells):
        text = cell.strip()
        if text.lower() in _MISSING:
            raise ValueError(
                f"{path}, line {lines[i]}, column {name!r}: the value is "
                "missing; expected a number: fill it or remove the row."
            )
        if text.lower() in _BOOLEANS:
            numbers[i] = _BOOLEANS[text.lower()]
        elif _is_number(text):
            numbers[i] = float(text)
        else:
            raise ValueError(
                f"{path}, line {lines[i]}, column {name!r}: {text[:40]!r} is "
                "no finite number (decimals take a point): write numbers, "
                f"remove the column, or pass label_column={name!r} if it "
                "holds the classes."
            )
    return numbers


def _csv_labels(cells, name: str, path: pathlib.Path, lines) -> np.ndarray:
    texts = [cell.strip() for cell in cells]
    for line, text in zip(lines, texts, strict=True):
        if text.lower() in _MISSING[:-2]:
            raise ValueError(
                f"{path}, line {line}, column {name!r}: the label is missing: "
                "fill it or remove the row."
            )
    try:
        return np.array([int(text) for text in texts])
    except ValueError:
        return np.array(texts)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _parquet_numbers(column, name: str, path: pathlib.Path) -> np.ndarray:
    import pyarrow.types

    kind = column.type
    if not (
        pyarrow.types.is_integer(kind)
        or pyarrow.types.is_floating(kind)
        or pyarrow.types.is_boolean(kind)
    ):
        raise ValueError(
            f"{path}, column {name!r} has type {kind}; expected numbers: "
            "remove it, write it as numbers, or pass "
            f"label_column={name!r} if it holds the classes."
        )
    _check_no_null(column, name, path)
    numbers = column.to_numpy().astype(np.float64)
    if not np.isfinite(numbers).all():
        row = int(np.argmin(np.isfinite(numbers))) + 1
        raise ValueError(
            f"{path}, row {row}, column {name!r}: the value is NaN or "
            "infinite; expected a number: fill it or remove the row."
        )
    return numbers


def _check_no_null(column, name: str, path: pathlib.Path) -> None:
    if column.null_count:
        row = column.is_null().to_pylist().index(True) + 1
        raise ValueError(
            f"{path}, row {row}, column {name!r}: the value is missing: fill "
            "it or remove the row."
        )
