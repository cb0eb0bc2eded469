"""Conditions in texts, a tensor of them, as what numbers of rows may be."""

import typing

import numpy as np
import tensorflow as tf

from tfgen.data.column_values import category_numbers
from tfgen.data.columns import Column
from tfgen.data.conditions import step_of
from tfgen.data.reading import Reading
from tfgen.data.row_numbers import placed
from tfgen.data.squashing import squash_tensor
from tfgen.probability.table_row import Within

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
_END = rf"(?:{_NUMBER}|{_DATE})"
_RANGE = rf"={_END}(?:\.\.{_END})?|={_END}\.\.|=\.\.{_END}"


class ReadConditions(typing.NamedTuple):
    """Conditions on rows.

    Attributes:
        within: what numbers may be, in the model's units: up to half a step
            more, from where they are rounded to a value that may be.
        low: `(rows, width)`, the smallest values that may be, -inf for any.
        high: the largest ones.
        problem: `(rows,)`, what is wrong with a row's, or an empty text. Such
            a row has no conditions.
    """

    within: Within
    low: tf.Tensor
    high: tf.Tensor
    problem: tf.Tensor

    @property
    def exact(self) -> Within:
        """`within`, but numbers of which one value may be are that one."""
        is_one = tf.equal(self.low, self.high)
        low = tf.where(is_one, self.low, self.within.low)
        high = tf.where(is_one, self.high, self.within.high)
        return Within(low, high, self.within.allowed)


def read_conditions(reading: Reading, where: tf.Tensor) -> ReadConditions:
    """Reads conditions as the endpoint `generate_where` takes them.

    Args:
        reading: of a mixed table.
        where: texts `(rows, columns)`, in the order of `reading.column_names`.
            Empty for any value; `=FR`, `=30`, `=30..40`, `=..40`, `=` for a
            gap. Dates are as 2020-01-31, with 10:15:00 behind them, or seconds
            since 1970.
    """
    columns = [column for column in reading.columns if column.width]
    ends, allowed, problems = [], [], []
    for i, column in enumerate(columns):
        read = _codes if column.levels else _numbers
        found = read(column, where[:, i])
        ends += found[0]
        allowed += found[1]
        problems.append(_told(column, where[:, i], found[2]))
    problem = tf.strings.reduce_join(tf.stack(problems, -1), -1)
    is_open = tf.not_equal(problem, "")[:, None]
    low, high = (
        tf.where(is_open, end, tf.stack(values, axis=-1))
        for end, values in zip(
            (tf.constant(sign * np.inf, tf.float64) for sign in (-1, 1)),
            zip(*ends, strict=True),
            strict=True,
        )
    )
    half = np.zeros(low.shape[-1])
    for place, column in placed(reading.columns):
        if column.width and not column.levels:
            half[place] = step_of(column) / 2.0
    units = lambda x: _in_model_units(reading, x)  # noqa: E731
    codes = tf.where(is_open, 1.0, tf.concat(allowed, axis=-1))
    within = Within(units(low - half), units(high + half), codes)
    return ReadConditions(within, units(low), units(high), problem)


def _codes(column: Column, text: tf.Tensor):
    texts = [f"={category}" for category in column.categories]
    if column.missing is not None:
        texts.append("=")
    is_it = tf.equal(text[:, None], tf.constant(texts)[None])
    numbers = category_numbers(column)
    if numbers is not None:
        low, high, is_range = _ends(text)
        # None is within the range of a gap.
        values = tf.constant([*numbers, np.nan][: len(texts)], tf.float64)
        is_in = (values >= low[:, None]) & (values <= high[:, None])
        is_it |= is_in & is_range[:, None]
    is_asked = tf.not_equal(text, "")
    codes = tf.cast(is_it | ~is_asked[:, None], tf.float32)
    is_bad = is_asked & ~tf.reduce_any(is_it, axis=-1)
    return [_any(text)], [codes], is_bad


