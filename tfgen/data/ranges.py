"""Value ranges: which one data have, and the way from one to another."""

import numpy as np

RANGES = ((0.0, 1.0), (-1.0, 1.0))


def check_value_range(value_range) -> tuple[float, float]:
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


def affine(
    source: tuple[float, float], target: tuple[float, float]
) -> tuple[float, float]:
    """Return `(shift, scale)` with `target = (source - shift) / scale`."""
    scale = (source[1] - source[0]) / (target[1] - target[0])
    return source[0] - target[0] * scale, scale


def stored_range(x: np.ndarray, name: str) -> tuple[float, float]:
    """Return the range that stored values are meant to lie in.

    Whole numbers up to 255 lie in `(0, 255)`, but in `(0, 1)` if none is
    larger than 1; fractions in `(0, 1)` or `(-1, 1)`; uint16 in
    `(0, 65535)`.

    Raises:
        ValueError: the values fit none of these.
    """
    low, high = float(x.min()), float(x.max())
    if x.dtype == np.uint16:
        return 0.0, 65535.0
    if x.dtype == np.bool_ or (low >= 0 and high == 1):
        return 0.0, 1.0
    if x.dtype == np.uint8 or (
        x.dtype.kind in "iu" and 0 <= low <= high <= 255
    ):
        return 0.0, 255.0
    if x.dtype.kind == "f" and 0 <= low <= high <= 1:
        return 0.0, 1.0
    if x.dtype.kind == "f" and -1 <= low <= high <= 1:
        return -1.0, 1.0
    advice = "rescale them"
    if x.dtype.kind == "f" and 0 <= low <= high <= 255:
        advice = f"divide by 255, or pass {name}.astype('uint8')"
    raise ValueError(
        f"{name} has {x.dtype} values from {low:g} to {high:g}; expected uint8 "
        f"0 to 255, or floats in [0, 1] or [-1, 1]: {advice}."
    )
