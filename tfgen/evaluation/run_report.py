"""The report of `tfgen evaluate`, from the folders of runs."""

import datetime
import functools
import pathlib
import shlex
import sys
import time
from typing import Any

import keras
import tensorflow as tf

from tfgen import metrics
from tfgen.callbacks import read_history
from tfgen.evaluation import Subject, evaluate, write_html, write_json
from tfgen.metrics.feature_extractor import coarse_pixels
from tfgen.metrics.fit_extractor import accuracy
from tfgen.pictures import beside_each_other, write_png
from tfgen.runs.data import in_range, load_splits
from tfgen.runs.folder import RunFolder
from tfgen.version import __version__

DEFAULT_FOLDER = "evaluation"
SPLITS = ("train", "validation", "test")
MOST_CLASSES = 100
EXTRACTORS = ("auto", "classifier", "pixels", "inception", "none")


class EvaluationReport:
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
        self.out = out
        _check_out(out)
        _check_extractor(extractor)
        self.extractor = extractor
        self._extractors = {}
        self._facts = {}

    def write(self, **settings: Any) -> None:
        """Evaluates, writes the files and says where they are.

        Args:
            **settings: of each `tfgen.evaluation.Subject`.
        """
        began = time.perf_counter()
        self.out.mkdir(parents=True, exist_ok=True)
        evaluations = []
        for i, (name, folder) in enumerate(self.folders.items(), 1):
            say = functools.partial(_say, f"[{i}/{len(self.folders)}] {name}: ")
            subject = self._subject(folder, name, say, settings)
            evaluations.append(evaluate(subject, say))
        written = self._write_files(evaluations, settings)
        _print_numbers(evaluations)
        print(f"took     {time.perf_counter() - began:.0f} s")
        for name, path in written.items():
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

    def _subject(self, folder, name, say, settings):
        model = folder.load_model()
        splits = {
            key: in_range(model, split)
            for key, split in load_splits(folder.config(), SPLITS).items()
        }
        _check_data(folder, splits["train"])
        file = folder.history_file
        return Subject(
            model,
            **splits,
            name=name,
            extractor=self._extractor(splits, say),
            history=read_history(file) if file.exists() else None,
            **settings,
        )

    def _extractor(self, splits, say):
        train, kind = splits["train"], self.extractor
        if kind == "auto":
            kind = _automatic(train)
        if kind == "none":
            return None
        if kind == "pixels" and train.kind == "image":
            return coarse_pixels(train.shape)
        if kind != "classifier":
            return _checked(kind, train)
        return self._classifier(train, splits["test"], say)

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
                extractor.save(path)
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


def _names(runs):
    """Short names where these differ, else the paths as they were given."""
    short = [run.resolve().name for run in runs]
    if len(set(short)) == len(short):
        return short
    if len({run.resolve() for run in runs}) < len(runs):
        raise ValueError("a run was named twice: name each of them once.")
    return [str(run) for run in runs]


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


def _check_data(folder, train):
    saved = folder.manifest()["data"]
    if saved["fingerprint"] != train.fingerprint():
        raise ValueError(
            f"the data of the run in {folder.path} has changed (it was "
            f"{saved['description']}; it is {train.description}): put it back."
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


def _say(place, text):
    print(place + text, file=sys.stderr, flush=True)