def _numbers(column: Column, text: tf.Tensor):
    is_gap = tf.equal(text, "=") & (column.missing is not None)
    low, high, is_range = _ends(text)
    is_bad = tf.not_equal(text, "") & ~is_gap & ~is_range
    step = step_of(column)
    if step:
        low = tf.math.ceil(low / step - 1e-6) * step
        high = tf.math.floor(high / step + 1e-6) * step
    bounded = is_range & ~is_bad
    low = tf.where(bounded, tf.maximum(low, column.low), low)
    high = tf.where(bounded, tf.minimum(high, column.high), high)
    is_bad |= low > high
    low = tf.where(is_bad, tf.constant(-np.inf, tf.float64), low)
    high = tf.where(is_bad, tf.constant(np.inf, tf.float64), high)
    if column.width == 1:
        return [(low, high)], [], is_bad
    frequent = tf.constant(column.frequent or (), tf.float64)[None]
    often = (frequent >= low[:, None]) & (frequent <= high[:, None])
    often &= ~is_gap[:, None]
    other = ~is_gap & ((low < high) | ~tf.reduce_any(often, axis=-1))
    codes = [other[:, None], often]
    if column.missing is not None:
        codes.append((is_gap | ~bounded)[:, None])
    codes = tf.cast(tf.concat(codes, axis=-1), tf.float32)
    return [(low, high), _any(text)], [codes], is_bad


def _ends(text: tf.Tensor):
    """Ends of a range, and whether a text is one; of others infinite ends."""
    is_range = tf.strings.regex_full_match(text, _RANGE)
    safe = tf.where(is_range, text, "=..")
    low = _end(
        tf.strings.regex_replace(safe, r"^=(.*?)(?:\.\..*)?$", r"\1"), -1
    )
    high = _end(
        tf.strings.regex_replace(safe, r"^=(?:.*?\.\.)?(.*)$", r"\1"), 1
    )
    return low, high, is_range


def _any(text):
    """No ends."""
    infinite = tf.fill(tf.shape(text), tf.constant(np.inf, tf.float64))
    return -infinite, infinite


def _end(text, sign):
    """Seconds of a date, a number, or infinity of an empty text."""
    is_date = tf.strings.regex_full_match(text, _DATE)
    is_open = tf.equal(text, "")
    plain = tf.where(is_date | is_open, "0", text)
    number = tf.strings.to_number(plain, tf.float64)
    number = tf.where(is_open, tf.constant(sign * np.inf, tf.float64), number)
    date = tf.where(is_date, text, "1970-01-01")
    return tf.where(is_date, _seconds(date), number)


def _seconds(date):
    """Seconds from 1970 on to a date of the form 2020-01-31T10:15:00.

    Days are counted from March on, so that a leap day is a year's last.
    """
    digits = tf.strings.regex_replace(date, "[^0-9]", "")
    digits = tf.strings.substr(tf.strings.join([digits, "000000"]), 0, 14)
    part = lambda start, size: tf.strings.to_number(  # noqa: E731
        tf.strings.substr(digits, start, size), tf.int64
    )
    month = part(4, 2)
    years = part(0, 4) - tf.cast(month <= 2, tf.int64)
    months = (month + 9) % 12
    days = (
        365 * years
        + years // 4
        - years // 100
        + years // 400
        + (153 * months + 2) // 5
        + part(6, 2)
        - 719_469
    )
    seconds = 3600 * part(8, 2) + 60 * part(10, 2) + part(12, 2)
    return tf.cast(86_400 * days + seconds, tf.float64)


def _in_model_units(reading, x):
    z = squash_tensor(reading.columns, x)
    return tf.cast((z - reading.shift) / reading.scale, tf.float32)


def _told(column, text, is_bad):
    what = tf.strings.join(
        [f"column '{column.name}': '", text, f"' is not {_wanted(column)}; "]
    )
    return tf.where(is_bad, what, tf.fill(tf.shape(text), ""))


def _wanted(column):
    if column.levels:
        first = ", ".join(f"={text}" for text in column.categories[:3])
        more = ", ..." if len(column.categories) > 3 else ""
        no_range = category_numbers(column) is None
        return f"one of {first}{more}{'' if no_range else ' or =low..high'}"
    return f"=number or =low..high within {column.low:g}..{column.high:g}"
