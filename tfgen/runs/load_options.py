"""Options of `tfgen.data.load` out of settings; no TensorFlow."""

import re
from collections.abc import Mapping
from typing import Any

_OPTIONS = (
    *("color_mode", "fit", "background", "bit_depth"),
    *("label_column", "drop_columns", "header", "transform", "schema"),
)


def load_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `tfgen.data.load` that settings hold.

    Args:
        settings: by the option names of `tfgen train`.

    Raises:
        ValueError: for a size or a range that is none.
    """
    options = {name: settings[name] for name in _OPTIONS if name in settings}
    if "image_size" in settings:
        options["image_size"] = _image_size(settings["image_size"])
    if "value_range" in settings:
        options["value_range"] = _value_range(settings["value_range"])
    return options


def _image_size(text):
    parts = text.lower().split("x")
    valid = all(part.isdecimal() and int(part) > 0 for part in parts)
    if not valid or len(parts) > 2:
        raise ValueError(
            f"--image-size is {text!r}, expected a number such as 64, or "
            "height x width such as 48x64."
        )
    return int(parts[0]), int(parts[-1])


def _value_range(text):
    bounds = re.fullmatch(r"[(\[]?(-1|0)[,: ]+1[)\]]?", text)
    if not bounds:
        raise ValueError(f"--value-range is {text!r}, expected 0,1 or -1,1.")
    return int(bounds[1]), 1
