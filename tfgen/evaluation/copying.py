"""Whether samples are copies of the training data."""

import numpy as np

from tfgen import metrics, pictures
from tfgen.evaluation.section import Section, title
from tfgen.evaluation.subject import Subject
from tfgen.metrics import Measurement
from tfgen.metrics.copying import SIGNIFICANT

TESTS = {
    "copying_test": metrics.copying_test,
    "authenticity": metrics.authenticity,
}


def measure(subject: Subject) -> Section:
    """The tests of copying, in the features that quality is measured in.

    All that helps is used: the whole training split, both splits that the
    model was not trained on, and all sets of samples.
    """
    train = subject.features_of(subject.train)
    held_out = np.concatenate(
        [subject.features_of(s) for s in (subject.validation, subject.test)]
    )
    generated = np.concatenate(
        [subject.sample_features(repeat) for repeat in range(subject.repeats)]
    )
    results, notes = {}, []
    for name, test in TESTS.items():
        try:
            results[name] = test(train, held_out, generated)
        except ValueError as reason:
            notes.append(f"{title(name)} left out: {reason}")
    if results:
        notes.append(_verdict(results))
        results["training_excess"] = next(iter(results.values())).excess
    picture = pictures.nearest_neighbours_picture(
        subject.model, subject.train, seed=subject.seed
    )
    return Section(
        "Copying of training data",
        tuple(_measurement(*pair) for pair in results.items()),
        {"nearest_neighbours": picture},
        tuple(notes),
    )


def _verdict(results):
    """What the tests say together, and what they could not have seen."""
    excess = next(iter(results.values())).excess
    least = SIGNIFICANT * excess.standard_error
    near = " and ".join(title(n) for n, r in results.items() if _alarms(r))
    if any(result.copies for result in results.values()):
        return f"Samples copy training data, by {near}: look at the neighbours."
    if not near:
        return (
            "No sign of copying: samples lie no nearer to the training data "
            "than unseen data do."
        )
    said = f"By {near}, samples lie nearer to the training data than unseen "
    said += "data do, as copies and smooth samples both would; "
    if least >= 1:
        return said + (
            "the unseen data are too few to tell which. Look at the "
            "neighbours, and hold out more data."
        )
    return said + (
        "they do not lean towards the training data, as copies of more than "
        f"{least:.0%} would: probably smooth. Look at the neighbours."
    )


def _alarms(result):
    limit = getattr(result, "reference", 0.0)
    return result.value < limit - SIGNIFICANT * result.standard_error


def _measurement(name, result):
    """The reference of a test is what held-out data or chance would score."""
    return Measurement(
        name,
        result.value,
        spread=result.standard_error,
        spread_of="a model that does not copy",
        floor=getattr(result, "reference", 0.0),
        details={
            "num_train": result.num_train,
            "num_real": result.num_held_out,
            "num_generated": result.num_generated,
            "reference": "validation and test split",
        },
    )
