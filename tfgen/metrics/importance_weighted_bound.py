import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen import probability
from tfgen.metrics.encoder_inputs import (
    check_likelihood,
    check_seed,
    encoder_inputs,
    has_own_prior,
    posterior_family,
)
from tfgen.training import random

BLOCK = 100
VALUES_AT_ONCE = 2**21
MOST_ROWS = 10_000


class MeanOfExamples:
    """What is said of `values`, `(n,)`, of which each is of an example."""

    @property
    def mean(self) -> float:
        """Mean over the examples."""
        return float(np.mean(self.values))

    @property
    def standard_error(self) -> float:
        """Of the mean: other examples, other draws; NaN for one example."""
        n = len(self.values)
        return float(np.std(self.values, ddof=1) / n**0.5) if n > 1 else np.nan


@dataclasses.dataclass(frozen=True)
class ImportanceWeightedBound(MeanOfExamples):
    """Lower bounds of log p(x), and how far chance may have moved them.

    Attributes:
        values: `(n,)`, nats an example.
        errors: `(n,)`, Monte Carlo standard error of each by the delta method;
            NaN for k = 1. Where one draw outweighs all others, the error is
            near 1 and says too little: take a larger k.
        k: draws an example.

    Example:
    >>> values = np.array([-90.0, -110.0])
    >>> bound = tfgen.metrics.ImportanceWeightedBound(values, np.zeros(2), 5)
    >>> bound.mean, round(bound.standard_error, 3)
    (-100.0, 10.0)
    """

    values: np.ndarray
    errors: np.ndarray
    k: int

    @property
    def monte_carlo_error(self) -> float:
        """Of the mean: the same examples, other draws; NaN for k = 1."""
        return float(np.sqrt(np.sum(self.errors**2)) / len(self.errors))


