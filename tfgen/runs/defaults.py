"""What a new run takes where its settings say nothing, by its data."""

import math
from collections.abc import Mapping

from tfgen.data import Source
from tfgen.models.families import Family
from tfgen.models.preset import get_preset
from tfgen.runs.model import family_of, with_sizes
from tfgen.settings.searched import default_batch_size
from tfgen.settings.settings import Settings

FEWEST_UNITS = 32
PATIENCE_EPOCHS = 10
PATIENCE_STEPS = 400


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
        settings = {**_recommended(family, settings, source), **settings}
    settings = with_sizes(settings, len(source))
    if family.model.trains_bound and "patience" not in settings:
        steps = math.ceil(len(source) / settings["batch_size"])
        patience = max(PATIENCE_EPOCHS, math.ceil(PATIENCE_STEPS / steps))
        settings = settings.replaced(patience=patience)
    return settings


def _recommended(family: Family, settings: Mapping, source: Source) -> dict:
    name = family.recommended.get(source.kind)
    if name is None:
        return {}
    preset, rows = get_preset(name), len(source)
    batch_size = settings.get(
        "batch_size", min(preset.batch_size, default_batch_size(rows))
    )
    epochs = math.ceil(preset.steps / math.ceil(rows / batch_size))
    found = {
        "preset": name,
        "batch_size": batch_size,
        "epochs": max(10, epochs),
    }
    units = _units_for(preset, rows)
    if units is not None and settings.get("network", "mlp") == "mlp":
        found["width"] = units
    return found


def _units_for(preset, rows):
    """Units of a layer for so few rows; None: those of the preset.

    A power of two, about half the number of rows.
    """
    most = preset.options["network_options"]["units"][0]
    units = 2 ** int(math.log2(max(1, rows // 2)))
    return max(FEWEST_UNITS, units) if units < most else None
