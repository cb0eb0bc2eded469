"""Why a row is odd: the share of each of its values in the score."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfgen.detection.from_usual_rows import integrated_gradients
from tfgen.detection.row_values import Rows
from tfgen.detection.rows import pieces
from tfgen.detection.scorer import Scorer, finite
from tfgen.metrics.encoder_inputs import encodes
from tfgen.models import Endpoint, GenerativeModel
from tfgen.models.endpoints import run_in_batches
from tfgen.models.held_out_scores import HeldOutScores

OF_LIKELIHOOD = ("elbo", "bound", "reconstruction")
"""Measures that the likelihood of single values is a part of."""
EXPLAINED = (*OF_LIKELIHOOD, "neighbours", "mixture")
"""Measures that values have shares in."""
VALUES_OF_MEDIANS = 2**25
"""At most, of the held-out rows: 256 MiB."""


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Shares of values in how odd rows are; they sum to the score.

    Formula: `sum(shares[i]) + rest[i] = score[i] - reference`

    Attributes:
        shares: float64 `(n, *data_shape)`: what each value says by each
            measure (see `ValuesOfScores`), less its median over held-out rows;
            above 0 where the value is odder than usual.
        rest: `(n,)`: what is left of the score, less its median over
            held-out rows. That is the KL divergence of the latents, what a
            bound gains, what dependent columns say together only, and the
            distances of neighbours beside other measures.
        score: `(n,)`, the detector's.
        reference: the sum of the medians, the score of a row that is usual in
            everything.

    All are in nats, or units of the data; of an ensemble and of means of
    measures, where each score is divided by its standard deviation over
    held-out rows, in such.

    Example:
    >>> why = tfgen.detection.Explanation(
    ...     np.array([[0.5, 7.0]]), np.array([0.5]), np.array([9.0]), 1.0
    ... )
    >>> why.shares.argmax(axis=1)
    array([1])
    """

    shares: np.ndarray
    rest: np.ndarray
    score: np.ndarray
    reference: float


