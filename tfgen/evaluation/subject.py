import dataclasses
import functools

import keras
import numpy as np

from tfgen.data import Source
from tfgen.metrics import FeatureExtractor
from tfgen.models import GenerativeModel

MOST_SAMPLES = 10_000
MOST_TRAINING_ROWS = 60_000


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """A trained model, its data and how it is to be evaluated.

    Samples are compared with as many examples of the test split, and in the
    samples' place stand as many of the validation split for the floor.

    Attributes:
        model: the model.
        train: what it was trained on, in its range.
        validation: held-out data; the model's epoch may be chosen by it.
        test: data that nothing was trained on or chosen by.
        name: for the report.
        num_samples: samples of a set; default: as many as the smaller of
            validation and test split, at most 10,000.
        repeats: sets of samples, from seeds `seed`, `seed + 1`, ...
        k: draws of the importance-weighted bound.
        likelihood_rows: most test examples for the bound.
        extractor: as for `tfgen.metrics.DistributionMetric`.
        seed: of all that is drawn.
        history: of the training, by name, for the curves; or None.
    """

    model: GenerativeModel
    train: Source
    validation: Source
    test: Source
    name: str = "model"
    num_samples: int | None = None
    repeats: int = 3
    k: int = 100
    likelihood_rows: int = 1000
    extractor: keras.Model | str | None = None
    seed: int = 0
    history: dict | None = None

    @property
    def is_image(self) -> bool:
        return len(self.model.data_shape) == 3

    @property
    def count(self) -> int:
        """Examples on each side of a comparison."""
        if self.num_samples is not None:
            return self.num_samples
        return min(len(self.validation), len(self.test), MOST_SAMPLES)

    @functools.cached_property
    def feature_extractor(self) -> FeatureExtractor:
        """Images are compared as if they had been kept in picture files."""
        value_range = None
        if self.is_image:
            value_range = self.model.data_range or self.test.value_range
        return FeatureExtractor(self.extractor, value_range)

    def features(self, x) -> np.ndarray:
        """float32 `(n, features)`.

        Without an extractor, columns are in standard deviations of the
        training split, whatever units the model sees them in.
        """
        if self.extractor is None and not self.is_image:
            mean, deviation = self._training_statistics
            x = (self.train.original_units(x) - mean) / deviation
        return self.feature_extractor.features(x)

    def samples(self, repeat: int) -> np.ndarray:
        """A set of `count` samples."""
        if repeat not in self._samples:
            self._samples[repeat] = self.model.sample(
                self.count,
                seed=self.seed + repeat,
                labels=self.sample_labels(repeat),
            )
        return self._samples[repeat]

    def sample_labels(self, repeat: int) -> np.ndarray | None:
        """Class of each sample, for conditional models.

        A draw of those of the training split: with the very labels of the
        test split, samples would match it better than real data can.
        """
        if not self.model.num_classes:
            return None
        rng = np.random.default_rng(self.seed + repeat)
        return rng.choice(self.train.labels, self.count)

    @functools.cached_property
    def training_examples(self) -> np.ndarray:
        """All training examples, or 60,000 of them."""
        return self.some(self.train, MOST_TRAINING_ROWS)[0]

    def some(self, source: Source, most: int | None = None):
        """A fixed fair draw of `(x, labels or None)`; `count` at most."""
        most = min(most or self.count, len(source))
        rng = np.random.default_rng(self.seed)
        rows = rng.choice(len(source), most, replace=False)
        return source.rows(np.sort(rows))

    def labels(self, labels):
        """The labels if the model takes some."""
        return labels if self.model.num_classes else None

    @functools.cached_property
    def _training_statistics(self):
        x = self.train.original_units(self.training_examples)
        deviation = x.std(axis=0)
        return x.mean(axis=0), np.where(deviation > 0, deviation, 1.0)

    @functools.cached_property
    def _samples(self):
        return {}
