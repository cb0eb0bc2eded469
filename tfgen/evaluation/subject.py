import dataclasses
import functools

import keras
import numpy as np

from tfgen.data import Source
from tfgen.metrics import FeatureExtractor
from tfgen.models import GenerativeModel

MOST_SAMPLES = 10_000
ROWS_AT_ONCE = 4096


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
        num_samples: samples of a set; at most, and by default, as many as
            the smaller of validation and test split has, and 10,000 by
            default.
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
        """Examples on each side of a comparison, which must be equal."""
        asked = self.num_samples or MOST_SAMPLES
        return min(len(self.validation), len(self.test), asked)

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
            standard = self._standardized
            x = self.train.original_units(x)
            x = (x - standard.shift) / standard.scale
        return self.feature_extractor.features(x)

    def features_of(self, source: Source) -> np.ndarray:
        """Those of all examples of a split."""
        starts = range(0, len(source), ROWS_AT_ONCE)
        rows = np.arange(len(source))
        return np.concatenate(
            [
                self.features(source.rows(rows[i : i + ROWS_AT_ONCE])[0])
                for i in starts
            ]
        )

    def samples(self, repeat: int) -> np.ndarray:
        """A set of `count` samples, drawn anew each time."""
        return self.model.sample(
            self.count,
            seed=self.seed + repeat,
            labels=self.sample_labels(repeat),
        )

    def sample_features(self, repeat: int) -> np.ndarray:
        """Those of a set of samples."""
        if repeat not in self._sample_features:
            features = self.features(self.samples(repeat))
            self._sample_features[repeat] = features
        return self._sample_features[repeat]

    def sample_labels(self, repeat: int) -> np.ndarray | None:
        """Class of each sample, for conditional models.

        A draw of those of the training split: with the very labels of the
        test split, samples would match it better than real data can.
        """
        if not self.model.num_classes:
            return None
        rng = np.random.default_rng(self.seed + repeat)
        return rng.choice(self.train.labels, self.count)

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
    def _standardized(self):
        return self.train.standardized_by(self.train)

    @functools.cached_property
    def _sample_features(self):
        return {}
