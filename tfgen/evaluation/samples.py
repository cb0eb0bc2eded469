"""Samples from anywhere as what an evaluation is about."""

import dataclasses
import functools

import keras
import numpy as np

from tfgen.data import Source
from tfgen.evaluation.compared_sets import MOST_SAMPLES, ComparedSets
from tfgen.pictures import examples, image_grid
from tfgen.pictures.samples import against_real


@dataclasses.dataclass(frozen=True, eq=False)
class Samples(ComparedSets):
    """Samples that no model of ours need have made, beside real data.

    Real data are divided in two, equal rows in one part: samples are compared
    with one half, and the other half stands in the samples' place for the
    floor. Where there are samples enough, they are compared in several
    sets, none in two of them, for the spread.

    Attributes:
        generated: the samples; they are read like the real data.
        real: the data, best such as no model was trained on.
        name: for the report.
        num_samples: samples of a set; at most, and by default, as many as
            there are and as half of the real data, and 10,000 by default.
        extractor: as for `tfgen.metrics.DistributionMetric`.
        seed: of the division and of all that is drawn.
        train_fraction: share of the real data that is set apart as `train`,
            for an extractor to be trained on. If 0, `train` is the half that
            gives the floor.
        most_repeats: most sets of samples.

    Example:
    >>> real = tfgen.data.load("iris", "all")
    >>> samples = tfgen.evaluation.Samples(real.take(60), real, name="copies")
    >>> found = tfgen.evaluation.evaluate(samples)
    >>> [section.title for section in found.sections]
    ['Sample quality', 'Table', 'Pictures']
    """

    generated: Source
    real: Source
    name: str = "samples"
    num_samples: int | None = None
    extractor: keras.Model | str | None = None
    seed: int = 0
    train_fraction: float = 0.0
    most_repeats: int = 3

    model = None
    history = None
    encodes = False

    def __post_init__(self):
        both = self.generated.class_names and self.real.class_names
        generated = self.generated
        if generated.reading != self.real.reading:
            generated = generated.read_like(
                self.real.reading, bool(both), self.real.name
            )
        object.__setattr__(self, "generated", generated)

    @property
    def description(self) -> str:
        """One line on the samples."""
        return f"{self.generated.name}, {len(self.generated):,} samples"

    @property
    def is_image(self) -> bool:
        """Whether the examples are images."""
        return self.real.kind == "image"

    @property
    def train(self) -> Source:
        """Real data that metrics may train on."""
        parts = self._parts
        return parts[0] if self.train_fraction else parts[1]

    @property
    def validation(self) -> Source:
        """Real data in the samples' place."""
        return self._parts[1]

    @property
    def test(self) -> Source:
        """Real data that all is compared with."""
        return self._parts[2]

    @property
    def count(self) -> int:
        """Examples on each side of a comparison."""
        return min(super().count, len(self.generated))

    @property
    def repeats(self) -> int:
        """Sets of samples."""
        return int(
            np.clip(len(self.generated) // self.count, 1, self.most_repeats)
        )

    @property
    def most_training_rows(self) -> int:
        """Samples that an estimator can be trained on."""
        return min(MOST_SAMPLES, len(self.generated))

    def samples(self, repeat: int) -> np.ndarray:
        """A set of `count` samples."""
        return self.mode_samples(repeat, self.count)

    def mode_samples(self, repeat: int, count: int) -> np.ndarray:
        """A set of samples of this size, or all."""
        order = np.roll(self._order, -repeat * self.count)
        return self.generated.rows(order[:count])[0]

    def samples_like(
        self, labels: np.ndarray | None, count: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """So many samples, and their classes if the real data have some."""
        x, found = self.generated.rows(self._order[:count])
        return x, None if labels is None else found

    def pictures(self) -> dict[str, np.ndarray]:
        """Samples and data, uint8 arrays by name."""
        generated, _ = examples.fixed_rows(self.generated, 1000, self.seed)
        real, _ = examples.fixed_rows(self.real, 1000, self.seed)
        if self.is_image:
            value_range = self.real.value_range
            return {
                "data": image_grid(real[:64], value_range=value_range),
                "samples": image_grid(generated[:64], value_range=value_range),
            }
        names = self.real.feature_names
        names = names or [f"column {i + 1}" for i in range(real.shape[1])]
        own = self.real.original_units
        picture = against_real(
            own(generated), own(real), names, self.real.columns
        )
        return {"samples": picture}

    @property
    def _feature_range(self):
        return self.real.value_range

    @functools.cached_property
    def _standardized(self):
        return self.real.standardized_by(self.real)

    @functools.cached_property
    def _order(self):
        rng = np.random.default_rng(self.seed)
        return rng.permutation(len(self.generated))

    @functools.cached_property
    def _parts(self):
        half = (1 - self.train_fraction) / 2
        parts = self.real.division((self.train_fraction, half, half), self.seed)
        return [self.real.subset(rows) for rows in parts]
