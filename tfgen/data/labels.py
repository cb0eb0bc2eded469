"""Labels and known factors as whole numbers with names."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.checks import to_array, whole_numbers
from tfgen.data.notes import say

_MISSING = ("", "nan", "None", "<NA>", "NaT")
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FLOAT = re.compile(rf"({_NUMBER.pattern})\.0+")
_FEW_ROWS = 100


def encode_labels(
    y: npt.ArrayLike,
    length: int,
    *,
    class_names: Sequence[str] | None = None,
    name: str = "y",
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return class numbers and class names.

    Whatever marks a class names it: numbers as their digits, booleans as
    `False` and `True`. Classes are numbered from 0 in the order of their
    labels, numbers by their value. Labels other than 0, 1, 2 and so on are
    said in one line.

    Args:
        y: one label a row, shape `(n,)` or `(n, 1)`: texts, whole numbers or
            booleans; or one-hot rows, shape `(n, k)`.
        length: the number of rows the labels belong to.
        class_names: names of the classes in their order, or None. Labels are
            looked up among them; if none of them is a number, numbers are
            places in them.
        name: what a message calls `y`.

    Returns:
        int64 numbers of shape `(n,)`, and the names.

    Raises:
        ValueError: another shape, missing or fractional labels, labels that
            are not among `class_names`, a label of its own for each row.
    """
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and len(labels) == length:
        labels = _positions(labels, name)
        class_names = class_names or [str(i) for i in range(np.shape(y)[1])]
    if labels.shape != (length,):
        raise ValueError(
            f"{name} has shape {labels.shape}; expected one label for each of "
            f"the {length} examples, shape ({length},)."
        )
    labels = _plain(labels, name)
    if class_names is None:
        values, numbers = np.unique(labels, return_inverse=True)
        names = tuple(str(value) for value in values)
        _check_classes(values, length, name)
        return numbers.astype(np.int64), names
    names = tuple(str(text) for text in class_names)
    return look_up(labels, names, name), names


def look_up(
    labels: npt.ArrayLike, names: Sequence[str], name: str
) -> np.ndarray:
    """Return the places of labels among the names of classes.

    Labels are the names; if no name is a number, numbers are places.

    Args:
        labels: texts, whole numbers or booleans, shape `(n,)`.
        names: of the classes in their order.
        name: what a message calls the labels.

    Returns:
        int64 numbers of shape `(n,)`.

    Raises:
        ValueError: for labels that are neither.
    """
    labels = _plain(np.asarray(labels), name)
    by_place = labels.dtype.kind in "iu" and not any(
        _NUMBER.fullmatch(text) for text in names
    )
    if by_place:
        known = {number: number for number in range(len(names))}
        found = labels.tolist()
    else:
        known = {text: number for number, text in enumerate(names)}
        found = [str(label) for label in labels.tolist()]
    if unknown := sorted(set(found) - known.keys()):
        shown = ", ".join(repr(label) for label in unknown[:5])
        raise ValueError(
            f"{name} has the labels {shown}, which are not among the "
            f"{len(names)} classes {', '.join(names[:10])}: remove these "
            "rows, or name every class."
        )
    return np.array([known[label] for label in found], np.int64)


def check_factors(
    factors: npt.ArrayLike, length: int, names: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return known factors and their names.

    Args:
        factors: whole numbers, shape `(length, num_factors)`.
        length: the number of examples.
        names: one a factor, or None for `factor_1`, `factor_2` and so on.

    Returns:
        int64 factors and their names.

    Raises:
        ValueError: another shape, fractions, or another number of names.
    """
    factors = to_array(factors, "factors")
    if factors.ndim != 2 or len(factors) != length or not factors.shape[1]:
        raise ValueError(
            f"factors has shape {factors.shape}; expected one row for each of "
            f"the {length} examples, ({length}, num_factors)."
        )
    count = factors.shape[1]
    if names is None:
        names = [f"factor_{i + 1}" for i in range(count)]
    if len(names) != count:
        raise ValueError(
            f"{len(names)} factor_names for {count} factors; expected one each."
        )
    numbers = whole_numbers(factors.reshape(-1), "factors")
    return numbers.reshape(factors.shape), tuple(str(name) for name in names)


def _plain(labels: np.ndarray, name: str) -> np.ndarray:
    """Whole numbers, booleans or texts; texts of whole numbers as numbers."""
    if labels.dtype == np.bool_:
        return labels
    if labels.dtype.kind not in "SUO":
        return whole_numbers(to_array(labels, name), name)
    texts = np.array(
        [
            label.decode() if isinstance(label, bytes) else str(label)
            for label in labels
        ]
    )
    missing = np.isin(texts, _MISSING)
    if missing.any():
        raise ValueError(
            f"{name} has {int(missing.sum())} missing labels, the first in row "
            f"{int(missing.argmax())}: fill them or remove these rows."
        )
    # "07" is a text: as a number it would not come back as it was.
    if all(_NUMBER.fullmatch(text) for text in set(texts.tolist())):
        return texts.astype(np.int64)
    # So floats are written; as an array of floats they are these numbers.
    if all(_FLOAT.fullmatch(text) for text in set(texts.tolist())):
        return np.array([int(text.partition(".")[0]) for text in texts])
    return texts


def _check_classes(values: np.ndarray, length: int, name: str) -> None:
    """Says what the classes are, unless they are 0, 1, 2 and so on."""
    count = len(values)
    if length > _FEW_ROWS and count > length / 2:
        raise ValueError(
            f"{name} has {count} different labels in {length} rows; expected "
            "classes of several rows each: leave it out, or pass others."
        )
    if values.dtype.kind in "iu" and not np.array_equal(values, range(count)):
        shown = ", ".join(str(value) for value in values[:5])
        more = f", ... {values[-1]}" if count > 5 else ""
        say(
            f"{name} has the labels {shown}{more}: they become classes 0 to "
            f"{count - 1} in this order, named by their labels; class_names "
            "sets others."
        )


def _positions(rows: np.ndarray, name: str) -> np.ndarray:
    """Classes of one-hot rows."""
    numbers = to_array(rows, name)
    is_one_hot = (
        np.isin(numbers, (0, 1)).all() and (numbers.sum(axis=1) == 1).all()
    )
    if not is_one_hot:
        raise ValueError(
            f"{name} has shape {rows.shape}, but its rows are not one-hot; "
            f"expected one label for each example, shape ({len(rows)},)."
        )
    return numbers.argmax(axis=1)
