"""The settings of a run: given, from a file, or of a run that goes on."""

import json
import math
import os
import pathlib
from collections.abc import Mapping

from tfgen import data
from tfgen.data import Source
from tfgen.models.families import FAMILIES
from tfgen.models.preset import get_preset
from tfgen.models.recommended import recommended_settings
from tfgen.models.wide_data import latents_for
from tfgen.privacy.privacy import completed
from tfgen.runs.model import family_of, schedule_name, with_sizes
from tfgen.settings.settings import Settings, as_option, is_off
from tfgen.settings.table import SETTINGS
from tfgen.training.precision import chosen_precision

CHANGEABLE = (
    "epochs",
    "checkpoint_every",
    "patience",
    "on_non_finite",
    "recover",
)
"""What may be given anew when a run goes on."""
PATIENCE_EPOCHS = 10
PATIENCE_STEPS = 400


def new_settings(given: Mapping) -> Settings:
    """What was given, over what the preset says.

    Raises:
        ValueError: for what can be told wrong without the data.
    """
    settings = {**preset_settings(given), **given}
    if "model" not in settings:
        raise ValueError(
            f"no model was named: pass {' or '.join(FAMILIES)}, as in `tfgen "
            "train vae`, or a --preset (tfgen info lists them)."
        )
    family = family_of({"model": settings["model"]})
    if "data" not in settings:
        raise ValueError(
            "no data was named: pass --data with a name (tfgen info lists "
            "them) or a path."
        )
    return Settings(with_whole_path(settings), as_option, family)


def with_defaults(settings: Mapping, source: Source) -> Settings:
    """The settings of a new run, with what depends on its training data.

    Where no preset is named, that which the family recommends for such data;
    its networks are narrower for few rows. All of it becomes settings, so that
    a run goes on with what it was begun with, whatever a later version
    recommends.

    Args:
        settings: those given.
        source: the training data.
    """
    family = family_of(settings)
    if "preset" not in settings:
        rows = len(source)
        found = recommended_settings(
            family, source.shape, rows, settings, source.is_mixed
        )
        settings = {**found, **settings}
    elif not {"latent_dim", "latent_dims", "privacy"} & settings.keys():
        latents = latents_for(get_preset(settings["preset"]), source)
        if latents is not None:
            settings = {**settings, "latent_dim": latents}
    settings = with_sizes(settings, len(source))
    if "privacy" in settings:
        promised = completed(settings["privacy"], len(source))
        settings = settings.replaced(privacy=promised)
    if family.model.trains_bound and "patience" not in settings:
        steps = math.ceil(len(source) / settings["batch_size"])
        patience = max(PATIENCE_EPOCHS, math.ceil(PATIENCE_STEPS / steps))
        if schedule_name(settings) != "constant":
            # Losses fall once more when the rates do.
            patience = max(patience, settings["epochs"] // 4)
        settings = settings.replaced(patience=patience)
    return settings


def with_precision(settings: Settings, shape: tuple[int, ...]) -> Settings:
    """The settings with what `precision="auto"` means on this machine.

    So that a run goes on elsewhere in the numbers that it was begun with.
    """
    if "precision" not in settings:
        return settings
    chosen = chosen_precision(settings["precision"], shape)
    return settings.replaced(precision=chosen)


def resumed_settings(
    out: pathlib.Path | str, config: Mapping, given: Mapping, done: int
) -> Settings:
    """The settings a run goes on with.

    Args:
        out: folder of the run.
        config: the settings it was begun with.
        given: those given anew.
        done: number of epochs that it has behind it.

    Raises:
        ValueError: for settings other than those of the run.
    """
    begun = Settings(config)
    if given.get("precision") == "auto" and "precision" in begun:
        given = {**given, "precision": begun["precision"]}
    changed = changed_settings(
        f"the run in {out}", begun, with_whole_path(given), CHANGEABLE
    )
    epochs = given.get("epochs", done)
    if epochs < done:
        raise ValueError(
            f"--epochs is {epochs}, but the run in {out} has {done} epochs "
            f"behind it: pass at least {done}."
        )
    return Settings({**begun, **changed}, as_option)


def changed_settings(
    what: str, begun: Mapping, given: Mapping, changeable: tuple[str, ...]
) -> dict:
    """Those given that may differ from what a run or search was begun with.

    Args:
        what: the run or the search, in words.
        begun: with what it was begun.
        given: what is given anew.
        changeable: names of what may be given anew.

    Raises:
        ValueError: with everything that differs, and what it was.
    """
    reasons = []
    for name, value in given.items():
        # Not `value in (None, False)`: 0 equals False, and is a setting.
        absent = name not in begun and (value is None or is_off(name, value))
        same = absent or begun.get(name) == value
        if name not in changeable and not same:
            had = f"{name}={begun[name]!r}" if name in begun else f"no {name}"
            reasons.append(f"{had}, got {value!r}")
    if reasons:
        raise ValueError(
            f"{what} was begun with {'; with '.join(reasons)}: leave the "
            "option out to go on with it, or start a new one in another "
            "--out."
        )
    return {name: given[name] for name in changeable if name in given}


def with_settings_of(
    path: pathlib.Path | str, given: Mapping, resume: bool = False
) -> dict:
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


def with_whole_path(settings: Mapping) -> dict:
    """The settings with paths that lead to the files from any folder."""
    settings = dict(settings)
    for setting in ("data", "schema"):
        name = settings.get(setting)
        if not isinstance(name, str | os.PathLike) or name in data.names():
            continue
        path = pathlib.Path(name).expanduser()
        if os.path.exists(path):
            settings[setting] = os.path.abspath(path)
    return settings


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


def preset_settings(given: Mapping) -> dict:
    """What the preset that is named says beside its model's options."""
    if "preset" not in given:
        return {}
    preset = get_preset(given["preset"])
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
