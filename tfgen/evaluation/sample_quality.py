"""How well samples match the test split, in features and by known modes."""

import dataclasses

from tfgen import metrics
from tfgen.data import synthetic
from tfgen.evaluation.compared_sets import ComparedSets
from tfgen.evaluation.section import Section, over_sets
from tfgen.metrics import DistributionMetric, Measurement

FEWEST = 6
MODE_SAMPLES = 2500
MIXTURES = {
    "ring": (synthetic.ring_centers(), synthetic.RING_STDDEV),
    "grid": (synthetic.grid_centers(), synthetic.GRID_STDDEV),
}


def measure(subject: ComparedSets) -> Section:
    """Distances and shares, mean over sets of samples, with their floors."""
    if subject.count < FEWEST:
        raise ValueError(
            f"{subject.count} examples are too few, {FEWEST} are needed."
        )
    real = subject.drawn_outputs(subject.test)
    unseen = subject.drawn_outputs(subject.validation)
    generated = [subject.sample_outputs(i) for i in range(subject.repeats)]
    details = {
        "extractor": subject.feature_extractor.name,
        "reference": "test split",
        "floor": f"{subject.count} examples of the validation split as samples",
    }
    found = [_compare(one, real, unseen, generated) for one in _fitting(real)]
    return Section(
        "Sample quality",
        tuple(
            dataclasses.replace(one, details={**one.details, **details})
            for one in found
        ),
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


def _fitting(outputs) -> list[DistributionMetric]:
    """The metrics that these outputs of an extractor are enough for."""
    found = [
        metrics.FrechetDistance(),
        metrics.KernelDistance(),
        metrics.Precision(),
        metrics.Recall(),
        metrics.Density(),
        metrics.Coverage(),
        metrics.InceptionScore(),
    ]
    return [metric for metric in found if metric.looks_at in outputs]


def _compare(metric, real, unseen, generated):
    """Fed with features that were made once for all metrics."""
    if metric.needs_real:
        metric.update_features(real=real[metric.looks_at])
    metric.update_features(generated=unseen[metric.looks_at])
    floor = metric.result()
    values = []
    for outputs in generated:
        metric.reset_generated()
        metric.update_features(generated=outputs[metric.looks_at])
        values.append(metric.result())
    return over_sets(metric.measurement(), values, floor)


def has_known_modes(subject: ComparedSets) -> bool:
    """Whether the data are one of the mixtures."""
    return subject.test.kind == "points" and subject.test.name in MIXTURES


def measure_modes(subject: ComparedSets) -> Section:
    """The protocol of Lin et al. (2018), each set of 2,500 samples."""
    centers, stddev = MIXTURES[subject.test.name]
    names = {
        "modes_found": "higher",
        "good_samples": "higher",
        "mode_divergence": "lower",
    }

    def values(samples):
        points = subject.test.original_units(samples)
        modes = metrics.mixture_modes(points, centers, stddev)
        return modes.found, modes.within, modes.divergence

    generated = [
        subject.mode_samples(repeat, MODE_SAMPLES)
        for repeat in range(subject.repeats)
    ]
    count = len(generated[0])
    floors = values(subject.some(subject.validation, count)[0])
    sets = [values(samples) for samples in generated]
    details = {"num_generated": count, "modes": len(centers)}
    return Section(
        "Modes",
        tuple(
            over_sets(Measurement(name, 0.0, better, details=details), *rest)
            for (name, better), *rest in zip(
                names.items(), zip(*sets, strict=True), floors, strict=True
            )
        ),
    )
