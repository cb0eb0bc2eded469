"""Rows of a mixed table given what some of their numbers may be."""

import typing

import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts
from tfgen.models.rule_limits import limits_of
from tfgen.probability import Table
from tfgen.probability.table_row import Within

if typing.TYPE_CHECKING:
    from tfgen.models.with_encoder import WithEncoder


def draw_columns(
    model: "WithEncoder", latents: tf.Tensor, uniform: tf.Tensor
) -> tf.Tensor:
    """Rows of latents, column by column, each given those before.

    Rules of the table narrow columns by those before, see `RuleLimits`.

    Args:
        model: whose decoder is told columns (`given_columns`).
        latents: `(rows, latent_dim)`.
        uniform: noise of the numbers, `(rows, width)`.

    Returns:
        `(rows, width)`.
    """
    columns = model.given_columns
    x = tf.zeros_like(uniform)
    given = tf.zeros((tf.shape(x)[0], columns.count))

    limits = limits_of(model)

    def draw(told, x, given):
        parameters = model.serving_decoder([latents, told], training=False)
        if limits is None:
            return model.likelihood.sample(parameters, uniform)
        within = limits.within(x, given, None)
        return model.likelihood.sample_within(parameters, uniform, within)

    return columns.fill(draw, x, given, latents=True)[0]


def draw_within(
    model: "WithEncoder",
    within: Within,
    uniform: tf.Tensor,
    narrowed_first: bool = True,
) -> tf.Tensor:
    """Rows of the model's distribution given what their numbers may be.

    Columns of which one value may be are told to the decoder. Those that are
    narrowed are drawn before the others, within what they may be, each given
    those before: of one such column that is exact, of several a column does
    not know yet what the next ones may be. Rules of the table narrow columns
    by those that are there, see `RuleLimits`.

    Args:
        model: that `check_is_conditional` lets pass.
        within: what numbers may be, of each row.
        uniform: noise, `(rows, width)`.
        narrowed_first: otherwise they are drawn in their turn.

    Returns:
        `(rows, width)`; each number is what it may be.

    Reference:
        Uria et al. (2014), "A deep and tractable density estimator".
    """
    columns = model.given_columns
    none = tf.zeros((tf.shape(uniform)[0], model.latent_dim))

    limits = limits_of(model)

    def draw(told, x, given):
        parameters = model.serving_decoder([none, told], training=False)
        narrow = within if limits is None else limits.within(x, given, within)
        return model.likelihood.sample_within(parameters, uniform, narrow)

    given = columns.certain(within)
    # Where one value may be, any parameters give it.
    x, none_yet = tf.zeros_like(uniform), 0.0 * given
    x = draw(columns.told(x, none_yet, latents=False), x, none_yet)
    if narrowed_first:
        narrowed = 1.0 - tf.maximum(given, columns.free(within))
        x, given = columns.fill(draw, x, given, latents=False, only=narrowed)
    return columns.fill(draw, x, given, latents=False)[0]


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
            "VAE of a table with texts, dates or gaps, or of one of numbers "
            "that is read with schema='by_value'."
        )
    if model.reading is None or not model.reading.is_mixed:
        return (
            f"this {name} does not know its columns: train it on a mixed table "
            "of tfgen.data."
        )
    if model.given_columns is None:
        return (
            f"this {name} cannot {verb}: its decoder is told no columns. "
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