def importance_weighted_bound(
    model: Any,
    x: np.ndarray,
    labels: np.ndarray | None = None,
    k: int = 5000,
    seed: int = 0,
    *,
    max_rows: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    same_draws: bool = False,
) -> ImportanceWeightedBound:
    """Lower bound of log p(x) of each example from k posterior draws.

    k = 1 is the evidence lower bound with one draw; the bound's expectation
    grows with k towards log p(x). Draw d of example i depends on (seed, i, d)
    alone, so a run with fewer draws takes the first of a longer one.

    Formula: `log(mean_d(p(x|z_d) p(z_d) / q(z_d|x)))`, `z_d ~ q(z|x)`

    Args:
        model: a `GenerativeModel` with an encoder and a likelihood.
        x: examples `(n, *data_shape)`, taken as they are: where the
            likelihood binarises in training, pass binary images, see
            `binarized`.
        labels: class of each example, for conditional models.
        k: draws an example.
        seed: of the draws, from 0 to 2**31 - 1.
        max_rows: how many draws to decode at a time, which bounds the memory;
            default: 2 million values of the data's shape, fewer where the
            decoder gives more than two numbers for each or the prior has many
            components, 10,000 draws at most. The values do not depend on it
            but for rounding.
        progress: called with (examples done, n) now and then.
        same_draws: give each example the noise of the first, so that its value
            does not depend on where it stands.

    Returns:
        An `ImportanceWeightedBound`.

    Raises:
        ValueError: if the model has no encoder or likelihood, if x are grey
            values under a Bernoulli likelihood, if the model gives NaN.

    Reference:
        Burda et al. (2016), "Importance weighted autoencoders", equation 8.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), seed=0)
    >>> x = tfgen.metrics.binarized(np.full((10, 8, 8, 1), 0.5))
    >>> tfgen.metrics.importance_weighted_bound(vae, x, k=50).values.shape
    (10,)
    """
    name = "importance_weighted_bound"
    inputs = encoder_inputs(name, model, x, labels)
    check_likelihood(name, model)
    model.likelihood.check_values(inputs["x"])
    _check_numbers(k, seed, max_rows)
    log_weights = LogWeights(model, seed, same_draws)
    if max_rows is None:
        outputs = model.likelihood.numbers_held(model.data_shape)
        components = getattr(getattr(model, "prior", None), "components", 1)
        latents = components * model.latent_dim
        size = max(math.prod(model.data_shape), outputs // 2, latents)
        max_rows = min(max(VALUES_AT_ONCE // size, 1), MOST_ROWS)
    draws = min(k, BLOCK, max_rows)
    rows, n = max_rows // draws, len(inputs["x"])
    parts = []
    for first in range(0, n, rows):
        chunk = {key: v[first : first + rows] for key, v in inputs.items()}
        parts.append(_running_sums(log_weights, chunk, first, k, draws))
        if progress is not None:
            progress(min(first + rows, n), n)
    return _bound(*np.concatenate(parts, axis=1), k)


class LogWeights:
    """`log p(x|z) + log p(z) - log q(z|x)` in nats, z drawn from q(z|x).

    Draw d of example i depends on (seed, i, d) alone: block `d // BLOCK` has
    a stream of its own, in which row i holds the block's draws.

    Args:
        model: has `posterior` and `log_likelihood`.
        seed: of the draws.
        same_draws: whether each example has the noise of the first.
    """

    def __init__(self, model: Any, seed: int, same_draws: bool = False):
        self._model, self._seed = model, seed
        self._same_draws = same_draws
        place = ("first_row", "block", "start", "stop")
        signature = dict.fromkeys(place, tf.TensorSpec((), tf.int64))
        signature["x"] = tf.TensorSpec((None, *model.data_shape), tf.float32)
        if model.num_classes:
            signature["label"] = tf.TensorSpec((None,), tf.int64)

        compiled = tf.function(
            lambda tensors: self.of_tensors(**tensors), autograph=False
        )
        self._compiled = compiled.get_concrete_function(signature)

    def __call__(
        self, inputs: dict[str, np.ndarray], **place: int
    ) -> np.ndarray:
        """Weights of examples in a row and of draws of one block.

        Args:
            inputs: `x`, and `label` where the model has classes, as arrays.
            **place: `first_row`, number of the first example in the data;
                `block`, number of the block; `start` and `stop`, the draws
                within it.

        Returns:
            float64 `(rows, draws)`.
        """
        tensors = {k: tf.constant(v, tf.int64) for k, v in place.items()}
        tensors |= {k: tf.convert_to_tensor(v) for k, v in inputs.items()}
        return self._compiled(tensors).numpy().astype("float64")

    def of_tensors(
        self,
        first_row: tf.Tensor,
        block: tf.Tensor,
        start: tf.Tensor,
        stop: tf.Tensor,
        x: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """The same of tensors, in a graph: float32 `(rows, draws)`."""
        model = self._model
        labels = None if label is None else tf.one_hot(label, model.num_classes)
        stream = random.stream(self._seed, "importance", block)
        shape = (BLOCK, model.latent_dim)
        if self._same_draws:
            noise = random.normal_rows(stream, 0, 1, shape)
            noise = tf.repeat(noise, tf.shape(x)[0], axis=0)
        else:
            noise = random.normal_rows(stream, first_row, tf.shape(x)[0], shape)
        noise = tf.transpose(noise[:, start:stop], (1, 0, 2))
        posterior = model.posterior(x, labels)
        latents, log_posterior = posterior_family(model).draw(posterior, noise)
        prior = probability.standard_normal(model.latent_dim)
        if has_own_prior(model):
            prior = model.prior.distribution(labels)
        ratio = prior.log_prob(latents) - log_posterior
        latents = tf.transpose(latents, (1, 0, 2))
        likelihood = model.log_likelihood(x, latents, labels)
        return likelihood + tf.transpose(ratio)


def _running_sums(log_weights, chunk, first_row, k, draws):
    """Logarithms of the sums of weights and of squared weights, `(2, rows)`."""
    sums = np.full((2, len(chunk["x"])), -np.inf)
    for block in range(-(-k // BLOCK)):
        end = min(BLOCK, k - block * BLOCK)
        for start in range(0, end, draws):
            part = log_weights(
                chunk,
                first_row=first_row,
                block=block,
                start=start,
                stop=min(start + draws, end),
            )
            _refuse_nan(part, first_row)
            both = np.stack([part, 2 * part])
            sums = np.logaddexp(sums, np.logaddexp.reduce(both, axis=2))
    return sums


def _refuse_nan(log_weights, first_row):
    found = np.isnan(log_weights).any(axis=1)
    if found.any():
        raise ValueError(
            f"the model gives NaN for example {first_row + found.argmax()}: "
            "its weights are not finite, or the example is far from any that "
            "it was trained on."
        )


def _bound(log_sum, log_sum_of_squares, k):
    errors = np.full(len(log_sum), np.nan)
    # By the delta method the logarithm's error is the mean weight's relative
    # one, sqrt((k sum(w^2) / sum(w)^2 - 1) / (k - 1)). A sum of no weight at
    # all, log 0, has none.
    known = np.isfinite(log_sum) & (k > 1)
    ratio = np.exp(log_sum_of_squares[known] - 2 * log_sum[known])
    errors[known] = np.sqrt(np.maximum(k * ratio - 1, 0) / max(k - 1, 1))
    return ImportanceWeightedBound(log_sum - math.log(k), errors, k)


def _check_numbers(k, seed, max_rows):
    for name, value in (("k", k), ("max_rows", max_rows)):
        if value is not None and (int(value) != value or value < 1):
            raise ValueError(f"{name} is {value!r}, expected 1, 2, 3, ...")
    check_seed(seed)
