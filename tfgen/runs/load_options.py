"""Options of `tfgen.data.load` out of settings; no TensorFlow."""

import pathlib
import re
from collections.abc import Mapping
from typing import Any

from tfgen.data.schema import BY_VALUE
from tfgen.data.tables import is_table

_OPTIONS = (
    *("color_mode", "fit", "background", "bit_depth"),
    *("label_column", "drop_columns", "header", "transform", "schema"),
)
_READ_BY_VALUE = ("vae",)
"""Families whose tables are read value by value, which their samples show."""
_SAY_WHAT_IS_READ = ("schema", "preset", "likelihood", "transform")


def with_reading(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a new run, with how its table is read.

    A VAE learns columns with few values as categories, unless settings say
    what its data or its likelihood are.

    Args:
        settings: those given, by the option names of `tfgen train`.

    Example:
    >>> with_reading({"model": "vae", "data": "survey.csv"})["schema"]
    'by_value'
    """
    by_value = (
        settings.get("model") in _READ_BY_VALUE
        and not any(name in settings for name in _SAY_WHAT_IS_READ)
        and is_table(pathlib.Path(settings.get("data", "")))
    )
    return {**settings, "schema": BY_VALUE} if by_value else dict(settings)


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
