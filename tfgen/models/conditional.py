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


def draw_columns(
    model: "WithEncoder", normal: tf.Tensor, uniform: tf.Tensor
) -> tf.Tensor:
    """Rows of the model's distribution, column by column.

    Args:
        model: that is told columns (`given_columns`).
        normal: noise of its latents, `(rows, noise_dim)`.
        uniform: noise of the numbers, `(rows, width)`.

    Returns:
        `(rows, width)`.
    """
    likelihood, columns = model.likelihood, model.given_columns

    def draw(noise, told):
        return likelihood.sample(_parameters(model, noise, told), uniform)

    x = tf.zeros_like(uniform)
    given = tf.zeros((tf.shape(x)[0], columns.count))
    return columns.fill(draw, x, given, by_turn(model, normal))


def draw_within(
    model: "WithEncoder",
    within: Within,
    noise: RowNoise,
    candidates: int = CANDIDATES,
) -> tf.Tensor:
    """Rows of the model's distribution given what their numbers may be.

    Columns of which one value may be are given to the networks. Those that
    are narrowed are drawn first, all at once: of latents from the prior,
    weighed by how likely they make what is asked, one is chosen, and numbers
    are drawn by p(x|z, given) within what they may be, which is exact with
    many candidates. The others are drawn in turns.

    Args:
        model: that `check_is_conditional` lets pass.
        within: what numbers may be, of each row.
        noise: of as many rows.
        candidates: latents of the prior that are weighed; 0 draws narrowed
            columns like the others, within what they may be.

    Returns:
        `(rows, width)`; each number is what it may be.

    Reference:
        Ivanov et al. (2019), "Variational autoencoder with arbitrary
        conditioning".
    """
    likelihood, columns = model.likelihood, model.given_columns
    width = within.low.shape[-1]
    uniform = noise.uniform("numbers", (width + 1,))
    rows = tf.shape(uniform)[0]

    def draw(normal, told):
        parameters = _parameters(model, normal, told)
        return likelihood.sample_within(parameters, uniform[:, :-1], within)

    size = model.prior.noise_dim
    # Where one value may be, any latents give it.
    x = draw(tf.zeros((rows, size)), columns.none(rows))
    given = columns.certain(within)
    if candidates:
        start = noise.normal("candidates", (candidates, size))
        told = columns.told(x, given)
        latent = _choose(model, within, start, uniform[:, -1:], told)
        narrowed = 1.0 - tf.maximum(given, columns.free(within))
        new = columns.hidden(narrowed) < 0.5
        x = tf.where(new, draw(latent, told), x)
        given += narrowed
    normal = noise.normal("latent", (model.noise_dim,))
    return columns.fill(draw, x, given, by_turn(model, normal))


def by_turn(model: "WithEncoder", normal: tf.Tensor) -> tf.Tensor:
    """Noise of latents as `(rows, turns, noise_dim of the prior)`.

    What temperature narrows comes first, of all turns, then what chooses
    among components.
    """
    turns, size = model.given_columns.turns, model.latent_dim
    rows, other = tf.shape(normal)[0], model.prior.noise_dim - size
    narrow, rest = normal[:, : turns * size], normal[:, turns * size :]
    narrow = tf.reshape(narrow, (rows, turns, size))
    rest = tf.reshape(rest, (rows, turns, other))
    return tf.concat([narrow, rest], axis=-1)


def _choose(model, within, normal, uniform, told):
    """The noise of one of the latents `(rows, candidates)`."""
    rows, (candidates, size) = tf.shape(normal)[0], normal.shape[1:]
    flat = tf.reshape(normal, (-1, size))
    parameters = _parameters(model, flat, tf.repeat(told, candidates, axis=0))
    weights = model.likelihood.log_prob_within(
        tf.reshape(parameters, (rows, candidates, parameters.shape[-1])),
        Within(*(part[:, None] for part in within)),
    )
    inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
    chosen, _ = choose(tf.nn.softmax(weights), inside)
    return tf.reduce_sum(chosen[..., None] * normal, axis=1)


def _parameters(model, normal, told):
    latents = model.prior.from_normal(normal, None)
    return model.serving_decoder([latents, told], training=False)


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
    if model.given_columns is None:
        return (
            f"this {name} cannot {verb}: its networks are told no columns. "
            "Leave out --conditional, so that the class is a column, and "
            "networks of your own."
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
