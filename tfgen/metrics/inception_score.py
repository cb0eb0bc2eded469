from typing import Any

import keras
import numpy as np

from tfgen.metrics.distribution_metric import DistributionMetric
from tfgen.metrics.feature_extractor import Rows, refuse_symbolic


class InceptionScore(DistributionMetric):
    """How sure a classifier is of each sample, and how many classes it sees.

    From 1 to the number of classes. It does not look at the data: a model
    that copies one clear example of each class scores best. Compare with what
    real data score under the same classifier.

    Formula: `exp(mean_x KL(p(class | x) || mean_x p(class | x)))`, over all
    samples at once

    Args:
        extractor: a classifier: a `keras.Model` that gives logits, or a dict
            with `"logits"`, such as those of `fit_extractor`; None where
            logits themselves are passed as examples.
        from_logits: False if these are probabilities.
        **options: see `DistributionMetric`.

    Raises:
        ValueError: in `update_state`, for numbers that are no probabilities
            where `from_logits` is False.

    Reference:
        Salimans et al. (2016), "Improved techniques for training GANs",
        section 4.

    Example:
    >>> score = tfgen.metrics.InceptionScore(from_logits=False)
    >>> score.update_state(generated=np.eye(4))  # sure of 4 classes
    >>> round(score.result(), 3)
    4.0
    """

    better = "higher"
    needs_real = False
    looks_at = "logits"
    setting_names = ("from_logits",)

    def __init__(
        self,
        extractor: keras.Model | str | None = None,
        from_logits: bool = True,
        **options: Any,
    ):
        super().__init__(extractor, **options)
        self.from_logits = from_logits

    def new_side(self, name: str) -> "_Predictions":
        return _Predictions()

    def prepare(self, features: Rows) -> np.ndarray:
        """Probabilities of the classes, float64 `(n, classes)`."""
        refuse_symbolic(f"{self.name} sums", features)
        outputs = np.float64(features)
        if self.from_logits:
            return _softmax(outputs)
        if (outputs < 0).any() or (abs(outputs.sum(axis=1) - 1) > 1e-3).any():
            raise ValueError(
                f"{self.name} got numbers that are no probabilities of "
                "classes: pass from_logits=True if they are logits."
            )
        return outputs

    def value(self, real: "_Predictions", generated: "_Predictions") -> float:
        # The mean divergence is the entropy of the mean prediction less the
        # mean entropy: two sums are enough, and no prediction is kept.
        mean = generated.sum / generated.count
        entropy = -_times_log(mean).sum()
        return float(
            np.exp(generated.sum_of_times_log / generated.count + entropy)
        )


class _Predictions:
    """Sums of probabilities p and of p log p."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.count, self.sum, self.sum_of_times_log = 0, 0.0, 0.0

    def add(self, probabilities):
        self.num_features = probabilities.shape[1]
        self.count += len(probabilities)
        self.sum = self.sum + probabilities.sum(axis=0)
        self.sum_of_times_log += _times_log(probabilities).sum()


def _softmax(logits):
    with np.errstate(invalid="ignore"):  # what is not finite is refused later
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _times_log(p):
    return p * np.log(np.where(p > 0, p, 1.0))
