"""The numbers of a table's rows: where each column's stand, which count."""

import typing
from collections.abc import Sequence

import numpy as np

if typing.TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.data.columns import Column


def are_mixed(columns: Sequence["Column"] | None) -> bool:
    """Whether a table has texts, dates, gaps, ids or codes of values."""
    return not all(column.is_plain for column in columns or ())


def placed(columns: Sequence["Column"]) -> list[tuple[int, "Column"]]:
    """Return the columns, each with the place of its first number in a row."""
    ends = np.cumsum([column.width for column in columns])
    return [
        (int(end) - column.width, column)
        for end, column in zip(ends, columns, strict=True)
    ]


def number_names(columns: Sequence["Column"]) -> tuple[str, ...]:
    """Return a name for each number of a row."""
    return tuple(
        name
        for column in columns
        for name in (column.name, _code_name(column))[: column.width]
    )


def _code_name(column: "Column") -> str:
    what = "special" if column.frequent else "missing"
    return f"{column.name} is {what}"


def without_specials(
    columns: Sequence["Column"] | None, x: np.ndarray
) -> np.ndarray:
    """Return rows as a model takes them: 0 for numbers that do not count."""
    coded = _coded(columns)
    if coded:
        x[..., coded] *= x[..., [place + 1 for place in coded]] < 0.5
    return x


def without_specials_tensor(
    columns: Sequence["Column"] | None, x: "tf.Tensor"
) -> "tf.Tensor":
    """Return `without_specials` of a tensor."""
    import tensorflow as tf

    coded = _coded(columns)
    if not coded:
        return x
    places = np.arange(x.shape[-1])
    places[coded] += 1
    is_number = np.isin(np.arange(x.shape[-1]), coded)
    special = tf.gather(x, places, axis=-1) >= 0.5
    return tf.where(is_number & special, tf.zeros_like(x), x)


def coded_tensor(columns: Sequence["Column"], x: "tf.Tensor") -> "tf.Tensor":
    """Return rows in the columns' units with the codes of frequent values.

    Where a number is one, whoever sends it need not know its code.
    """
    import tensorflow as tf

    numbers = tf.unstack(x, axis=-1)
    for place, column in placed(columns):
        for code, value in enumerate(column.frequent or (), start=1):
            reach = 1e-9 * max(1.0, abs(value))
            is_it = tf.abs(numbers[place] - value) <= reach
            is_it &= numbers[place + 1] < 0.5
            numbers[place + 1] = tf.where(
                is_it, tf.cast(code, x.dtype), numbers[place + 1]
            )
    return tf.stack(numbers, axis=-1)


def _coded(columns: Sequence["Column"] | None) -> list[int]:
    """Places of the numbers beside which a code says whether they count."""
    return [i for i, column in placed(columns or ()) if column.width == 2]
