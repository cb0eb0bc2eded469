"""The report of `tfgen evaluate`, from the folders of runs."""

import functools
import pathlib
import time
from typing import Any

from tfgen.callbacks import read_history
from tfgen.evaluation import Subject, evaluate
from tfgen.evaluation.report import Report, say
from tfgen.runs.data import in_range, load_splits, odd_rows_of
from tfgen.runs.folder import RunFolder

DEFAULT_FOLDER = "evaluation"
SPLITS = ("train", "validation", "test")


class EvaluationReport(Report):
    """Evaluates runs one by one and writes what was found.

    Args:
        runs: folders of the runs.
        out: folder of the report, or None for the default.
        extractor: as the command's option.

    Raises:
        ValueError: for folders that are no runs, an `out` that holds other
            things, or an unknown extractor.
    """

    def __init__(
        self, runs: list[pathlib.Path], out: pathlib.Path | None, extractor: str
    ):
        self.folders = dict(
            zip(_names(runs), map(RunFolder, runs), strict=True)
        )
        for folder in self.folders.values():
            folder.config()
        if out is None:
            out = pathlib.Path(DEFAULT_FOLDER)
            out = runs[0] / out if len(runs) == 1 else out
        super().__init__(out, extractor)

    def write(self, **settings: Any) -> None:
        """Evaluates, writes the files and says where they are.

        Args:
            **settings: of each `tfgen.evaluation.Subject`.
        """
        began = time.perf_counter()
        self.out.mkdir(parents=True, exist_ok=True)
        evaluations = []
        for i, (name, folder) in enumerate(self.folders.items(), 1):
            told = functools.partial(say, f"[{i}/{len(self.folders)}] {name}: ")
            subject = self._subject(folder, name, told, settings)
            evaluations.append(evaluate(subject, told))
        self.written(evaluations, settings, began)

    def _subject(self, folder, name, told, settings):
        model = folder.load_model()
        splits = {
            key: in_range(model, split)
            for key, split in load_splits(folder.config(), SPLITS, True).items()
        }
        folder.check_same_data(splits["train"])
        file = folder.history_file
        odd = odd_rows_of(folder.config(), "test")
        return Subject(
            model,
            **splits,
            name=name,
            extractor=self.extractor_for(splits["train"], splits["test"], told),
            history=read_history(file) if file.exists() else None,
            odd=odd and in_range(model, odd),
            preset=folder.config().get("preset"),
            **settings,
        )


def _names(runs):
    """Short names where these differ, else the paths as they were given."""
    short = [run.resolve().name for run in runs]
    if len(set(short)) == len(short):
        return short
    if len({run.resolve() for run in runs}) < len(runs):
        raise ValueError("a run was named twice: name each of them once.")
    return [str(run) for run in runs]
