"""What rules leave open of columns that are drawn after others."""

import dataclasses
import typing

import numpy as np
import tensorflow as tf

from tfgen.data.columns import Column
from tfgen.data.reading import Reading
from tfgen.data.row_numbers import placed
from tfgen.data.rules import Rule
from tfgen.data.squashing import squash_tensor, unsquash_tensor
from tfgen.data.table_parts import TableParts
from tfgen.probability.table_row import Within

_NUDGE = 1e-6  # of what 32 bits round


class RuleLimits:
    """Narrows columns of a row by those that are drawn.

    Of two columns in an order the second that is drawn lies beyond the first;
    of columns that go together codes that no combination has beside those
    drawn are left out. Gaps bound nothing. What rounding to a column's digits
    and its bounds make of a row is for whoever writes it.

    Args:
        reading: of the table, with its rules.
    """

    def __init__(self, reading: Reading):
        self._shift = np.broadcast_to(reading.shift, reading.shape)
        self._scale = np.broadcast_to(reading.scale, reading.shape)
        self._places = {c.name: (at, c) for at, c in placed(reading.columns)}
        names = reading.column_names
        self._number = {name: i for i, name in enumerate(names)}
        levels = TableParts(reading.parts).levels
        self._width, self._levels = len(levels), sum(levels)
        self._code_ends = np.cumsum([0, *levels])
        # Of each code, which number of a row it is of.
        self._groups = np.repeat(np.eye(len(levels)), levels, axis=0)
        self._groups = self._groups.astype(np.float32)
        kinds = ("at_most", "below")
        self._orders = [r for r in reading.rules if r.kind in kinds]
        self._together = [r for r in reading.rules if self._are_codes(r)]

    def within(
        self, x: tf.Tensor, given: tf.Tensor, outer: Within | None
    ) -> Within:
        """What the other numbers of rows may be.

        Args:
            x: `(rows, width)`, as the likelihood takes them.
            given: `(rows, columns)`, 1 for columns that are drawn, else 0.
            outer: what they may be without rules, which no rule widens and
                which holds where a rule leaves nothing of it; None for all.
        """
        rows = tf.shape(x)[0]
        if outer is None:
            low = tf.fill((rows, self._width), -np.float32(np.inf))
            outer = Within(low, -low, tf.ones((rows, self._levels)))
        found = outer
        for rule in self._orders:
            left, right = rule.columns
            is_strict = rule.kind == "below"
            found = self._beyond(found, x, given, left, right, 1, is_strict)
            found = self._beyond(found, x, given, right, left, -1, is_strict)
        for rule in self._together:
            found = self._combined(found, rule, x, given)
        return self._not_empty(found, outer)

    def narrows(self, rule: Rule) -> bool:
        """Whether columns are drawn within what it leaves open."""
        return rule in self._orders or rule in self._together

    def _beyond(self, within, x, given, one, other, sign, is_strict):
        """Narrows a column by another that is drawn: above (1), below (-1)."""
        value, counts = self._value(x, given, one)
        place, column = self._places[other]
        step, strict = column.resolution, float(is_strict)
        end = value
        if step:
            # The nearest value of the column that may be.
            end = sign * tf.math.ceil(sign * value / step - _NUDGE) * step
            reached = tf.abs(end - value) <= _NUDGE * step
            end += sign * step * tf.cast(reached, end.dtype) * strict
        z = squash_tensor([_alone(column)], end[:, None])[:, 0]
        z = (z - self._shift[place]) / self._scale[place]
        z = tf.cast(z, tf.float32)
        if not step:
            z += sign * _NUDGE * (1.0 + tf.abs(z))
        bound = tf.where(counts, z, -sign * np.float32(np.inf))
        at = tf.constant(np.arange(self._width) == place)
        low, high = within.low, within.high
        if sign > 0:
            low = tf.where(at, tf.maximum(low, bound[:, None]), low)
        else:
            high = tf.where(at, tf.minimum(high, bound[:, None]), high)
        allowed = within.allowed
        for code, frequent in enumerate(column.frequent or (), start=1):
            is_out = counts & (sign * (end - frequent) > _NUDGE * (step or 1.0))
            allowed = self._without(allowed, place + 1, code, is_out)
        return Within(low, high, allowed)

    def _value(self, x, given, name):
        """A column's numbers, float64, and whether they are drawn, no gaps."""
        place, column = self._places[name]
        z = tf.cast(x[:, place], tf.float64)
        z = z * self._scale[place] + self._shift[place]
        value = unsquash_tensor([_alone(column)], z[:, None])[:, 0]
        value = tf.clip_by_value(value, column.low, column.high)
        counts = given[:, self._number[name]] > 0.5
        if column.width == 2:
            code = tf.round(x[:, place + 1])
            for i, frequent in enumerate(column.frequent or (), start=1):
                value = tf.where(tf.equal(code, i), frequent, value)
            if column.missing is not None:
                counts &= tf.not_equal(code, column.specials)
        if column.resolution:
            value = tf.round(value / column.resolution) * column.resolution
        return value, counts

    def _combined(self, within, rule, x, given):
        """Leaves the codes that go with those drawn, and gaps."""
        rows = tf.constant(rule.combinations, tf.float32)
        fits = tf.ones((tf.shape(x)[0], len(rule.combinations)))
        has_gap = tf.zeros((tf.shape(x)[0],), tf.bool)
        for i, name in enumerate(rule.columns):
            place, column = self._places[name]
            code = tf.round(x[:, place, None])
            is_given = given[:, self._number[name], None] > 0.5
            is_it = tf.equal(code, rows[None, :, i]) | ~is_given
            fits *= tf.cast(is_it, tf.float32)
            if column.missing is not None:
                gap = tf.equal(code, column.levels - 1.0) & is_given
                has_gap |= gap[:, 0]
        allowed = within.allowed
        for i, name in enumerate(rule.columns):
            place, column = self._places[name]
            codes = np.array(rule.combinations)[:, i].astype(int)
            known = tf.matmul(fits, tf.one_hot(codes, column.levels))
            may_be = tf.cast(known > 0.5, tf.float32)
            if column.missing is not None:
                gap = np.eye(column.levels, dtype="float32")[-1]
                may_be = tf.maximum(may_be, gap)
            may_be = tf.where(has_gap[:, None], 1.0, may_be)
            first = self._code_ends[place]
            after = self._levels - first - column.levels
            ends = [[0, 0], [first, after]]
            allowed *= tf.pad(may_be, ends, constant_values=1.0)
        return within._replace(allowed=allowed)

    def _without(self, allowed, place, code, rows):
        """Forbids a code of a number in some rows."""
        at = np.arange(self._levels) == self._code_ends[place] + code
        return tf.where(rows[:, None] & tf.constant(at), 0.0, allowed)

    def _not_empty(self, found, outer):
        """What was found, but what may be without rules where nothing is."""
        is_empty = found.low > found.high
        each = tf.matmul(found.allowed, self._groups)
        no_code = tf.matmul(tf.cast(each < 0.5, tf.float32), self._groups.T)
        return Within(
            tf.where(is_empty, outer.low, found.low),
            tf.where(is_empty, outer.high, found.high),
            tf.where(no_code > 0.5, outer.allowed, found.allowed),
        )

    def _are_codes(self, rule: Rule) -> bool:
        if rule.kind != "together" or not rule.combinations:
            return False
        return all(self._places[name][1].levels for name in rule.columns)


def limits_of(model: typing.Any) -> RuleLimits | None:
    """What rules of a model's table leave open, or None without such rules."""
    reading = model.reading
    if reading is None or not reading.rules or not reading.is_mixed:
        return None
    return RuleLimits(reading)


def described_rules(model: typing.Any) -> dict[str, list[str]]:
    """Which rules signatures of a model draw by, and which they leave.

    Returns:
        Rules in words under `"narrow_draws"` and `"left_to_clients"`.
    """
    narrow = []
    given = getattr(model, "given_columns", None)
    limits = limits_of(model) if given is not None else None
    if limits is not None:
        narrow = [rule for rule in model.reading.rules if limits.narrows(rule)]
    rules = model.reading.rules
    return {
        "narrow_draws": [rule.text for rule in narrow],
        "left_to_clients": [r.text for r in rules if r not in narrow],
    }


def _alone(column: Column) -> Column:
    return dataclasses.replace(column, missing=None, frequent=None)
