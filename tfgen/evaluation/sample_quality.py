"""How well samples match the test split."""

import dataclasses

import numpy as np

from tfgen import metrics
from tfgen.evaluation.section import Section

FEWEST = 6


def applies(subject) -> bool:
    """Always."""
    return True


def measure(subject) -> Section:
    """Distances and shares, mean over sets of samples, with their floors."""
    if subject.count < FEWEST:
        raise ValueError(
            f"{subject.count} examples are too few, {FEWEST} are needed."
        )
    real = subject.features(subject.some(subject.test)[0])
    unseen = subject.features(subject.some(subject.validation)[0])
    generated = [
        subject.sample_features(repeat) for repeat in range(subject.repeats)
    ]
    found = [_compare(metric, real, unseen, generated) for metric in _metrics()]
    score = _inception_score(subject)
    found = found if score is None else [*found, score]
    details = {"extractor": subject.feature_extractor.name, **_splits(unseen)}
    return Section(
        "Sample quality",
        tuple(_with_details(one, details) for one in found),
        notes=_notes(subject),
    )


def _notes(subject):
    asked = subject.num_samples or 0
    if asked <= subject.count:
        return ()
    return (
        f"{asked} samples were asked for, but only {subject.count} examples "
        "are there to compare as many with: sets are of that size.",
    )


def _metrics():
    return (
        metrics.FrechetDistance(),
        metrics.KernelDistance(),
        metrics.Precision(),
        metrics.Recall(),
        metrics.Density(),
        metrics.Coverage(),
    )


def _compare(metric, real, unseen, generated):
    """The data's statistics are made once."""
    metric.update_state(real=real, generated=unseen)
    floor = metric.result()
    values = []
    for features in generated:
        metric.reset_generated()
        metric.update_state(generated=features)
        values.append(metric.result())
    return _over_sets(metric.measurement(), values, floor)


def _inception_score(subject):
    extractor = subject.feature_extractor
    if extractor.model is None or not isinstance(extractor.model.output, dict):
        return None
    score = metrics.InceptionScore(
        extractor.model, value_range=extractor.value_range
    )
    score.update_state(generated=subject.some(subject.validation)[0])
    floor, values = score.result(), []
    for repeat in range(subject.repeats):
        score.reset_state()
        score.update_state(generated=subject.samples(repeat))
        values.append(score.result())
    return _over_sets(score.measurement(), values, floor)


def _over_sets(measurement, values, floor):
    several = len(values) > 1
    return dataclasses.replace(
        measurement,
        value=float(np.mean(values)),
        spread=float(np.std(values, ddof=1)) if several else None,
        spread_of=f"{len(values)} sets of samples" if several else "",
        floor=floor,
    )


def _splits(unseen):
    return {
        "reference": "test split",
        "floor": f"{len(unseen)} examples of the validation split as samples",
    }


def _with_details(measurement, details):
    return dataclasses.replace(
        measurement, details={**measurement.details, **details}
    )
