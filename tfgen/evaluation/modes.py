"""Which modes of a known mixture samples find."""

import dataclasses

import numpy as np

from tfgen import metrics
from tfgen.data import synthetic
from tfgen.evaluation.section import Section
from tfgen.metrics import Measurement

SAMPLES = 2500
MIXTURES = {
    "ring": (synthetic.ring_centers(), synthetic.RING_STDDEV),
    "grid": (synthetic.grid_centers(), synthetic.GRID_STDDEV),
}


def applies(subject) -> bool:
    """Whether the data are one of the mixtures."""
    test = subject.test
    return test.kind == "points" and test.name in MIXTURES


def measure(subject) -> Section:
    """The protocol of Lin et al. (2018), each set of 2,500 samples."""
    centers, stddev = MIXTURES[subject.test.name]
    sets = [
        subject.model.sample(
            SAMPLES, seed=subject.seed + repeat, batch_size=SAMPLES
        )
        for repeat in range(subject.repeats)
    ]
    real = subject.some(subject.validation, SAMPLES)[0]
    found, floor = [], None
    for samples in [real, *sets]:
        points = subject.test.original_units(samples)
        modes = metrics.mixture_modes(points, centers, stddev)
        found.append((modes.found, modes.within, modes.divergence))
    floor, *found = found
    names = {
        "modes_found": "higher",
        "good_samples": "higher",
        "mode_divergence": "lower",
    }
    values = np.array(found, np.float64)
    measurements = [
        Measurement(
            name,
            float(values[:, i].mean()),
            better,
            floor=float(floor[i]),
            details={"num_generated": SAMPLES, "modes": len(centers)},
        )
        for i, (name, better) in enumerate(names.items())
    ]
    if len(values) > 1:
        measurements = [
            dataclasses.replace(
                one,
                spread=float(values[:, i].std(ddof=1)),
                spread_of=f"{len(values)} sets of samples",
            )
            for i, one in enumerate(measurements)
        ]
    return Section("Modes", tuple(measurements))
