"""What is recommended for a kind of data, where nothing else was said.

One rule for all who make models: `tfgen.build`, runs and searches.
"""

import math
from collections.abc import Mapping

from tfgen.models.families import Family
from tfgen.models.preset import Preset, get_preset

MOST_DEPENDENT = 256
"""Columns: a covariance of more has more numbers than the networks."""
FEWEST_UNITS = 32
FEWEST_EPOCHS = 10
FEWEST_STEPS = 4
"""Of an epoch: with small batches tables are learned worse."""


def kind_of(shape: tuple[int, ...], is_mixed: bool = False) -> str:
    """What examples of a shape are, as far as defaults go by it.

    Rows of texts, dates, gaps and numbers are a mixed table, of any width.

    Two columns are points in the plane, wherever they come from: Python, a
    file or a data set of ours.

    >>> [kind_of(shape) for shape in ((2,), (30,), (999,), (8, 8, 1))]
    ['points', 'table', 'wide table', 'grey']
    """
    if is_mixed:
        return "mixed table"
    if len(shape) == 1:
        if shape[0] == 2:
            return "points"
        return "table" if shape[0] <= MOST_DEPENDENT else "wide table"
    return "grey" if shape[-1] == 1 else "colour"


def recommended_preset(
    family: Family, shape: tuple[int, ...], is_mixed: bool = False
) -> Preset | None:
    """The preset that a family follows for examples of a shape.

    None: the family's own defaults are what is recommended.
    """
    kind, named = kind_of(shape, is_mixed), family.recommended
    if kind == "wide table" and kind not in named:
        kind = "table"
    name = named.get(kind)
    return None if name is None else get_preset(name)


def recommended_settings(
    family: Family,
    shape: tuple[int, ...],
    rows: int,
    given: Mapping | None = None,
    is_mixed: bool = False,
) -> dict:
    """The settings of a training that follows what is recommended.

    The preset, its steps on so many rows, and narrower layers for few rows.

    Args:
        family: of the model.
        shape: of one example.
        rows: of the training data.
        given: settings that were chosen already.
        is_mixed: whether they are rows of a mixed table.
    """
    preset, given = recommended_preset(family, shape, is_mixed), given or {}
    if preset is None:
        return {}
    most = max(1, rows // FEWEST_STEPS)
    batch_size = given.get("batch_size", min(preset.batch_size, most))
    steps_an_epoch = math.ceil(rows / batch_size)
    steps = preset.steps
    if preset.most_epochs is not None:
        most_steps = max(Preset.steps, preset.most_epochs * steps_an_epoch)
        steps = min(steps, most_steps)
    epochs = math.ceil(steps / steps_an_epoch)
    settings = {
        "preset": preset.name,
        "batch_size": batch_size,
        "epochs": max(FEWEST_EPOCHS, epochs),
    }
    width = width_for(preset, rows)
    if width is not None and given.get("network", "mlp") == "mlp":
        settings["width"] = width
    return settings


def width_for(preset: Preset, rows: int) -> int | None:
    """Units of a dense layer for so few rows; None: those of the preset.

    A power of two, about half the number of rows.
    """
    if preset.options.get("network") != "mlp":
        return None
    most = preset.options["network_options"]["units"][0]
    units = 2 ** int(math.log2(max(1, rows // 2)))
    return max(FEWEST_UNITS, units) if units < most else None
