"""Rows of a mixed table that keep conditions: for Python and for a server."""

import dataclasses
import secrets
import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.conditions import (
    Condition,
    condition_texts,
    find_conditions,
    narrowed,
)
from tfgen.data.reading import Reading
from tfgen.data.row_numbers import without_specials_tensor
from tfgen.models.condition_tensors import read_conditions
from tfgen.models.conditional import (
    check_is_conditional,
    draw_within,
    why_not_conditional,
)
from tfgen.models.endpoints import Endpoint
from tfgen.training import random

if typing.TYPE_CHECKING:
    from tfgen.models.with_encoder import WithEncoder

_SEEDS = 0x3E12E  # apart from other uses of a seed


def rows_where(
    model: "WithEncoder", where: typing.Any, num_samples: int, seed: int | None
) -> tuple[np.ndarray, Reading]:
    """Draws rows that keep conditions; see `WithEncoder.sample_where`.

    Returns:
        Rows as the model makes them, and a reading that restores them within
        the conditions.

    Raises:
        ValueError: for another model, or conditions that cannot be.
    """
    check_is_conditional(model, "sample by conditions")
    if int(num_samples) != num_samples or num_samples < 1:
        raise ValueError(
            f"num_samples is {num_samples!r}, expected 1, 2, 3, ..."
        )
    conditions = find_conditions(where, model.reading.columns)
    if seed is None:
        seed = secrets.randbelow(2**62)
    rng = np.random.default_rng((_SEEDS, seed % 2**64))
    texts = condition_texts(conditions, model.reading)
    inputs = {
        "where": np.array([texts] * num_samples, object),
        "seed": rng.integers(2**62, size=num_samples),
    }
    x = model.run_endpoint("generate_where", inputs)["x"]
    columns = narrowed(model.reading.columns, conditions)
    return x, dataclasses.replace(model.reading, columns=columns)


def endpoint_where(model: "WithEncoder") -> dict[str, Endpoint]:
    """`generate_where` of a model that can, by its name."""
    if why_not_conditional(model, "") or not model.reading.column_names:
        return {}
    reading = model.reading

    def generate_where(where, seed):
        read = read_conditions(reading, where)
        width = read.low.shape[1]
        uniform = random.uniform_by_seed(seed, "numbers", (width,))
        x = draw_within(model, read.exact, uniform)
        # Half a step beyond was for rounding.
        x = tf.clip_by_value(x, read.low, read.high)
        x = without_specials_tensor(reading.columns, x)
        is_bad = tf.not_equal(read.problem, "")[:, None]
        nan = tf.constant(np.nan, tf.float32)
        return {"x": tf.where(is_bad, nan, x), "problem": read.problem}

    texts = keras.KerasTensor((None, len(reading.column_names)), "string")
    inputs = {"where": texts, **model.endpoint_inputs("seed")}
    return {"generate_where": Endpoint(generate_where, inputs)}


def example_texts(reading: Reading, rows: int) -> np.ndarray:
    """Conditions on a column a row, in UTF-8: what an export is tried with."""
    columns = [column for column in reading.columns if column.width]
    found = np.full((rows, len(columns)), b"", object)
    for row in range(rows):
        column = columns[row % len(columns)]
        condition = Condition(column, (0,), column.low, column.high)
        found[row, row % len(columns)] = condition.text.encode()
    return found
