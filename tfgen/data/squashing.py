"""Long tails of columns, squashed before they are standardized."""

import dataclasses
import typing
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.columns import Column
from tfgen.data.notes import say
from tfgen.data.row_numbers import placed

if typing.TYPE_CHECKING:
    import tensorflow as tf

TRANSFORMS = ("auto", "standard", "asinh")
_LONG_TAIL = 4.0


def with_transform(
    columns: Sequence[Column], x: np.ndarray, transform: str = "auto"
) -> tuple[Column, ...]:
    """Return the columns, squashed where long tails ask for it.

    A column is squashed where its standard deviation is more than 4 times the
    range of the middle half of its values (interquartile range): standardised
    alone, that half would lie within a quarter of a standard deviation, as one
    mistyped value does it. A normal distribution has .74, an exponential .9, a
    log-normal with sigma 1 about 1.5. Where the middle half is one value, the
    median distance of the other values from it takes the range's place.

    Args:
        columns: what `find_columns` gave.
        x: the rows that decide, shape `(n, features)`, in the columns' units.
        transform: `"auto"`; `"standard"` squashes none, `"asinh"` each column
            that is not constant.

    Raises:
        ValueError: another transform.

    Example:
    >>> from tfgen.data.columns import find_columns
    >>> incomes = np.array([[2e3], [3e3], [4e3], [5e3], [5e9]])
    >>> (income,) = with_transform(find_columns(incomes), incomes, "asinh")
    >>> income.center, income.spread
    (4000.0, 2000.0)
    """
    if transform not in TRANSFORMS:
        raise ValueError(
            f"transform is {transform!r}; expected one of "
            f"{', '.join(TRANSFORMS)}."
        )
    return tuple(
        dataclasses.replace(
            column, **squashing(np.asarray(x[:, i], np.float64), transform)
        )
        for i, column in enumerate(columns)
    )


def may_be_squashed(
    some: np.ndarray, deviation: np.ndarray, transform: str
) -> np.ndarray:
    """Return False for columns that `with_transform` leaves for sure; fast.

    Args:
        some: rows of the table, a thousand or so.
        deviation: standard deviations of all rows, shape `(features,)`.
        transform: as there.
    """
    if transform != "auto":
        return np.full(len(deviation), transform != "standard")
    # NumPy has no percentiles of booleans.
    some = np.asarray(some, np.float64)
    low, high = np.percentile(some, (25, 75), axis=0)
    # Their middle half is about as wide as that of all; half of it surely not.
    return ~(deviation <= _LONG_TAIL / 2 * (high - low))


def say_squashed(columns: Sequence[Column]) -> None:
    """Say which columns are squashed, if any is."""
    names = [repr(column.name) for column in columns if column.spread]
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        say(
            f"long tails or mistyped values in {', '.join(names[:5])}{more}: "
            "distances from the median are squashed by asinh "
            "(transform='standard' takes them as they are).",
            stacklevel=4,
        )


def squash(columns: Sequence[Column], x: npt.ArrayLike) -> np.ndarray:
    """Return values with the tails of squashed columns drawn in, float64.

    Formula:
        z = asinh((x - center) / spread)

    Args:
        columns: one for each of the values in the last axis.
        x: values in the columns' own units, shape `(..., features)`.
    """
    squashed = _squashed(columns)
    if not squashed:
        return np.asarray(x, np.float64)
    z = np.array(x, np.float64)
    for i, column in squashed:
        away = z[..., i] - column.center
        with np.errstate(over="ignore"):
            z[..., i] = np.arcsinh(away / column.spread)
        beyond = np.isinf(z[..., i]) & np.isfinite(away)
        if beyond.any():
            # asinh(r) is log(2 |r|) where r is beyond 64 bits.
            far = np.log(2.0) + np.log(np.abs(away[beyond]))
            far -= np.log(column.spread)
            z[..., i][beyond] = np.copysign(far, away[beyond])
    return z


def unsquash(columns: Sequence[Column], z: npt.ArrayLike) -> np.ndarray:
    """Return what `squash` took, float64.

    Formula:
        x = center + spread * sinh(z)
    """
    x = np.array(z, np.float64)
    for i, column in _squashed(columns):
        limit = _sinh_limit(np.float64, column.spread)
        sinh = np.sinh(np.clip(x[..., i], -limit, limit))
        x[..., i] = column.center + column.spread * sinh
    return x


def squash_tensor(columns: Sequence[Column], x: "tf.Tensor") -> "tf.Tensor":
    """Return `squash` of a tensor, in its own dtype.

    Args:
        columns: one for each of the values in the last axis.
        x: float tensor of shape `(..., features)`; as float64 it gives the
            numbers that `squash` gives.
    """
    import tensorflow as tf

    if not _squashed(columns):
        return x
    center, spread, mask = _constants(columns, x.dtype)
    return tf.where(mask, tf.asinh((x - center) / spread), x)


def unsquash_tensor(columns: Sequence[Column], z: "tf.Tensor") -> "tf.Tensor":
    """Return `unsquash` of a tensor, in its own dtype."""
    import tensorflow as tf

    if not _squashed(columns):
        return z
    center, spread, mask = _constants(columns, z.dtype)
    limit = _sinh_limit(
        z.dtype.as_numpy_dtype, max(column.spread for column in columns)
    )
    # Clipped on both sides of tf.where, so that no gradient becomes NaN.
    sinh = tf.sinh(tf.clip_by_value(z, -limit, limit))
    return tf.where(mask, center + spread * sinh, z)


def squashing(values: np.ndarray, transform: str) -> dict[str, float]:
    """Return center and spread of a column with such values."""
    if transform != "standard":
        low, center, high = np.percentile(values, (25, 50, 75))
        spread = high - low
        others = values[values != center]
        if spread == 0 and len(others):
            spread = np.median(np.abs(others - center))
        with np.errstate(over="ignore"):
            long_tail = values.std() > _LONG_TAIL * spread
        if len(others) and (long_tail or transform == "asinh"):
            return {"center": float(center), "spread": float(spread)}
    return {"center": 0.0, "spread": 0.0}


def _squashed(columns: Sequence[Column]) -> list[tuple[int, Column]]:
    return [(i, column) for i, column in placed(columns) if column.spread]


def _constants(columns: Sequence[Column], dtype: "tf.DType"):
    center = np.zeros(sum(column.width for column in columns))
    spread = np.zeros(len(center))
    for i, column in _squashed(columns):
        center[i], spread[i] = column.center, column.spread
    dtype = dtype.as_numpy_dtype
    # 1 where nothing is squashed, as tf.where evaluates both sides.
    safe = np.where(spread, spread, 1.0)
    return center.astype(dtype), safe.astype(dtype), spread > 0


def _sinh_limit(dtype: type, spread: float) -> float:
    """Return up to where `spread * sinh(z)` is finite."""
    return float(np.log(np.finfo(dtype).max)) - max(0.0, np.log(spread)) - 1
