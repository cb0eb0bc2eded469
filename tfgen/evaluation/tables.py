"""What generated rows of a table are good for."""

import dataclasses
from functools import partial

import numpy as np

from tfgen import metrics
from tfgen.evaluation.compared_sets import ComparedSets
from tfgen.evaluation.section import (
    Section,
    collected,
    of_test_split,
    over_sets,
)
from tfgen.metrics import Measurement

SHOWN_COLUMNS = 12


def measure(subject: ComparedSets) -> Section:
    """Columns, pairs of columns, detection, and training on samples."""
    real = subject.some(subject.test)[0]
    unseen = subject.some(subject.validation)[0]
    sets = [subject.samples(repeat) for repeat in range(subject.repeats)]
    comparisons = (
        partial(_against_floor, *row, real, unseen, sets) for row in COMPARISONS
    )
    found = collected("Table", (*comparisons, partial(_training, subject)))
    note = _by_column(real, sets[0], subject.test.feature_names)
    return dataclasses.replace(found, notes=(*found.notes, note))


def _by_column(real, rows, names):
    """The columns that differ most, each with its score."""
    found = metrics.compare_columns(real, rows, names)
    names = names or [f"column_{i + 1}" for i in range(real.shape[1])]
    scores = 1 - found.statistic
    # Constant columns have none, and come last.
    order = np.argsort(scores)[: np.isfinite(scores).sum()]
    worst = order[:SHOWN_COLUMNS]
    said = ", ".join(f"{names[i]} {scores[i]:.2f}" for i in worst)
    more = ", the least alike first" if len(order) > SHOWN_COLUMNS else ""
    return f"Scores by column{more} (1 is best): {said}."


COMPARISONS = (
    (
        "column_score",
        "higher",
        lambda real, rows: metrics.compare_columns(real, rows).score,
    ),
    (
        "correlation_difference",
        "lower",
        lambda real, rows: (
            metrics.compare_pairs(real, rows).mean_absolute_difference
        ),
    ),
    (
        "detection_score",
        "lower",
        lambda real, rows: metrics.detection_score(real, rows).value,
    ),
)
"""Name, better side and function of real and generated rows."""


def _against_floor(name, better, compare, real, unseen, sets):
    """Mean over sets of samples, and of validation rows in their place."""
    details = {
        "num_real": len(real),
        "num_generated": len(sets[0]),
        "reference": "test split",
        "floor": f"{len(unseen)} rows of the validation split as samples",
    }
    values = [compare(real, rows) for rows in sets]
    known = Measurement(name, 0.0, better, details=details)
    return [over_sets(known, values, compare(real, unseen))]


def _training(subject):
    train, labels = subject.some(subject.train, subject.most_training_rows)
    test, test_labels = subject.test.arrays()
    generated, found = subject.samples_like(labels, len(train))
    scores = metrics.train_on_synthetic(
        train,
        generated,
        test,
        labels=None if found is None else (labels, found, test_labels),
        names=subject.test.feature_names,
        seed=subject.seed,
    )
    details = {
        "score": scores.measure,
        "targets": len(scores.targets),
        "num_generated": len(train),
        **of_test_split(len(test)),
        "floor": "trained on the training split",
    }
    return [
        Measurement(
            "train_on_synthetic",
            scores.generated,
            "higher",
            floor=scores.real,
            details=details,
        )
    ]
