"""The settings of a run, by the command's option names."""

import math
import os
import pathlib

import tfgen
from tfgen.models.builder import BUILDERS

CHANGEABLE = ("epochs", "checkpoint_every")
"""What may be given anew when a run goes on."""


def new_settings(given: dict) -> dict:
    """What was given, over what the preset says.

    Raises:
        ValueError: for what can be told wrong without the data.
    """
    settings = {**_preset_settings(given), **given}
    if "model" not in settings:
        raise ValueError(
            f"no model was named: pass {' or '.join(BUILDERS)}, as in `tfgen "
            "train vae`, or a --preset (tfgen info lists them)."
        )
    if settings["model"] not in BUILDERS:
        raise ValueError(
            f"model is {settings['model']!r}, expected one of "
            f"{', '.join(BUILDERS)}."
        )
    if "data" not in settings:
        raise ValueError(
            "no data was named: pass --data with a name (tfgen info lists "
            "them) or a path."
        )
    _check_numbers(settings)
    return _with_whole_path(settings)


def resumed_settings(out, config: dict, given: dict, done: int) -> dict:
    """The settings a run goes on with.

    Args:
        out: folder of the run.
        config: the settings it was begun with.
        given: those given anew.
        done: number of epochs that it has behind it.

    Raises:
        ValueError: for settings other than those of the run.
    """
    for name, value in _with_whole_path(given).items():
        if name in CHANGEABLE or config.get(name) == value:
            continue
        has = f"{name}={config[name]!r}" if name in config else f"no {name}"
        raise ValueError(
            f"the run in {out} was begun with {has}, got {value!r}: leave the "
            "option out to go on with the run, or start a new one in another "
            "--out."
        )
    epochs = given.get("epochs", done)
    if epochs < done:
        raise ValueError(
            f"--epochs is {epochs}, but the run in {out} has {done} epochs "
            f"behind it: pass at least {done}."
        )
    changed = {name: given[name] for name in CHANGEABLE if name in given}
    return {**config, **changed}


def load_data(settings: dict, split: str):
    """The `tfgen.data.Source` that settings name."""
    options = {
        name: settings[name]
        for name in ("color_mode", "label_column")
        if name in settings
    }
    if "image_size" in settings:
        options["image_size"] = _image_size(settings["image_size"])
    return tfgen.data.load(settings["data"], split=split, **options)


def _preset_settings(given):
    if "preset" not in given:
        return {}
    preset = tfgen.presets.get(given["preset"])
    settings = {
        "model": preset.model,
        "data": preset.data,
        "epochs": preset.epochs,
    }
    if preset.learning_rate is not None:
        settings["learning_rate"] = preset.learning_rate
    if preset.image_size is not None and "data" not in given:
        settings["image_size"] = preset.image_size
    return settings


def _check_numbers(settings):
    for name in (
        "learning_rate",
        "beta",
        "free_bits",
        "adversarial_ratio",
        "adversarial_weight",
        "gamma",
        "checkpoint_every",
    ):
        value = settings.get(name)
        positive = name == "learning_rate"
        if value is None or (math.isfinite(value) and (value or not positive)):
            continue
        kind = "a number above 0" if positive else "a finite number"
        raise ValueError(
            f"--{name.replace('_', '-')} is {value:g}, expected {kind}."
        )
    if "replicas" in settings and settings.get("strategy", "none") == "none":
        raise ValueError(
            f"--replicas is {settings['replicas']}, but one device is used: "
            "pass --strategy mirrored with it."
        )


def _with_whole_path(settings):
    """A run goes on from any folder."""
    data = settings.get("data")
    if data is None or data in tfgen.data.names():
        return settings
    path = pathlib.Path(data).expanduser()
    if not path.exists():
        return settings
    return {**settings, "data": os.path.abspath(path)}


def _image_size(text):
    parts = text.lower().split("x")
    valid = all(part.isdecimal() and int(part) > 0 for part in parts)
    if not valid or len(parts) > 2:
        raise ValueError(
            f"--image-size is {text!r}, expected a number such as 64, or "
            "height x width such as 48x64."
        )
    return int(parts[0]), int(parts[-1])
