"""The settings of a run, by the command's option names."""

import json
import os
import pathlib

import tfgen
from tfgen.models.builder import BUILDERS
from tfgen.models.settings import SETTINGS, check_settings

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
    _check_values(settings)
    return with_whole_path(settings)


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
    for name, value in with_whole_path(given).items():
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


def with_settings_of(path, given: dict, resume: bool = False) -> dict:
    """What was given, over the settings in a file.

    Args:
        path: `best.json` of a search, or `config.json` of a run.
        given: settings that were given.
        resume: whether a run goes on, which has settings already.

    Raises:
        ValueError: for another file, settings that no training has, or two
            sources of settings.
    """
    if resume:
        raise ValueError(
            "--from and --resume were given, but the run in --out has its own "
            "settings: leave --from out."
        )
    if "preset" in given:
        raise ValueError(
            f"--from {path} and --preset {given['preset']} were given: choose "
            "one."
        )
    return {**_settings_in(path), **given}


def _settings_in(path):
    expected = "expected best.json of a search, or config.json of a run"
    try:
        content = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}), {expected}.") from None
    settings = content
    if isinstance(content, dict):
        settings = content.get("settings", content)
    if not isinstance(settings, dict) or not settings:
        raise ValueError(f"{path} holds no settings, {expected}.")
    unknown = [name for name in settings if name not in SETTINGS]
    if unknown:
        raise ValueError(
            f"{path} has settings that no training has, "
            f"{', '.join(unknown)}: remove them; {expected}."
        )
    return settings


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


def _check_values(settings):
    check_settings(settings, lambda name: f"--{name.replace('_', '-')}")
    if "replicas" in settings and settings.get("strategy", "none") == "none":
        raise ValueError(
            f"--replicas is {settings['replicas']}, but one device is used: "
            "pass --strategy mirrored with it."
        )


def with_whole_path(settings):
    """A run goes on from any folder."""
    data = settings.get("data")
    if data is None or data in tfgen.data.names():
        return settings
    path = pathlib.Path(data).expanduser()
    if not path.exists():
        return settings
    return {**settings, "data": os.path.abspath(path)}
