"""Numbers and times in few characters."""


def short_number(value: float) -> str:
    """Four digits, such as `31.42` or `0.5000`."""
    return f"{value:#.4g}" if 0.01 <= abs(value) < 1000 else f"{value:.5g}"


def short_duration(seconds: float) -> str:
    """Such as `45 s`, `12 min` or `3.5 h`."""
    seconds = round(seconds)
    if seconds < 100:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
