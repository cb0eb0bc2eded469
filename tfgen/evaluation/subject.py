import dataclasses

import keras
import numpy as np

from tfgen.data import Source
from tfgen.evaluation.compared_sets import MOST_SAMPLES, ComparedSets
from tfgen.metrics.encoder_inputs import encodes
from tfgen.models import GenerativeModel
from tfgen.pictures import examples


@dataclasses.dataclass(frozen=True, eq=False)
class Subject(ComparedSets):
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
        odd: rows beside the test split that are none of what the model was
            trained on, such as other classes; or None.
        preset: name of the one that the model was made by, or None.

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
    odd: Source | None = None
    preset: str | None = None

    def __post_init__(self):
        for name in ("train", "validation", "test", "odd"):
            if getattr(self, name) is None:
                continue
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
    def description(self) -> str:
        """One line on the model."""
        return (
            f"{type(self.model).__name__}, {self.model.latent_words}, "
            f"{self.model.count_params():,} parameters"
        )

    @property
    def most_training_rows(self) -> int:
        """Samples that an estimator is trained on."""
        return MOST_SAMPLES

    def samples(self, repeat: int) -> np.ndarray:
        """A set of `count` samples, drawn anew each time."""
        return self.as_stored(
            self.model.sample(
                self.count,
                seed=self.seed + repeat,
                labels=self.sample_labels(repeat),
            )
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

    def mode_samples(self, repeat: int, count: int) -> np.ndarray:
        """A set of samples of this size."""
        seed = self.seed + repeat
        return self.model.sample(count, seed=seed, batch_size=count)

    def samples_like(
        self, labels: np.ndarray | None, count: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Samples of the classes of so many rows, and these classes."""
        labels = self.labels(labels)
        x = self.model.sample(count, seed=self.seed, labels=labels)
        return self.as_stored(x), labels

    def labels(self, labels: np.ndarray | None) -> np.ndarray | None:
        """The labels if the model takes some."""
        return labels if self.model.num_classes else None

    @property
    def _feature_range(self):
        return self.model.data_range or self.test.value_range
