"""Sets of samples beside sets of real data, all in the same features."""

import abc
import functools

import numpy as np

from tfgen.data import Source
from tfgen.data.table_parts import TableParts
from tfgen.metrics import FeatureExtractor

MOST_SAMPLES = 10_000
ROWS_AT_ONCE = 4096


class ComparedSets(abc.ABC):
    """Abstract: what an evaluation compares.

    A derived class has `train`, `validation` and `test` (sources), `repeats`,
    `num_samples`, `extractor` and `seed`, see `Subject`, and gives samples.
    """

    @property
    @abc.abstractmethod
    def is_image(self) -> bool:
        """Whether the examples are images."""

    @abc.abstractmethod
    def samples(self, repeat: int) -> np.ndarray:
        """A set of `count` samples."""

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
            value_range = self._feature_range
        return FeatureExtractor(self.extractor, value_range)

    def features(self, x: np.ndarray) -> np.ndarray:
        """float32 `(n, features)`.

        Without an extractor, columns are in standard deviations of the
        training split, whatever units the model sees them in.
        """
        return self._outputs(x, ("features",))["features"]

    def features_of(self, source: Source) -> np.ndarray:
        """Features of all examples of a split."""
        if self.count >= len(source):
            return self.drawn_outputs(source)["features"]
        starts = range(0, len(source), ROWS_AT_ONCE)
        rows = np.arange(len(source))
        return np.concatenate(
            [
                self.features(source.rows(rows[i : i + ROWS_AT_ONCE])[0])
                for i in starts
            ]
        )

    def drawn_outputs(self, source: Source) -> dict[str, np.ndarray]:
        """Features, and logits of a classifier, of `some(source)`.

        They are made once.
        """
        return self._once(source, lambda: self.some(source)[0])

    def sample_outputs(self, repeat: int) -> dict[str, np.ndarray]:
        """Features, and logits of a classifier, of a set of samples, once."""
        return self._once(("samples", repeat), lambda: self.samples(repeat))

    def sample_features(self, repeat: int) -> np.ndarray:
        """Features of a set of samples, made once."""
        return self.sample_outputs(repeat)["features"]

    def as_stored(self, x: np.ndarray) -> np.ndarray:
        """Rows of a table as a file of them would have them.

        Of columns of whole numbers they are rounded, as `tfgen sample` does:
        else a classifier would tell them by their digits.
        """
        columns = self.train.columns
        if not columns or not np.isfinite(x).all():
            return x
        own = self.train.reading.nearest(self.train.original_units(x))
        return self.train.scaled(own)

    def one_hot(self, x: np.ndarray) -> np.ndarray:
        """Rows of a mixed table with codes as one-hot vectors; others as is."""
        parts = self.train.reading.parts
        return x if parts is None else TableParts(parts).one_hot(x)

    def _once(self, key, make):
        if key not in self._known_outputs:
            classifies = self.feature_extractor.is_classifier
            keys = ("features", "logits") if classifies else ("features",)
            self._known_outputs[key] = self._outputs(make(), keys)
        return self._known_outputs[key]

    def _outputs(self, x, keys):
        if self.extractor is None and not self.is_image:
            x = self._standardized.scaled(self.train.original_units(x))
            x = self.one_hot(x)
        return self.feature_extractor.outputs(x, keys)

    def some(
        self, source: Source, most: int | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """A fixed fair draw of `(x, labels or None)`; `count` at most."""
        most = min(most or self.count, len(source))
        rng = np.random.default_rng(self.seed)
        rows = rng.choice(len(source), most, replace=False)
        return source.rows(np.sort(rows))

    @functools.cached_property
    def _standardized(self):
        return self.train.standardized_by(self.train)

    @functools.cached_property
    def _known_outputs(self):
        return {}
