import json
import math


def to_json(value: object, indent: int | None = 2) -> str:
    """JSON that every program reads.

    NumPy's numbers become plain ones; NaN and infinities, which JSON lacks,
    become null.

    >>> to_json({"loss": float("nan"), "epochs": (1, 2)}, indent=None)
    '{"loss": null, "epochs": [1, 2]}'
    """
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
