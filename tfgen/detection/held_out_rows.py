"""Held-out normal rows of runs: their validation split, or a file's."""

import pathlib
from collections.abc import Sequence

import numpy as np

from tfgen.data import Source
from tfgen.detection.odd_labels import odd_rows
from tfgen.models import GenerativeModel
from tfgen.runs.data import in_range, load_splits
from tfgen.runs.folder import RunFolder


def held_out_rows(
    folders: Sequence[RunFolder],
    models: Sequence[GenerativeModel],
    named: str | None,
    normal: str | None,
) -> tuple[Source | str, str]:
    """Rows to calibrate runs by, and in words what they are.

    Args:
        folders: of the runs.
        models: theirs.
        named: data that were named; None for the runs' validation split.
        normal: of the validation split only rows of this class, where the data
            have classes; None for all.

    Raises:
        ValueError: for the very data of a run, or runs that were divided
            otherwise.
    """
    if named is None:
        return _validation(
            folders, models, normal
        ), "the run's validation split"
    for folder in folders:
        _check_unseen(folder, named)
    return named, named


def training_rows(folder: RunFolder, model: GenerativeModel) -> Source:
    """What a run was trained on, in the range of its model.

    Raises:
        ValueError: if the data are not there any more, or others now.
    """
    train = load_splits(folder.config(), ("train",), once_more=True)["train"]
    train = in_range(model, train)
    folder.check_same_data(train)
    return train


def _validation(folders, models, normal):
    """The validation split, which must be the same of all runs."""
    first, *others = (
        _validation_of(folder, model)
        for folder, model in zip(folders, models, strict=True)
    )
    rows = first.unscaled().fingerprint()
    if any(other.unscaled().fingerprint() != rows for other in others):
        raise ValueError(
            "the runs have different validation splits, and may have "
            "trained on each other's: name rows that none has seen by "
            "--held-out."
        )
    if normal is None or first.class_names is None:
        return first
    is_odd = odd_rows(first, normal, "the run's data")
    return first.subset(np.flatnonzero(~is_odd))


def _validation_of(folder, model):
    names = ("train", "validation")
    splits = load_splits(folder.config(), names, once_more=True)
    splits = {name: in_range(model, part) for name, part in splits.items()}
    folder.check_same_data(splits["train"])
    return splits["validation"]


def _check_unseen(folder, held_out):
    """Refuses the very data of a run; that others hold its rows is not seen."""
    data = folder.config().get("data")
    if data is None:
        return
    if pathlib.Path(held_out).resolve() == pathlib.Path(data).resolve():
        raise ValueError(
            f"--held-out is {held_out}, on which {folder.path} was trained: "
            "leave it out, which takes the run's validation split, or name "
            "rows that the run has not seen."
        )
