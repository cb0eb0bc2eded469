"""`tfgen calibrate`: a run's model becomes a detector."""

import pathlib
from collections.abc import Iterable

from tfgen.detection.detector import Detector
from tfgen.detection.held_out_rows import held_out_rows
from tfgen.detection.run_detector import run_detector
from tfgen.runs.folder import RunFolder
from tfgen.runs.on_files import read_model


def calibrate_run(
    run: pathlib.Path,
    held_out: str | None = None,
    measures: Iterable[str] | None = None,
    alpha: float = 0.05,
    k: int = 100,
    normal: str | None = None,
    combine: str | None = None,
) -> Detector:
    """Keeps scores of held-out rows in the model of a run.

    Args:
        run: the folder.
        held_out: normal rows; None for the run's validation split.
        measures: names; None for those that `Detector` takes by itself.
        alpha: as of `Detector`.
        k: as of `Detector`.
        normal: of the validation split only rows of this class; None for all.
        combine: as of `Detector`.

    Returns:
        The detector; `model.keras` of the run is written anew.

    Raises:
        ValueError: for what is no run, or rows that do not fit.
    """
    folder = RunFolder(run)
    folder.config()  # which refuses what is no run
    with folder.claimed():
        model = read_model(run)
        rows, words = held_out_rows([folder], [model], held_out, normal)
        detector = run_detector(
            *([folder], [model], rows, measures),
            combine=combine,
            alpha=alpha,
            k=k,
        )
        detector.source = words
        detector.keep()
        model.save(folder.model_file)
    return detector
