import dataclasses
import functools

import keras
import numpy as np

from tfgen.data import Source
from tfgen.metrics import FeatureExtractor
from tfgen.metrics.encoder_inputs import encodes
from tfgen.models import GenerativeModel
from tfgen.pictures import examples

MOST_SAMPLES = 10_000
ROWS_AT_ONCE = 4096


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """A trained model, its data and how it is to be evaluated.

    Samples are compared with as many examples of the test split, and in the
    samples' place stand as many of the validation split for the floor.

    Attributes:
        model: the model. What it is given is read like its training data.
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

    Example:
    >>> rows = tfgen.data.load("iris")
    >>> vae = tfgen.build("vae", input_shape=(4,), network="mlp", seed=0)
    >>> few = [rows.take(n) for n in (30, 20, 10)]
    >>> subject = tfgen.evaluation.Subject(vae, *few)
    >>> subject.count, subject.sample_features(0).shape
    (10, (10, 4))
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

    def __post_init__(self):
        for name in ("train", "validation", "test"):
            source = examples.read(self.model, getattr(self, name))
            object.__setattr__(self, name, source)

    @property
    def is_image(self) -> bool:
        """Whether the model's examples are images."""
        return len(self.model.data_shape) == 3

    @property
    def encodes(self) -> bool:
        """Whether the model has an encoder."""
        return encodes(self.model)

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

    def _once(self, key, make):
        if key not in self._known_outputs:
            classifies = self.feature_extractor.is_classifier
            keys = ("features", "logits") if classifies else ("features",)
            self._known_outputs[key] = self._outputs(make(), keys)
        return self._known_outputs[key]

    def _outputs(self, x, keys):
        if self.extractor is None and not self.is_image:
            standard = self._standardized
            x = self.train.original_units(x)
            x = (x - standard.shift) / standard.scale
        return self.feature_extractor.outputs(x, keys)

    def samples(self, repeat: int) -> np.ndarray:
        """A set of `count` samples, drawn anew each time."""
        return self.model.sample(
            self.count,
            seed=self.seed + repeat,
            labels=self.sample_labels(repeat),
        )

    def sample_labels(self, repeat: int) -> np.ndarray | None:
        """Class of each sample, for conditional models.

        A draw of those of the training split: with the very labels of the
        test split, samples would match it better than real data can.
        """
        if not self.model.num_classes:
            return None
        rng = np.random.default_rng(self.seed + repeat)
        return rng.choice(self.train.labels, self.count)

    def some(
        self, source: Source, most: int | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """A fixed fair draw of `(x, labels or None)`; `count` at most."""
        most = min(most or self.count, len(source))
        rng = np.random.default_rng(self.seed)
        rows = rng.choice(len(source), most, replace=False)
        return source.rows(np.sort(rows))

    def labels(self, labels: np.ndarray | None) -> np.ndarray | None:
        """The labels if the model takes some."""
        return labels if self.model.num_classes else None

    @functools.cached_property
    def _standardized(self):
        return self.train.standardized_by(self.train)

    @functools.cached_property
    def _known_outputs(self):
        return {}
