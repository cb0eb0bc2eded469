"""Rows of a mixed table that keep conditions: for Python and for a server."""

import dataclasses
import typing
from collections.abc import Sequence

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


def conditions_on(
    model: "WithEncoder", where: typing.Any
) -> tuple[list[Condition], Reading]:
    """Reads conditions on the columns of a model; see `sample_where`.

    Returns:
        The conditions, and a reading that restores rows within them.

    Raises:
        ValueError: for another model, or conditions that cannot be.
    """
    check_is_conditional(model, "sample by conditions")
    conditions = find_conditions(where, model.reading.columns)
    columns = narrowed(model.reading.columns, conditions)
    return conditions, dataclasses.replace(model.reading, columns=columns)


def rows_where(
    model: "WithEncoder", conditions: Sequence[Condition], seeds: np.ndarray
) -> np.ndarray:
    """Draws rows that keep conditions, as the model makes them.

    Args:
        model: that `conditions_on` was asked for.
        conditions: on its columns.
        seeds: int64, one a row.
    """
    texts = condition_texts(conditions, model.reading)
    inputs = {"where": np.array([texts] * len(seeds), object), "seed": seeds}
    return model.run_endpoint("generate_where", inputs)["x"]


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
