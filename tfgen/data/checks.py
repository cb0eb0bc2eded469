"""Checks of examples, labels and ranges: one line that says what to do."""

import collections.abc
import os

import numpy as np
import numpy.typing as npt

from tfgen.data import notes

RANGES = ((0.0, 1.0), (-1.0, 1.0))
RANGE_TOLERANCE = 1e-3
"""Resizing and compression overshoot by that much; it is clipped."""
_ROUNDING = 1e-5


def check_examples(
    x: npt.ArrayLike,
    *,
    shape: tuple[int, ...] | None = None,
    value_range: tuple[float, float] | None = None,
    name: str = "x",
) -> np.ndarray:
    """Return `x` as a float32 array, or say in one line what is wrong.

    Args:
        x: examples, shape `(n, *shape)`: an array, a tensor or a list.
        shape: shape of one example, or None for any.
        value_range: `(lowest, highest)` value allowed, or None for any.
        name: what the message calls `x`.

    Returns:
        float32 array of shape `(n, *shape)`; values that lie outside the
        range by at most 1e-3 are clipped to it.

    Raises:
        ValueError: `x` is not an array of finite numbers of that shape and
            range, or has no rows.

    Example:
    >>> check_examples([[0.5], [1.0]], shape=(1,), value_range=(0, 1)).dtype
    dtype('float32')
    """
    array = to_array(x, name)
    check_shape(array, shape, name)
    with np.errstate(over="ignore"):
        examples = np.asarray(array, np.float32)
    return _finite_within(examples, value_range, name)


def check_labels(
    y: npt.ArrayLike, num_classes: int, length: int, *, name: str = "labels"
) -> np.ndarray:
    """Return class numbers as int64, or say in one line what is wrong.

    Args:
        y: class numbers `0 .. num_classes - 1`, shape `(n,)` or `(n, 1)`, or
            one-hot rows `(n, num_classes)`.
        num_classes: the number of classes.
        length: the number of rows the labels belong to.
        name: what the message calls `y`.

    Returns:
        int64 array of shape `(n,)`.

    Raises:
        ValueError: another length, rank or type, or numbers outside the range.

    Example:
    >>> check_labels([[0], [2]], num_classes=3, length=2)
    array([0, 2])
    """
    labels = to_array(y, name)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.shape[1] == num_classes:
        labels = _class_of_rows(labels, name)
    if labels.ndim != 1:
        raise ValueError(
            f"{name} has shape {labels.shape}; expected class numbers of shape "
            f"({length},), or one-hot rows of shape ({length}, {num_classes})."
        )
    if len(labels) != length:
        raise ValueError(
            f"{name} has {len(labels)} values for {length} examples: pass one "
            "class number for each example."
        )
    numbers = whole_numbers(labels, name)
    if numbers.min() < 0 or numbers.max() >= num_classes:
        raise ValueError(
            f"{name} has class numbers from {numbers.min()} to "
            f"{numbers.max()}; expected 0 to {num_classes - 1} for "
            f"{num_classes} classes: number them from 0 on, or let "
            "tfgen.data.from_arrays(x, y) do it."
        )
    return numbers


def _class_of_rows(rows: np.ndarray, name: str) -> np.ndarray:
    hot = rows == 1
    bad = (hot.sum(axis=1) != 1) | (rows != hot).any(axis=1)
    if bad.any():
        raise ValueError(
            f"{name} has rows that are not one-hot, the first is row "
            f"{int(bad.argmax())}; expected a single 1 among zeros: pass class "
            f"numbers, as in {_in_code(name, 'y')}.argmax(axis=1)."
        )
    return hot.argmax(axis=1)


def to_array(x: npt.ArrayLike, name: str) -> np.ndarray:
    """Return `x` as an array of numbers with at least one row."""
    _refuse_containers(x, name)
    try:
        array = x if isinstance(x, np.memmap) else np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} cannot be made one array, its parts differ in shape: pass "
            "an array whose examples all have the same shape."
        ) from error
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "buif":
        raise ValueError(
            f"{name} has dtype {array.dtype}; expected real numbers (for "
            f"example float32): convert it, as in {name}.astype('float32')."
        )
    if array.ndim == 0:
        raise ValueError(
            f"{name} is a single number; expected an array of examples."
        )
    if array.size == 0:
        raise ValueError(
            f"{name} is empty, its shape is {array.shape}; expected at least "
            "one example."
        )
    return array


def _refuse_containers(x, name: str) -> None:
    if isinstance(x, collections.abc.Mapping):
        keys = ", ".join(repr(key) for key in list(x)[:5])
        raise ValueError(
            f"{name} is a dict with keys {keys}; expected one array: pass the "
            "array itself, as in data['image']."
        )
    if isinstance(x, collections.abc.Iterator):
        raise ValueError(
            f"{name} is a {type(x).__name__}, which can be read only once; "
            "expected an array: pass np.stack(list(...)), or a tf.data.Dataset "
            "to fit."
        )
    if isinstance(x, (str, bytes, os.PathLike)):
        raise ValueError(
            f"{name} is the text {str(x)[:80]!r}; expected an array: read "
            "files with tfgen.data.load(path)."
        )
    if hasattr(x, "element_spec"):
        raise ValueError(
            f"{name} is a {type(x).__name__}; expected an array here: only fit "
            "and evaluate take data in batches."
        )
    if hasattr(x, "arrays") and hasattr(x, "rows"):
        raise ValueError(
            f"{name} is a Source; expected an array: pass source.arrays()[0]."
        )


