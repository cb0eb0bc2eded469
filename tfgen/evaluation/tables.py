"""What generated rows of a table are good for."""

import dataclasses
from functools import partial

import numpy as np

from tfgen import metrics
from tfgen.data.row_numbers import placed
from tfgen.data.table_parts import TableParts
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
        partial(_against_floor, *row, real, unseen, sets, subject)
        for row in COMPARISONS
    )
    found = collected("Table", (*comparisons, partial(_training, subject)))
    note = _by_column(subject, real, sets[0])
    return dataclasses.replace(found, notes=(*found.notes, note))


def _codes(subject):
    """Of how many codes each number of a row is one; None without codes."""
    parts = subject.train.reading.parts
    return None if parts is None else TableParts(parts).levels


def _columns(subject, real, rows):
    """Of mixed tables in the data's units, frequent values in their places."""
    names, codes = subject.test.feature_names, _codes(subject)
    if codes is not None:
        train = subject.train
        real, rows = (
            train.reading.nearest(train.original_units(x)) for x in (real, rows)
        )
    return metrics.compare_columns(real, rows, names, codes)


def _by_column(subject, real, rows):
    """The columns that differ most, each with its score."""
    names = subject.test.feature_names
    found = _columns(subject, real, rows)
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
        lambda real, rows, subject: _columns(subject, real, rows).score,
    ),
    (
        "correlation_difference",
        "lower",
        lambda real, rows, subject: (
            metrics.compare_pairs(
                subject.one_hot(real), subject.one_hot(rows)
            ).mean_absolute_difference
        ),
    ),
    (
        "detection_score",
        "lower",
        lambda real, rows, subject: (
            metrics.detection_score(
                subject.one_hot(real), subject.one_hot(rows)
            ).value
        ),
    ),
)
"""Name, better side and function of real rows, generated ones, subject."""


def _against_floor(name, better, compare, real, unseen, sets, subject):
    """Mean over sets of samples, and of validation rows in their place."""
    details = {
        "num_real": len(real),
        "num_generated": len(sets[0]),
        "reference": "test split",
        "floor": f"{len(unseen)} rows of the validation split as samples",
    }
    values = [compare(real, rows, subject) for rows in sets]
    known = Measurement(name, 0.0, better, details=details)
    return [over_sets(known, values, compare(real, unseen, subject))]


def _training(subject):
    train, labels = subject.some(subject.train, subject.most_training_rows)
    test, test_labels = subject.test.arrays()
    generated, found = subject.samples_like(labels, len(train))
    tables, names = (train, generated, test), subject.test.feature_names
    labels = None if found is None else (labels, found, test_labels)
    if _codes(subject):
        tables, labels, names = _of_codes(subject, tables, labels)
    scores = metrics.train_on_synthetic(
        *tables, labels=labels, names=names, seed=subject.seed
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


def _of_codes(subject, tables, labels):
    """Mixed tables as estimators take them, and what they predict.

    Without classes that is the last column of codes; of numbers alone, each.
    """
    coded = [i for i, c in placed(subject.train.columns) if c.levels]
    if labels is not None or not coded:
        return tuple(map(subject.one_hot, tables)), labels, None
    target = coded[-1]
    labels = tuple(x[:, target].astype(int) for x in tables)
    hidden = [x.copy() for x in tables]
    for x in hidden:
        x[:, target] = 0.0
    return tuple(map(subject.one_hot, hidden)), labels, None
