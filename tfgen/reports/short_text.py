"""Numbers and times in few characters."""

import math


def number(value: float) -> str:
    """Four digits at most, as reports show them.

    >>> number(0.00012345678), number(3.0), number(float("nan"))
    ('0.0001235', '3', 'not finite')
    """
    if not math.isfinite(value):
        return "not finite"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.4g}"


def short_number(value: float) -> str:
    """Four digits, such as `31.42` or `0.5000`, for columns of numbers.

    >>> short_number(31.4159), short_number(0.5), short_number(12345678.0)
    ('31.42', '0.5000', '1.2346e+07')
    """
    return f"{value:#.4g}" if 0.01 <= abs(value) < 1000 else f"{value:.5g}"


def short_duration(seconds: float) -> str:
    """A time in seconds, minutes or hours.

    >>> short_duration(45.2), short_duration(720), short_duration(12600)
    ('45 s', '12 min', '3.5 h')
    """
    seconds = round(seconds)
    if seconds < 100:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