def check_shape(
    array: np.ndarray, shape: tuple[int, ...] | None, name: str
) -> None:
    """Raise ValueError unless the examples have this shape."""
    if shape is None or array.shape[1:] == tuple(shape):
        return
    expected = "(n, " + ", ".join(str(size) for size in shape) + ")"
    raise ValueError(
        f"{name} has shape {array.shape}; expected {expected}: "
        f"{_shape_advice(array.shape, tuple(shape), _in_code(name))}."
    )


def _shape_advice(
    came: tuple[int, ...], shape: tuple[int, ...], name: str
) -> str:
    if came == shape:
        return f"for a single example pass {name}[None]"
    if came[1:] + (1,) == shape:
        return f"add the channel axis with {name}[..., None]"
    if came[1:] == shape[:-1]:
        return f"the last axis of {shape[-1]} channels is missing"
    if len(shape) == 3 and came[1:] == (shape[2], shape[0], shape[1]):
        return f"put channels last with np.moveaxis({name}, 1, -1)"
    if np.prod(came[1:]) == np.prod(shape):
        return f"reshape it, as in {name}.reshape(-1, *{shape})"
    if len(came) == 4 and came[1:3] == shape[:2] and len(shape) == 3:
        return (
            f"there are {came[3]} channels instead of {shape[2]}; convert the "
            "images, or build the model for this input_shape"
        )
    if len(came) != len(shape) + 1:
        return f"the rank is {len(came)} instead of {len(shape) + 1}"
    return f"resize the examples, or build the model for {came[1:]}"


def check_finite(array: np.ndarray, name: str) -> None:
    """Raise ValueError if any value is NaN or infinite."""
    if array.dtype.kind != "f":
        return
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.sum(array, dtype=np.float64)
    if np.isfinite(total):
        return
    bad = ~np.isfinite(array)
    if not bad.any():
        return
    row = int(np.argwhere(bad)[0][0])
    raise ValueError(
        f"{name} has {int(bad.sum())} values that are NaN or infinite (or too "
        f"large for float32), the first in row {row}; expected finite numbers: "
        "remove or fill these rows."
    )


def _finite_within(array, value_range, name):
    """Return the array, clipped if need be; ValueError for other values."""
    if value_range is None:
        check_finite(array, name)
        return array
    low, high = value_range
    lowest, highest = float(array.min()), float(array.max())
    if low <= lowest and highest <= high:  # NaN is within no bounds
        return array
    check_finite(array, name)
    outside = max(low - lowest, highest - high)
    if outside <= RANGE_TOLERANCE:
        if outside > _ROUNDING:
            notes.say(
                f"{name} has values from {lowest:g} to {highest:g}; they are "
                f"clipped to [{low:g}, {high:g}]."
            )
        return array.clip(low, high)
    if lowest >= 0 and 1 < highest <= 255:
        advice = (
            f"divide by 255{'' if low == 0 else ' and rescale'}, or let "
            f"tfgen.data.from_arrays({_in_code(name)}.astype('uint8')) scale "
            "them"
        )
    elif low == 0 and -1 - RANGE_TOLERANCE <= lowest < 0 and highest <= 1:
        advice = f"rescale from [-1, 1] with ({_in_code(name)} + 1) / 2"
    else:
        advice = "rescale them, or build a model for real data"
    raise ValueError(
        f"{name} has values from {lowest:g} to {highest:g}; expected "
        f"[{low:g}, {high:g}]: {advice}."
    )


def _in_code(name: str, otherwise: str = "x") -> str:
    """What advice calls an array that a message calls "batch 3 of the data"."""
    return name if name.isidentifier() else otherwise


def whole_numbers(array: np.ndarray, name: str) -> np.ndarray:
    """Return int64 numbers, refusing fractions."""
    check_finite(array, name)
    numbers = array.astype(np.int64)
    if not np.array_equal(numbers, array):
        raise ValueError(
            f"{name} holds fractions such as "
            f"{array[numbers != array].flat[0]:g}; expected class numbers."
        )
    return numbers


def check_value_range(value_range: object) -> tuple[float, float]:
    """Return the range as floats; ValueError unless [0, 1] or [-1, 1]."""
    try:
        found = tuple(float(bound) for bound in value_range)
    except (TypeError, ValueError):
        found = None
    if found not in RANGES:
        raise ValueError(
            f"value_range is {value_range!r}; expected (0, 1) or (-1, 1)."
        )
    return found


def check_memory(needed: int, what: str, advice: str) -> None:
    """ValueError if a file's content is more than the machine's memory.

    Args:
        needed: bytes that it takes, by what the file says of itself.
        what: what the message calls the file.
        advice: what to do.
    """
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ValueError(
            f"{what} would take {needed:,} bytes of memory, of which there are "
            f"{there:,}: {advice}."
        )


def affine(
    source: tuple[float, float], target: tuple[float, float]
) -> tuple[float, float]:
    """Return `(shift, scale)` with `target = (source - shift) / scale`."""
    scale = (source[1] - source[0]) / (target[1] - target[0])
    return source[0] - target[0] * scale, scale


def reason_of(error: Exception) -> str:
    """Return what an error says, for the middle of another message."""
    return " ".join(str(error).split())[:200] or type(error).__name__
