"""What every report of `tfgen evaluate` is made of."""

import datetime
import pathlib
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgen import metrics
from tfgen.data import Source
from tfgen.evaluation import Evaluation, write_html, write_json
from tfgen.metrics.feature_extractor import coarse_pixels
from tfgen.metrics.fit_extractor import accuracy
from tfgen.pictures import beside_each_other, write_png
from tfgen.training.files import written_whole
from tfgen.version import __version__

MOST_CLASSES = 100
EXTRACTORS = ("auto", "classifier", "pixels", "inception", "none")


class Report:
    """A folder with a report, and the extractor that it takes.

    Args:
        out: folder of the report.
        extractor: as the command's option.

    Raises:
        ValueError: for an `out` that holds other things, or an unknown
            extractor.
    """

    def __init__(self, out: pathlib.Path, extractor: str):
        self.out = out
        _check_out(out)
        _check_extractor(extractor)
        self.extractor = extractor
        self._extractors = {}
        self._facts = {}

    def written(
        self,
        evaluations: list[Evaluation],
        settings: dict[str, Any],
        began: float,
    ) -> None:
        """Writes the files, and says the numbers and where the files are.

        Args:
            evaluations: what was found.
            settings: that hold for all.
            began: of the evaluation, by `time.perf_counter`.
        """
        files = self._write_files(evaluations, settings)
        _print_numbers(evaluations)
        print(f"took     {time.perf_counter() - began:.0f} s")
        for name, path in files.items():
            print(f"{name:8} {path}")

    def _write_files(self, evaluations, settings):
        """The files that were written, by what they are."""
        facts = {
            "tfgen": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "date": datetime.date.today().isoformat(),
            "command": shlex.join(["tfgen", *sys.argv[1:]]),
            **settings,
            **self._facts,
        }
        page, numbers = self.out / "report.html", self.out / "report.json"
        write_html(page, evaluations, facts)
        write_json(numbers, evaluations, facts)
        files = {"report": page, "numbers": numbers}
        together = _samples_together(evaluations)
        if together is not None:
            files["samples"] = self.out / "samples.png"
            write_png(files["samples"], together)
        return files

    def extractor_for(
        self, train: Source, test: Source, say: Callable[[str], None]
    ) -> keras.Model | None:
        """The extractor, trained where it must be.

        Args:
            train: real data that a classifier is trained on.
            test: real data that it is tested on.
            say: called with what is done.
        """
        kind = self.kind_for(train)
        if kind == "none":
            return None
        if kind == "pixels" and train.kind == "image":
            return coarse_pixels(train.shape)
        if kind != "classifier":
            return _checked(kind, train)
        return self._classifier(train, test, say)

    def kind_for(self, train: Source) -> str:
        """The kind of extractor that these data take."""
        return _automatic(train) if self.extractor == "auto" else self.extractor

    def _classifier(self, train, test, say):
        """One for all runs on the same data, kept beside the report."""
        if train.value_range is not None:
            train = train.to_range((0.0, 1.0))
        key = train.fingerprint()[:12]
        if key not in self._extractors:
            path = self.out / f"extractor_{key}.keras"
            if path.exists():
                extractor = keras.models.load_model(path)
            else:
                say("classifier for the features")
                shown = int(sys.stdout.isatty())
                extractor = metrics.fit_extractor(train, verbose=shown)
                with written_whole(path) as whole:
                    extractor.save(whole)
            self._extractors[key] = extractor
            self._facts[path.name] = (
                f"{extractor.name}, by tfgen.metrics.fit_extractor on the "
                "training split, accuracy on the test split "
                f"{accuracy(extractor, test):.1%}"
            )
        return self._extractors[key]


def _samples_together(evaluations):
    """Samples of several runs in one picture, beside the data of the first."""
    shown = {}
    for one in evaluations:
        found = {}
        for section in one.sections:
            found.update(section.pictures)
        if "samples" in found:
            if "data" in found:
                shown.setdefault("data", found["data"])
            shown[one.name] = found["samples"]
    return beside_each_other(shown) if len(evaluations) > 1 and shown else None


def _checked(name, train):
    """An extractor from elsewhere, tried on one example."""
    try:
        extractor = metrics.FeatureExtractor(name)
        extractor.features(train.rows([0])[0])
    except FileNotFoundError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"extractor {name} does not take examples of shape {train.shape} "
            f"({reason}): pass one that does. Images come as pixels in [0, 1]."
        ) from error
    return extractor.model


def _automatic(train):
    if train.kind != "image":
        return "none"
    labelled = 2 <= (train.num_classes or 0) <= MOST_CLASSES
    return "classifier" if labelled else "pixels"


def _check_out(out):
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file, expected a folder: pass --out.")
    ours = all(path.name.startswith("extractor_") for path in out.glob("*"))
    if not ours and not (out / "report.json").exists():
        raise ValueError(
            f"{out} holds other things than an evaluation: choose another "
            "--out."
        )


def _check_extractor(name):
    path = pathlib.Path(name)
    if name in EXTRACTORS or (path.suffix == ".keras" and path.is_file()):
        return
    raise ValueError(
        f"extractor is {name!r}, expected {', '.join(EXTRACTORS)}, or a .keras "
        "file that is there."
    )


def _print_numbers(evaluations):
    """A line for each number, and for each note."""
    from tfgen.reports.short_text import number

    for one in evaluations:
        print(one.name)
        for section in one.sections:
            for m in section.measurements:
                known = m.floor is not None
                floor = f"real data {number(m.floor)}" if known else ""
                spread = f"+- {number(m.spread)}" if m.spread else ""
                line = f"  {m.name:38}{number(m.value):>9} {spread:12} {floor}"
                print(line.rstrip())
            if section.verdict:
                print(f"  {section.title}: {section.verdict}")
            for note in section.notes:
                print(f"  {section.title}: {note}")


def say(place: str, text: str) -> None:
    """A line on the terminal, beside the results."""
    print(place + text, file=sys.stderr, flush=True)
