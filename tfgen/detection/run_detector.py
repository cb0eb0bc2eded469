"""Detectors of runs, as commands make them."""

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from tfgen.detection.detector import Detector
from tfgen.detection.held_out_rows import training_rows
from tfgen.detection.row_values import Rows
from tfgen.models import GenerativeModel
from tfgen.runs.folder import RunFolder


def run_detector(
    folders: Sequence[RunFolder],
    models: Sequence[GenerativeModel],
    held_out: Rows,
    measures: Iterable[str] | None,
    **given: Any,
) -> Detector:
    """A detector of models that are loaded, as `Detector` has it by folders.

    Args:
        folders: of the runs.
        models: theirs.
        held_out: as of `Detector`.
        measures: names; None for those that the runs' preset recommends, or
            the first that the model can take.
        **given: other arguments of `Detector`.
    """
    return Detector.of_preset(
        folders[0].config().get("preset"),
        models,
        held_out,
        functools.partial(training_rows, folders[0]),
        measure=None if measures is None else [*measures],
        **given,
    )
