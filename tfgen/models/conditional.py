"""Rows of a mixed table given what some of their numbers may be."""

import dataclasses
import typing
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts
from tfgen.probability import Table
from tfgen.probability.level_likelihoods import choose
from tfgen.probability.table_row import Within
from tfgen.training import random

if typing.TYPE_CHECKING:
    from tfgen.models.with_encoder import WithEncoder

CANDIDATES = 64
STEPS = 50


@dataclasses.dataclass(frozen=True)
class RowNoise:
    """Noise of rows, each its own.

    Attributes:
        normal: `(purpose, shape) -> (rows, *shape)`, standard normal.
        uniform: as many in [0, 1).
    """

    normal: Callable
    uniform: Callable

    @classmethod
    def of_rows(cls, seed: tf.Tensor, first: tf.Tensor, rows: tf.Tensor):
        """That of rows `first` and so on of what one seed draws."""

        def by(draw):
            return lambda purpose, shape: draw(
                random.user_stream(seed, purpose), first, rows, shape
            )

        return cls(by(random.normal_rows), by(random.uniform_rows))

    @classmethod
    def of_seeds(cls, seeds: tf.Tensor):
        """That of rows which are the first of their own seed each."""

        def by(draw):
            return lambda purpose, shape: draw(seeds, purpose, shape)

        return cls(by(random.normal_by_seed), by(random.uniform_by_seed))


def draw_within(
    model: "WithEncoder",
    within: Within,
    noise: RowNoise,
    candidates: int = CANDIDATES,
    steps: int = STEPS,
) -> tf.Tensor:
    """Rows of the model's distribution given what their numbers may be.

    Of latents from the prior, weighed by how likely they make what is asked,
    one is chosen; numbers are drawn by p(x|z), within what they may be. That
    is exact with many candidates. A Markov chain a row goes on, whose
    stationary distribution it is: latents are proposed by q(z|x) and taken or
    not by Metropolis and Hastings' rule, numbers are drawn anew.

    Args:
        model: that `check_is_conditional` lets pass.
        within: what numbers may be, of each row.
        noise: of as many rows.
        candidates: latents of the prior that are weighed.
        steps: of the chain.

    Returns:
        `(rows, width)`; each number is what it may be.

    Reference:
        Mattei and Frellsen (2018), "Leveraging the exact likelihood of deep
        latent variable models", algorithm 1.
    """
    chain = _Chain(model, within)
    width, latent = within.low.shape[-1], model.latent_dim
    start = noise.normal("candidates", (candidates, model.noise_dim))
    numbers = noise.uniform("candidate", (width + 1,))
    latents = chain.choose(start, numbers[:, -1:])
    x = chain.fill(latents, numbers[:, :-1])
    if not steps:
        return x
    normal = noise.normal("proposals", (steps, latent))
    uniform = noise.uniform("numbers", (steps, width + 1))

    def step(i, x, latents):
        now = tf.gather(uniform, i, axis=1)
        proposal = tf.gather(normal, i, axis=1)
        latents = chain.move(x, latents, proposal, now[:, -1])
        return i + 1, chain.fill(latents, now[:, :-1]), latents

    return tf.while_loop(
        lambda i, *_: i < steps, step, (0, x, latents), parallel_iterations=1
    )[1]


class _Chain:
    """The moves of a Markov chain for each row."""

    def __init__(self, model, within):
        self._model, self._within = model, within

    def choose(self, normal, uniform):
        """One of the latents `(rows, candidates)` of the prior."""
        rows, candidates, size = tf.shape(normal)[0], *normal.shape[1:]
        flat = tf.reshape(normal, (-1, size))
        latents = self._model.prior.from_normal(flat, None)
        parameters = self._parameters(latents)
        each = (rows, candidates, parameters.shape[-1])
        weights = self._model.likelihood.log_prob_within(
            tf.reshape(parameters, each),
            Within(*(part[:, None] for part in self._within)),
        )
        inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
        chosen, _ = choose(tf.nn.softmax(weights), inside)
        latents = tf.reshape(latents, (rows, candidates, latents.shape[-1]))
        return tf.reduce_sum(chosen[..., None] * latents, axis=1)

    def fill(self, latents, uniform):
        """Rows drawn by p(x|z), numbers being what they may be."""
        return self._model.likelihood.sample_within(
            self._parameters(latents), uniform, self._within
        )

    def move(self, x, latents, normal, uniform):
        """Latents given rows: others by q(z|x), or those that there are."""
        posterior = self._model.posterior(x)
        proposed, log_q = self._model.draw(posterior, normal)
        new = self._log_joint(x, proposed) - log_q
        # Of the latents before, as the row has changed since.
        old = self._log_joint(x, latents) - posterior.log_prob(latents)
        taken = tf.math.log(uniform) < new - old
        return tf.where(taken[:, None], proposed, latents)

    def _log_joint(self, x, latents):
        likelihood = self._model.likelihood
        log_prob = likelihood.log_prob(x, self._parameters(latents))
        return log_prob + self._model.prior.distribution(None).log_prob(latents)

    def _parameters(self, latents):
        return self._model.serving_decoder(latents, training=False)


def check_is_conditional(model: "WithEncoder", verb: str) -> None:
    """Raises ValueError for a model whose numbers cannot be given.

    Args:
        model: any.
        verb: what it cannot do then.
    """
    reason = why_not_conditional(model, verb)
    if reason:
        raise ValueError(reason)


def why_not_conditional(model: "WithEncoder", verb: str) -> str | None:
    """Why numbers of a model's rows cannot be given, or None."""
    name = type(model).__name__
    likelihood = getattr(model, "likelihood", None)
    if not model.encodes or not isinstance(likelihood, Table):
        return (
            f"a {name} without the likelihood 'table' cannot {verb}: train a "
            "VAE of a table with texts, dates or gaps, or pass "
            "likelihood='table' and a schema."
        )
    if model.reading is None or not model.reading.is_mixed:
        return (
            f"this {name} does not know its columns: train it on a mixed table "
            "of tfgen.data."
        )
    if model.num_classes or not model.posterior_family.gaussian:
        return (
            f"this {name} cannot {verb}: it takes a model without classes "
            "(leave out --conditional, and the class is a column) and with the "
            "posterior 'diagonal' or 'full'."
        )
    return None


def given_rows(
    parts: TableParts, x: np.ndarray, missing: np.ndarray, gaps: np.ndarray
) -> Within:
    """What numbers of rows may be where some are missing.

    Args:
        parts: what the numbers are.
        x: `(rows, width)`, as the likelihood takes them.
        missing: where any number may be, and any code but that of a gap.
        gaps: whether the last code of each number of a row is a gap's.
    """
    allowed = []
    for place, levels in enumerate(parts.levels):
        if levels:
            codes = np.rint(x[:, place]).astype(int)
            known = np.eye(levels, dtype=np.float32)[codes]
            any_but_gap = np.ones(levels, np.float32)
            any_but_gap[-1] -= gaps[place]
            allowed.append(
                np.where(missing[:, place, None], any_but_gap, known)
            )
    low = np.where(missing, -np.inf, x).astype(np.float32)
    high = np.where(missing, np.inf, x).astype(np.float32)
    none = np.zeros((len(x), 0), np.float32)
    return Within(low, high, np.concatenate([none, *allowed], axis=1))
