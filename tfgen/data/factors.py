"""The factors that examples are known to be made from."""

import numpy as np

from tfgen.data.checks import to_array, whole_numbers


def check_factors(
    factors, length: int, names=None
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