class ValuesOfScores:
    """What each value of rows says in a model's scores, before any is usual.

    By the likelihood its negative logarithm in nats: the mean over the draws
    of `score`, so that values of a likelihood of independent ones sum to what
    that has; where usual rows are known, what it adds to the score on the way
    from these, which finds odd values that latents explain away. By a mixture
    how unlikely it is, in nats, given all other values of its row. By
    neighbours how much nearer they were without it; beside other measures,
    which tell values better, nothing.

    Args:
        scorer: of measures out of `EXPLAINED`.
        number: of the model among the scorer's.

    Raises:
        ValueError: if the model has no encoder, or the likelihood no numbers
            for single values.
    """

    def __init__(self, scorer: Scorer, number: int):
        model = scorer.models[number]
        by_likelihood = {*scorer.measures} & {*OF_LIKELIHOOD}
        if by_likelihood and not encodes(model):
            raise ValueError(
                f"explain needs an encoder, which {type(model).__name__} has "
                "not: take the scores alone, or a VAE."
            )
        self._model = model
        self._of_training = scorer.given[number].of_training
        self._neighbours = self._of_training.get("neighbours")
        weights = zip(scorer.measures, scorer.weights[number, 0], strict=True)
        self._weights = dict(weights)
        if len(self._weights) > 1:
            self._weights.pop("neighbours", None)
        self._compiled = Endpoint(
            lambda **inputs: {"values": self.of_tensors(**inputs)},
            model.endpoint_inputs("x"),
        ).compiled()

    def of_tensors(
        self, x: tf.Tensor, label: tf.Tensor | None = None
    ) -> tf.Tensor:
        """The same in a graph: float64, of the shape of x."""
        total = tf.zeros_like(x, tf.float64)
        for name, weight in self._weights.items():
            values = self._of_measure(name, x, label)
            total += weight * tf.cast(values, tf.float64)
        return total

    def _of_measure(self, name, x, label):
        if name in self._of_training:
            return self._of_training[name].shares(x)
        if self._neighbours is None or not self._neighbours.of_numbers:
            return value_tensors(self._model, x, label)
        # Many draws would cost much and tell values no better.
        name = "elbo" if name == "bound" else name
        return integrated_gradients(
            name, self._model, self._neighbours, x, label
        )

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Float64 `(n, *data_shape)` of `x`, and `label` with classes."""
        found = run_in_batches(self._compiled, inputs, batch_size=256)
        return np.float64(found["values"])


def value_tensors(
    model: GenerativeModel, x: tf.Tensor, label: tf.Tensor | None = None
) -> tf.Tensor:
    """The negative log-likelihood of each value: float32, as x."""
    labels = model._hot(label)
    posterior = model.posterior(x, labels)
    noise = model._score_noise()

    def add(draw, total):
        latents, _ = model.draw(posterior, tf.gather(noise, draw))
        parameters = model._serve(latents, labels)
        each = model.likelihood.log_prob_of_values(x, parameters)
        return draw + 1, total + each

    draws = noise.shape[0]
    _, total = tf.while_loop(
        lambda draw, _: draw < draws, add, (0, tf.zeros_like(x))
    )
    return -total / draws


class Explainer:
    """Shares of values, from their likelihoods and held-out medians.

    Args:
        scorer: calibrated, of one measure or a mean of several.
        medians: `(models, *data_shape)`, of held-out rows' values.
        rests: `(models,)`, of what is left of their scores.

    Raises:
        ValueError: if a likelihood has no numbers for single values.
    """

    def __init__(self, scorer: Scorer, medians: np.ndarray, rests: np.ndarray):
        self._models, self._scorer = scorer.models, scorer
        self.values = [
            ValuesOfScores(scorer, i) for i in range(len(scorer.models))
        ]
        self.medians, self.rests = medians, rests

    @classmethod
    def of_rows(
        cls, scorer: Scorer, held_out: tuple[Rows, npt.ArrayLike | None]
    ) -> "Explainer":
        """By held-out rows, and labels or None."""
        explainer = cls(scorer, np.empty(0), np.empty(0))
        usual = [
            explainer._usual(i, *held_out) for i in range(len(scorer.models))
        ]
        explainer.medians = np.stack([np.median(v, axis=0) for v, _ in usual])
        explainer.rests = np.stack([np.median(s - _sum(v)) for v, s in usual])
        return explainer

    @classmethod
    def kept(cls, scorer: Scorer, held_out: HeldOutScores) -> "Explainer":
        """By what a model keeps of held-out rows."""
        if held_out.medians is None:
            return cls.of_rows(scorer, (np.empty(0), None))  # which says why
        return cls(scorer, held_out.medians[None], np.array([held_out.rest]))

    def explain(self, x: Rows, labels: npt.ArrayLike | None) -> Explanation:
        """Shares in the scores of rows; see `Detector.explain`."""
        self._scorer.check_units(x)
        each = [self._of(i, x, labels) for i in range(len(self._models))]
        values, scores = (np.stack(part) for part in zip(*each, strict=True))
        shares = np.sum(values - self.medians[:, None], axis=0)
        sums = np.stack([_sum(one) for one in values])
        rests = self._weighted(scores) - sums - self.rests[:, None]
        usual = self.medians.sum() + self.rests.sum()
        middle = self._weighted(self._scorer.middle).sum()
        return Explanation(
            shares=shares,
            rest=rests.sum(axis=0),
            score=finite(self._scorer.together(scores)[:, 0]),
            reference=float(usual - middle),
        )

    def _weighted(self, scores):
        """`(models, n)` of `(models, n, measures)`, in the score's units."""
        return np.sum(scores * self._scorer.weights, axis=2)

    def _of(self, number, x, labels):
        """Values of rows and scores, by one of the models."""
        model, values, scores = self._models[number], [], []
        for rows in pieces(model, x, labels):
            values.append(self.values[number](rows))
            scores.append(self._scorer.of_piece(number, rows))
        return np.concatenate(values), np.concatenate(scores)

    def _usual(self, number, held_out, labels):
        """Values and scores of held-out rows, of every `step`-th."""
        model = self._models[number]
        scores = self._weighted(self._scorer.held_out)[number]
        size = len(scores) * math.prod(model.data_shape)
        step = math.ceil(size / VALUES_OF_MEDIANS)
        first, found = 0, []
        for rows in pieces(model, held_out, labels):
            every = slice(-first % step, None, step)
            first += len(rows["x"])
            some = {key: array[every] for key, array in rows.items()}
            if len(some["x"]):
                found.append(self.values[number](some))
        return np.concatenate(found), scores[::step]


def _sum(values):
    return values.reshape(len(values), -1).sum(axis=1)
