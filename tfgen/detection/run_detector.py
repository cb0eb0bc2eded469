"""Detectors of runs, as commands make them."""

from collections.abc import Iterable, Sequence

from tfgen.detection.detector import Detector
from tfgen.detection.held_out_rows import training_rows
from tfgen.detection.measures import chosen_measures
from tfgen.detection.scorer import Rows
from tfgen.models import GenerativeModel
from tfgen.runs.folder import RunFolder


def run_detector(
    folders: Sequence[RunFolder],
    models: Sequence[GenerativeModel],
    held_out: Rows,
    measures: Iterable[str] | None,
    combine: str | None = None,
    **given: float,
) -> Detector:
    """A detector of models that are loaded, as `Detector` has it by folders.

    Args:
        folders: of the runs.
        models: theirs.
        held_out: as of `Detector`.
        measures: names; None for those that the runs' preset recommends, or
            the first that the model can take.
        combine: as of `Detector`.
        **given: other arguments of `Detector`.
    """
    preset = folders[0].config().get("preset")
    names, combine = chosen_measures(models[0], measures, combine, preset)
    train = None
    if "neighbours" in names:
        train = training_rows(folders[0], models[0])
    return Detector(
        *(models, held_out, names), combine=combine, train=train, **given
    )
