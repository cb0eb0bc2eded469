"""`tfgen detect`: a run's model finds what is odd in a file."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tfgen.data import load
from tfgen.detection.detection import Detection
from tfgen.detection.detector import Detector
from tfgen.detection.held_out_rows import held_out_rows
from tfgen.detection.odd_labels import odd_rows
from tfgen.detection.quality import DetectionQuality, detection_quality
from tfgen.detection.run_detector import run_detector
from tfgen.pictures import shares_picture, write_png
from tfgen.pictures.examples import picture_range
from tfgen.runs import on_files
from tfgen.runs.folder import RunFolder
from tfgen.runs.row_writer import RowWriter

TOP = 3
"""Columns that are named for each row."""
MAPS = 16
"""Images that maps are drawn of."""


class DetectionOfRuns:
    """Judges the rows of a file by a run or several, a piece at a time.

    Args:
        runs: folders of the runs.
        data: as `tfgen.data.load` takes it.
        split: of the data, or None for all.
        labels: column that says which rows are odd, or None.
        normal: the label of normal rows, or None for 0.
        on_unknown: of rows with values that the training data had not, as
            `tfgen.data.load` takes it.

    Raises:
        ValueError: for what is no run, or data that do not fit.
    """

    def __init__(
        self,
        runs: Sequence[pathlib.Path],
        data: str,
        split: str | None = None,
        labels: str | None = None,
        normal: str | None = None,
        on_unknown: str = "flag",
    ):
        if len({pathlib.Path(run).resolve() for run in runs}) < len(runs):
            raise ValueError("a run was named twice: name each of them once.")
        self._folders = [RunFolder(run) for run in runs]
        self._models = [on_files.read_model(run) for run in runs]
        self._model = self._models[0]
        _check_conditional_alike(runs, self._models)
        self._on_unknown = on_unknown
        # The class of normal rows, where the data have classes of their own.
        self._normal = normal if labels is None else None
        self.source, self._is_odd = self._read(data, split, labels, normal)

    def calibrate(
        self,
        held_out: str | None,
        measures: Iterable[str] | None,
        alpha: float | None,
        k: int | None,
        combine: str | None = None,
    ) -> None:
        """Makes the detector.

        Args:
            held_out: normal rows; None for those of `tfgen calibrate`, or the
                run's validation split.
            measures: names; None for those of `tfgen calibrate`, or that
                `Detector` takes by itself.
            alpha: as of `Detector`; None likewise.
            k: as of `Detector`; None likewise.
            combine: as of `Detector`; None likewise.
        """
        first, *others = self._models
        asked = (held_out, measures, k, combine, self._normal)
        if first.held_out_scores and not others and asked == (None,) * 5:
            self.detector = Detector.of(first, alpha)
            return
        rows, words = held_out_rows(
            self._folders, self._models, held_out, self._normal
        )
        self.detector = run_detector(
            self._folders,
            self._models,
            rows,
            measures,
            combine=combine,
            alpha=0.05 if alpha is None else alpha,
            k=k or 100,
        )
        self.detector.source = words

    def write(
        self, out: pathlib.Path, told: Callable[[int], None] = lambda rows: None
    ) -> None:
        """Writes a row for each of the data.

        Args:
            out: the file, of a suffix that `RowWriter` takes.
            told: called with the number of rows done.
        """
        names, found = self._column_names(), []
        with RowWriter(out) as file:
            for start in range(0, len(self.source), on_files.ROWS):
                stop = min(start + on_files.ROWS, len(self.source))
                rows = np.arange(start, stop)
                piece = self.source.subset(rows)
                detection, shares = self._judge(piece, bool(names))
                file.append(
                    on_files.row_columns(self.source, rows)
                    | vars(detection)
                    | (_top_columns(shares, names) if names else {})
                )
                found.append(detection)
                told(len(rows))
        self.detection = Detection(
            *(
                np.concatenate([getattr(piece, field.name) for piece in found])
                for field in dataclasses.fields(Detection)
            )
        )

    def check_maps(self) -> None:
        """Raises ValueError if there are no maps of such data."""
        if self.source.kind != "image":
            raise ValueError(
                f"--maps is for images, {self.source.name} is a "
                f"{self.source.kind}: see the columns of --out."
            )
        self.detector.explain(self.source.take(1))

    def write_maps(self, path: pathlib.Path) -> None:
        """Writes a PNG of the oddest images, each above its shares."""
        oddest = np.argsort(-self.detection.score, kind="stable")[:MAPS]
        rows = self.source.subset(oddest)
        picture = shares_picture(
            rows.arrays()[0],
            self.detector.explain(rows).shares,
            picture_range(self._model, rows),
        )
        write_png(path, picture)

    @property
    def quality(self) -> DetectionQuality | None:
        """How well the rows were told, where labels say it."""
        if self._is_odd is None:
            return None
        return detection_quality(self.detection, self._is_odd)

    def lines(self) -> list[str]:
        """What came, in words."""
        flagged, rows = int(self.detection.is_odd.sum()), len(self.source)
        detector, quality = self.detector, self.quality
        said = {
            "rows": f"{rows:,}, {flagged:,} of them odd ({flagged / rows:.1%}) "
            f"by {detector.words} at alpha "
            f"{detector.alpha:g}",
            "held out": f"{detector.num_held_out:,} rows, "
            f"{detector.source or 'of an array'}",
            "alarm rate": detector.promise,
        }
        if quality is not None:
            said |= {
                "false alarms": quality.false_alarms or "no row is normal",
                "found": quality.found or "no row is odd",
            }
            if quality.false_alarms and quality.found:
                precision = quality.average_precision
                said |= {
                    "AUROC": f"{quality.auroc:.4f}",
                    "precision": f"{precision:.4f} on average",
                    "F1": f"{quality.f1:.4f}",
                }
        return [f"{name:15}{value}" for name, value in said.items()]

    def _read(self, data, split, labels, normal):
        """The rows, and which are odd or None."""
        model = self._model
        if labels is None:
            source = on_files.read_source(model, data, split, self._on_unknown)
            normal = normal or self._trained_on(source)
            if normal is None:
                return source, None
            return source, odd_rows(source, normal, "the data")
        # Labels are what they are there, and no classes of the model.
        like = dataclasses.replace(model.reading, class_names=None)
        labelled = load(
            data,
            split,
            label_column=labels,
            like=like,
            on_unknown=self._on_unknown,
        )
        normal = normal or self._trained_on(labelled)
        is_odd = odd_rows(labelled, normal, f"column {labels!r}")
        if not model.num_classes:
            return labelled, is_odd
        found = on_files.read_source(model, data, split, self._on_unknown)
        return found, is_odd

    def _trained_on(self, source):
        """The class that the run was trained on alone, if rows have it."""
        label = self._folders[0].config().get("normal_only")
        return label if label in (source.class_names or ()) else None

    def _judge(self, piece, explains):
        """What is said of a piece, and shares or None."""
        if not explains:
            return self.detector.detect(piece), None
        why = self.detector.explain(piece)
        return self.detector.judge(why.score[:, None]), why.shares

    def _column_names(self):
        """Names of columns that have shares; empty if none have."""
        if self.source.kind == "image" or not self.detector.explains:
            return ()
        (size,) = self.source.shape
        names = self._model.reading.number_names
        return names or tuple(f"column_{i + 1}" for i in range(size))


def _check_conditional_alike(runs, models):
    """Refuses runs that take labels beside runs that take none, or others."""
    for run, model in zip(runs, models, strict=True):
        if model.num_classes != models[0].num_classes:
            raise ValueError(
                f"{runs[0]} {_conditional(models[0])}, {run} "
                f"{_conditional(model)}: an ensemble takes runs that are "
                "conditional alike; leave --also out for one of them."
            )


def _conditional(model):
    if model.num_classes:
        return f"is conditional on {model.num_classes} classes"
    return "is not conditional"


def _top_columns(shares, names):
    """The columns that weigh most, and their shares."""
    order = np.argsort(-shares, axis=1, kind="stable")[:, :TOP]
    columns = {}
    for place in range(order.shape[1]):
        top = order[:, place]
        columns[f"column_{place + 1}"] = np.array(names)[top]
        columns[f"share_{place + 1}"] = shares[np.arange(len(top)), top]
    return columns
