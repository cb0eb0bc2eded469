"""Whether samples are copies of the training data."""

from tfgen import metrics, pictures
from tfgen.evaluation.section import Section
from tfgen.metrics import Measurement

TITLE = "Copying of training data"


def applies(subject) -> bool:
    """Always."""
    return True


def measure(subject) -> Section:
    """The tests of copying, in the features that quality is measured in."""
    train = subject.features(subject.training_examples)
    held_out = subject.features(subject.some(subject.test)[0])
    generated = subject.features(subject.samples(0))
    found, notes = [], []
    for test in (_copying_test, _authenticity):
        try:
            measurement, copies = test(train, held_out, generated)
        except ValueError as reason:
            notes.append(f"Left out: {reason}")
            continue
        found.append(measurement)
        if copies:
            notes.append(
                f"Samples copy training data, by {measurement.name}: look at "
                "the nearest neighbours."
            )
    if found and not notes:
        notes.append("No sign of copying.")
    picture = pictures.nearest_neighbours_picture(
        subject.model, subject.train, seed=subject.seed
    )
    return Section(
        TITLE, tuple(found), {"nearest_neighbours": picture}, tuple(notes)
    )


def _copying_test(train, held_out, generated):
    test = metrics.copying_test(train, held_out, generated)
    measurement = Measurement(
        "copying_test",
        test.value,
        spread=test.standard_error,
        spread_of="a perfect model",
        floor=0.0,
        details={"cells": test.cells, "copies": test.copies, **_sizes(test)},
    )
    return measurement, test.copies


def _authenticity(train, held_out, generated):
    test = metrics.authenticity(train, held_out, generated)
    measurement = Measurement(
        "authenticity",
        test.value,
        spread=test.standard_error,
        spread_of="the difference from the floor",
        floor=test.reference,
        details={"copies": test.copies, **_sizes(test)},
    )
    return measurement, test.copies


def _sizes(test):
    return {
        "num_train": test.num_train,
        "num_real": test.num_held_out,
        "num_generated": test.num_generated,
        "reference": "test split",
    }
