"""What generated rows of a table are good for."""

import numpy as np

from tfgen import metrics
from tfgen.evaluation.section import Section
from tfgen.metrics import Measurement

TITLE = "Table"
MOST_TRAINING_ROWS = 10_000


def applies(subject) -> bool:
    """Whether the data are a table."""
    return subject.test.kind == "table"


def measure(subject) -> Section:
    """Columns, pairs of columns, detection, and training on samples."""
    found, notes = [], []
    for part in (_columns, _pairs, _detection, _training):
        try:
            found.append(part(subject))
        except ValueError as reason:
            notes.append(f"Left out: {reason}")
    return Section(TITLE, tuple(found), notes=tuple(notes))


def _columns(subject):
    return _against_floor(
        subject,
        "column_score",
        "higher",
        lambda real, rows: metrics.compare_columns(real, rows).score,
    )


def _pairs(subject):
    return _against_floor(
        subject,
        "correlation_difference",
        "lower",
        lambda real, rows: (
            metrics.compare_pairs(real, rows).mean_absolute_difference
        ),
    )


def _detection(subject):
    return _against_floor(
        subject,
        "detection_score",
        "lower",
        lambda real, rows: metrics.detection_score(real, rows).value,
    )


def _training(subject):
    train, train_labels = subject.some(subject.train, MOST_TRAINING_ROWS)
    test, test_labels = subject.test.arrays()
    labels = subject.labels(train_labels)
    generated = subject.model.sample(
        len(train), seed=subject.seed, labels=labels
    )
    scores = metrics.train_on_synthetic(
        train,
        generated,
        test,
        labels=None if labels is None else (labels, labels, test_labels),
        names=subject.test.feature_names,
        seed=subject.seed,
    )
    return Measurement(
        "train_on_synthetic",
        scores.generated,
        "higher",
        floor=scores.real,
        details={
            "score": scores.measure,
            "targets": len(scores.targets),
            "num_generated": len(train),
            "num_real": len(test),
            "reference": "test split",
            "floor": "trained on the training split",
        },
    )


def _against_floor(subject, name, better, compare):
    """Mean over sets of samples, and of validation rows in their place."""
    real = subject.some(subject.test)[0]
    unseen = subject.some(subject.validation)[0]
    values = [
        compare(real, subject.samples(repeat))
        for repeat in range(subject.repeats)
    ]
    several = len(values) > 1
    return Measurement(
        name,
        float(np.mean(values)),
        better,
        spread=float(np.std(values, ddof=1)) if several else None,
        spread_of=f"{len(values)} sets of samples" if several else "",
        floor=compare(real, unseen),
        details={
            "num_real": len(real),
            "num_generated": subject.count,
            "reference": "test split",
            "floor": f"{len(unseen)} rows of the validation split as samples",
        },
    )
