"""A detector's model, trained from its name."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data import Source, from_arrays
from tfgen.data.frames import as_pandas, is_frame
from tfgen.models import GenerativeModel
from tfgen.models.families import FAMILIES
from tfgen.models.preset import PRESETS
from tfgen.runs.model import compiled_model, with_sizes
from tfgen.runs.settings import preset_settings, with_defaults

HELD_OUT = 0.2
"""Share of the rows that p-values come from; more where alpha asks for it."""
MOST_HELD_OUT = 0.5


def is_name(model: object) -> bool:
    """Whether it names what is to be trained."""
    return isinstance(model, str) and (model in FAMILIES or model in PRESETS)


def checked_rows(
    detector: object, x: npt.ArrayLike, reset: bool
) -> npt.ArrayLike:
    """Rows as scikit-learn's estimators take them.

    Args:
        detector: gets `n_features_in_` and `feature_names_in_`.
        x: rows of a table; images are taken as they are, and frames with
            texts or dates but for the names of their columns.
        reset: whether it is fitted; else the rows must be of its columns.

    Raises:
        ValueError: with scikit-learn's own words.
    """
    if hasattr(x, "shape") and len(x.shape) > 2:
        return x
    from sklearn.utils.validation import validate_data

    x = as_pandas(x)
    if _is_mixed(x):
        return validate_data(detector, x, reset=reset, skip_check_array=True)
    least = {"ensure_min_samples": 2} if reset else {}
    return validate_data(detector, x, reset=reset, dtype="numeric", **least)


def _is_mixed(x):
    """Whether it is a frame with texts or dates, which are no numbers."""
    return is_frame(x) and any(
        dtype.kind not in "biuf" for dtype in x.dtypes if str(dtype) != "object"
    )


def train_model(
    name: str,
    x: npt.ArrayLike | Source,
    columns: Sequence[str] | None,
    options: Mapping | None,
    fewest: int,
    seed: int,
) -> tuple[str | None, GenerativeModel, Source, Source]:
    """A model of some of the rows, trained as `tfgen train` does it.

    Args:
        name: of a family or a preset.
        x: rows in their own units.
        columns: names of an array's columns, or None.
        options: settings of `tfgen train` by name.
        fewest: rows that are wanted to be held out.
        seed: of the division and the training.

    Returns:
        The preset, the model, the rows that it was trained on, and those that
        it has not seen.
    """
    if not isinstance(x, Source):
        kind = "table" if np.ndim(x) == 2 else None
        names = None if columns is None else [*map(str, columns)]
        x = from_arrays(x, kind=kind, feature_names=names)
    share = min(max(HELD_OUT, fewest / len(x)), MOST_HELD_OUT)
    train, held_out = x.divide((1 - share, share), seed)
    if not len(train) or not len(held_out):
        # All rows are equal, which a division keeps together.
        order = np.random.default_rng(seed).permutation(len(x))
        train, held_out = map(
            x.subset, np.split(order, [math.ceil(len(x) * (1 - share))])
        )
    what = "preset" if name in PRESETS else "model"
    given = {what: name, "seed": seed, **(options or {})}
    settings = {**preset_settings(given), **given}
    settings.pop("data", None)
    settings = with_sizes(with_defaults(settings, train), len(train))
    model = compiled_model(settings, train)
    model.fit(
        train.batches(settings["batch_size"], seed=seed),
        epochs=settings["epochs"],
        verbose=0,
    )
    return settings.get("preset"), model, train, held_out
