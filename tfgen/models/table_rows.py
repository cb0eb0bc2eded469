"""Rows of a table as its files have them: drawn, in units, rules held."""

import math
import secrets
import typing
from collections.abc import Iterator

import numpy as np

from tfgen.data.held_rules import Keeper
from tfgen.data.notes import say
from tfgen.data.raw_table import few
from tfgen.data.reading import Reading
from tfgen.data.rules_and_conditions import contradictions
from tfgen.models.sampling_where import conditions_on, rows_where

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel

PIECE = 2**22
"""Numbers at a time, but at least a batch."""
BATCH = 256
_WHERE, _AGAIN = 0x3E12E, 0xA6A19  # apart from other uses of a seed


def draw_rows(
    model: "GenerativeModel",
    num_samples: int,
    seed: int | None,
    labels: np.ndarray | None = None,
    where: typing.Any = None,
) -> tuple[np.ndarray, Reading]:
    """Draws rows of a table that hold its rules.

    What was drawn again for these is said (`tfgen.data.DataNote`).

    Args:
        model: that knows the columns of a table.
        num_samples: how many.
        seed: row i depends on (seed, i) alone, under rules `"unique"` on rows
            before it, too; None for others each time.
        labels: class numbers `(num_samples,)` of a model that takes them.
        where: conditions, see `WithEncoder.sample_where`, or None.

    Returns:
        Rows in the columns' units, `(num_samples, numbers)`, and a reading
        whose columns restore them.

    Raises:
        ValueError: for conditions that cannot be, and rules that no draw of a
            row holds.
    """
    pieces = draw_pieces(model, num_samples, seed, labels, where)
    rows, readings = zip(*pieces, strict=True)
    return np.concatenate(rows), readings[0]


def draw_pieces(
    model: "GenerativeModel",
    num_samples: int,
    seed: int | None,
    labels: np.ndarray | None = None,
    where: typing.Any = None,
) -> Iterator[tuple[np.ndarray, Reading]]:
    """The rows of `draw_rows` one piece after the other, for long files.

    Under rules, which may hold between rows, there is one piece.
    """
    seed = secrets.randbelow(2**31) if seed is None else seed
    conditions, reading = (), model.reading
    if where is not None:
        conditions, reading = conditions_on(model, where)
    _check_count(num_samples)
    _check_rules(reading, conditions, num_samples)

    def draw(rows, number):
        if where is not None:
            seeds = _seeds(_WHERE, num_samples, seed, number)[rows]
            x = rows_where(model, conditions, seeds)
        elif not number:
            x = model.sample_from(rows[0], len(rows), seed, _of(labels, rows))
        else:
            inputs = {"seed": _seeds(_AGAIN, num_samples, seed, number)[rows]}
            if labels is not None:
                inputs["label"] = labels[rows]
            x = model.run_endpoint("generate", inputs)["x"]
        return reading.to_data_units(x)

    if not reading.rules:
        for rows in pieces_of(num_samples, model.data_shape):
            yield draw(rows, 0), reading
        return
    asked = [condition.column.name for condition in conditions]
    keeper = Keeper(reading.rules, reading.columns, asked=asked)
    x = draw(np.arange(num_samples), 0)
    held = keeper.hold(
        reading.nearest(x), lambda *drawn: reading.nearest(draw(*drawn))
    )
    if held.note:
        say(held.note)
    yield held.x, reading


def draw_images(
    model: "GenerativeModel",
    num_samples: int,
    seed: int,
    labels: np.ndarray | None = None,
) -> Iterator[tuple[np.ndarray, Reading]]:
    """Images of `sample` in the model's range, one piece after the other."""
    for rows in pieces_of(num_samples, model.data_shape):
        x = model.sample_from(rows[0], len(rows), seed, _of(labels, rows))
        yield x, model.reading


def pieces_of(num_samples: int, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Numbers of rows, in pieces of whole batches that fit the memory.

    >>> [len(rows) for rows in pieces_of(600, (999, 999, 3))]
    [256, 256, 88]
    """
    batches = max(1, PIECE // (math.prod(shape) * BATCH))
    for first in range(0, num_samples, batches * BATCH):
        yield np.arange(first, min(first + batches * BATCH, num_samples))


def _of(labels, rows):
    return None if labels is None else labels[rows]


def _seeds(purpose, count, seed, number):
    """A seed a row for draw 0, 1, ... of all rows."""
    words = (purpose, seed % 2**64, *([number] if number else ()))
    return np.random.default_rng(words).integers(2**62, size=count)


def _check_count(count):
    if int(count) != count or count < 1:
        raise ValueError(f"num_samples is {count!r}, expected 1, 2, 3, ...")


def _check_rules(reading, conditions, count):
    reasons = contradictions(
        reading.rules, reading.columns or (), conditions, count
    )
    if reasons:
        what = "conditions" if conditions else "rows"
        todo = "loosen them" if conditions else "ask for fewer"
        raise ValueError(
            f"{what} that cannot hold the rules: {few(reasons, '; ')}: {todo}, "
            "or leave the rule out of the training."
        )
