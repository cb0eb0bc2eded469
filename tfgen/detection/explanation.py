"""Why a row is odd: the share of each of its values in the score."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfgen.models import Endpoint, GenerativeModel
from tfgen.models.endpoints import run_in_batches

EXPLAINED = ("elbo", "bound", "reconstruction")
"""Measures that the likelihood of single values is a part of."""


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Shares of values in how odd rows are, in nats; they sum to the score.

    Formula: `sum(shares[i]) + rest[i] = score[i] - reference`

    Attributes:
        shares: float64 `(n, *data_shape)`: the negative log-likelihood of each
            value less its median over held-out rows; above 0 where the value
            is less likely than usual.
        rest: `(n,)`: what is left of the score, less its median over
            held-out rows. That is the KL divergence of the latents, what a
            bound gains, and what dependent columns say together only.
        score: `(n,)`, the detector's.
        reference: the sum of the medians, the score of a row that is usual in
            everything.

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


class ValueLikelihoods:
    """The negative log-likelihood of each value of rows, in nats.

    The mean over the draws of `score`, so that the values of a likelihood of
    independent ones sum to what that has.

    Args:
        model: with an encoder and a likelihood.

    Raises:
        ValueError: if the likelihood has no numbers for single values.
    """

    def __init__(self, model: GenerativeModel):
        self._model = model
        self._compiled = Endpoint(
            self._values, model.endpoint_inputs("x")
        ).compiled()

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Float64 `(n, *data_shape)` of `x`, and `label` with classes."""
        found = run_in_batches(self._compiled, inputs, batch_size=256)
        return np.float64(found["values"])

    def _values(self, x, label=None):
        model = self._model
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
        return {"values": -total / draws}


class Explainer:
    """Shares of values, from their likelihoods and held-out medians.

    Args:
        values: `ValueLikelihoods` of the model.
        held_out: pairs of held-out values, `(k, *data_shape)`, and scores
            `(k,)`, of some rows or all.
    """

    def __init__(
        self, values: ValueLikelihoods, held_out: tuple[np.ndarray, np.ndarray]
    ):
        self._values = values
        usual, scores = held_out
        self._medians = np.median(usual, axis=0)
        self._rest = float(np.median(scores - _sum(usual)))

    def explain(
        self, inputs: dict[str, np.ndarray], scores: np.ndarray
    ) -> Explanation:
        """Shares in the scores of rows.

        Args:
            inputs: `x`, and `label` with classes.
            scores: what the detector says of them, `(n,)`.
        """
        each = self._values(inputs)
        return Explanation(
            shares=each - self._medians,
            rest=scores - _sum(each) - self._rest,
            score=scores,
            reference=float(self._medians.sum() + self._rest),
        )


def _sum(values):
    return values.reshape(len(values), -1).sum(axis=1)
