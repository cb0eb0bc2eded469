"""Labels and known factors as whole numbers with names."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.checks import to_array, whole_numbers


def encode_labels(
    y: npt.ArrayLike,
    length: int,
    *,
    class_names: Sequence[str] | None = None,
    name: str = "y",
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return class numbers and class names.

    Texts are numbered in sorted order. Whole numbers are kept as they are,
    so class 0 exists even if no row has it.

    Args:
        y: one label a row, shape `(n,)` or `(n, 1)`: texts, whole numbers or
            booleans.
        length: the number of rows the labels belong to.
        class_names: names of the classes in their order, or None.
        name: what a message calls `y`.

    Returns:
        int64 numbers of shape `(n,)`, and the names.

    Raises:
        ValueError: another shape, missing or fractional labels, labels that
            are not among `class_names`.
    """
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (length,):
        hint = ""
        if labels.ndim == 2 and len(labels) == length:
            hint = f"; for one-hot rows pass {name}.argmax(axis=1)"
        raise ValueError(
            f"{name} has shape {labels.shape}; expected one label for each of "
            f"the {length} examples, shape ({length},){hint}."
        )
    if labels.dtype.kind in "SUO":
        return _encode_texts(labels, class_names, name)
    return _encode_numbers(to_array(labels, name), class_names, name)


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


def _encode_texts(labels, class_names, name: str):
    texts = np.array(
        [
            label.decode() if isinstance(label, bytes) else str(label)
            for label in labels
        ]
    )
    missing = np.isin(texts, ["", "nan", "None", "<NA>"])
    if missing.any():
        raise ValueError(
            f"{name} has {int(missing.sum())} missing labels, the first in row "
            f"{int(missing.argmax())}: fill them or remove these rows."
        )
    names = list(class_names) if class_names else sorted(set(texts.tolist()))
    numbers = {text: number for number, text in enumerate(names)}
    unknown = sorted(set(texts.tolist()) - numbers.keys())
    if unknown:
        raise ValueError(
            f"{name} has the label {unknown[0]!r}, which is not among "
            f"class_names {', '.join(names[:10])}."
        )
    encoded = np.array([numbers[text] for text in texts], np.int64)
    return encoded, tuple(names)


def _encode_numbers(labels: np.ndarray, class_names, name: str):
    numbers = whole_numbers(labels, name)
    largest = int(numbers.max())
    if numbers.min() < 0:
        raise ValueError(
            f"{name} has the class number {numbers.min()}; expected 0 or more."
        )
    if class_names is None and largest >= max(
        1000, 2 * len(np.unique(numbers))
    ):
        raise ValueError(
            f"{name} goes up to {largest} with only {len(np.unique(numbers))} "
            "different values; expected class numbers from 0 on: pass texts, "
            "which are numbered for you."
        )
    names = class_names or [str(number) for number in range(largest + 1)]
    if largest >= len(names):
        raise ValueError(
            f"{name} goes up to {largest}, but there are {len(names)} "
            "class_names: name every class from 0 on."
        )
    return numbers, tuple(str(text) for text in names)
