"""The report of `tfgen evaluate` on samples in files."""

import functools
import pathlib
import time
from collections.abc import Mapping
from typing import Any

from tfgen.data import load
from tfgen.evaluation import Samples, evaluate
from tfgen.evaluation.report import Report, say
from tfgen.runs.load_options import load_options

TRAIN_FRACTION = 1 / 3


class FileReport(Report):
    """Compares files of samples with a file of real data.

    Args:
        generated: files of samples, or folders of images.
        real: file, folder or name of the real data.
        options: of `tfgen.data.load`, as settings have them.
        out: folder of the report.
        extractor: as the command's option.

    Raises:
        ValueError: for samples that cannot be read like the real data, an
            `out` that holds other things, or an unknown extractor.
    """

    def __init__(
        self,
        generated: list[str],
        real: str,
        options: Mapping[str, Any],
        out: pathlib.Path,
        extractor: str,
    ):
        super().__init__(out, extractor)
        self.real = load(real, "all", **load_options(options))
        self.generated = {
            name: load(file, "all", like=self.real)
            for name, file in zip(_names(generated), generated, strict=True)
        }

    def write(self, **settings: Any) -> None:
        """Evaluates, writes the files and says where they are.

        Args:
            **settings: of each `tfgen.evaluation.Samples`.
        """
        began = time.perf_counter()
        self.out.mkdir(parents=True, exist_ok=True)
        if self.kind_for(self.real) == "classifier":
            settings["train_fraction"] = TRAIN_FRACTION
        evaluations = []
        for i, (name, source) in enumerate(self.generated.items(), 1):
            told = functools.partial(
                say, f"[{i}/{len(self.generated)}] {name}: "
            )
            found = Samples(source, self.real, name, **settings)
            extractor = self.extractor_for(found.train, found.test, told)
            found = Samples(
                source, self.real, name, extractor=extractor, **settings
            )
            evaluations.append(evaluate(found, told))
        self.written(evaluations, settings, began)


def _names(files):
    """The files' names where these differ, else the paths as given."""
    short = [pathlib.Path(file).name for file in files]
    if len(set(files)) < len(files):
        raise ValueError("a file was named twice: name each of them once.")
    return short if len(set(short)) == len(short) else files
