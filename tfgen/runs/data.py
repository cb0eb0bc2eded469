"""The data that settings name, as their model sees them."""

import contextlib
from collections.abc import Iterable, Mapping

import numpy as np

from tfgen.data import Source, load
from tfgen.data.loader import read_once
from tfgen.data.notes import unsaid
from tfgen.models import GenerativeModel
from tfgen.models.families import get_family
from tfgen.runs.load_options import load_options


def load_splits(
    settings: Mapping, names: Iterable[str], once_more: bool = False
) -> dict[str, Source]:
    """The sources that settings name, by the name of the split.

    Points are standardized for families that say so. (Tables are as they are
    loaded.) With `normal_only` rows of one class are left, and tables are
    standardized by these.

    Args:
        settings: by the option names of `tfgen train`.
        names: of the splits; `"train"` must be among them.
        once_more: whether a run was trained on them, so that what a reader
            guesses was said then.

    Raises:
        ValueError: if no data are named, or they cannot be loaded.
    """
    with read_once(), unsaid() if once_more else contextlib.nullcontext():
        splits = {name: _load(settings, name) for name in names}
    if "normal_only" in settings:
        splits = _of_one_class(splits, settings["normal_only"])
    train = splits["train"]
    family = get_family(settings["model"])
    if train.kind == "points" and family.standardizes_points:
        return {
            name: split.standardized_by(train) for name, split in splits.items()
        }
    return splits


def in_range(model: GenerativeModel, source: Source) -> Source:
    """The source in the range of values that the model takes.

    Raises:
        ValueError: if it holds real numbers and the model takes a range.
    """
    wanted = model.data_range
    if not wanted or source.value_range == wanted:
        return source
    if source.value_range is None:
        low, high = wanted
        gaussian = "pass --likelihood gaussian"
        todo = gaussian if model.has_likelihood else "rescale them"
        raise ValueError(
            f"{objective_words(model)} is for data in [{low:g}, {high:g}], but "
            f"{source.name} holds real numbers: {todo}."
        )
    return source.to_range(wanted)


def objective_words(model: GenerativeModel) -> str:
    """What the model is trained on, for messages."""
    if model.has_likelihood:
        return f"the {type(model.likelihood).__name__} likelihood"
    return f"the {type(model.adversarial_loss).__name__} loss"


def odd_rows_of(settings: Mapping, split: str) -> Source | None:
    """The rows of a split that `normal_only` leaves out; None without it."""
    if "normal_only" not in settings:
        return None
    source = _load(settings, split)
    normal = class_number(source, settings["normal_only"], "--normal-only")
    return source.subset(np.flatnonzero(source.labels != normal))


def class_number(source: Source, label: str, option: str) -> int:
    """The number of a class by its name, for an option of a command.

    Raises:
        ValueError: for data without classes, or without this one.
    """
    if source.class_names is None:
        raise ValueError(
            f"{option} is {label}, but {source.name} has no classes: name the "
            "column that has them by --label-column."
        )
    names = [*map(str, source.class_names)]
    if label not in names:
        raise ValueError(
            f"{option} is {label}, expected a class of {source.name}: "
            f"{', '.join(names[:20])}."
        )
    return names.index(label)


def _of_one_class(splits, label):
    number = class_number(splits["train"], label, "--normal-only")
    found = {
        name: split.subset(np.flatnonzero(split.labels == number))
        for name, split in splits.items()
    }
    for name, split in found.items():
        if not len(split):
            raise ValueError(
                f"the {name} split has no rows of the class {label}, which "
                "--normal-only names: take a larger data set."
            )
    train = found["train"]
    if not train.standardized:
        return found
    return {name: one.standardized_by(train) for name, one in found.items()}


def _load(settings, split):
    if "data" not in settings:
        raise ValueError(
            "the run does not name its data, as that of a search in Python: "
            'add "data" to its config.json, with a name (tfgen info lists '
            "them) or a path, or give Search settings={'data': ...}."
        )
    return load(settings["data"], split=split, **load_options(settings))
