"""What rules leave open, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.data import Column, Rule
from tfgen.data.reading import Reading
from tfgen.models.rule_limits import RuleLimits
from tfgen.probability.table_row import Within

INF = np.inf


def limits(columns, *rules):
    """Of columns that are stored as 10 + 2 z."""
    width = sum(column.width for column in columns)
    is_number = [
        i == 0 and not column.levels
        for column in columns
        for i in range(column.width)
    ]
    return RuleLimits(
        Reading(
            "table",
            (width,),
            columns=columns,
            shift=np.where(is_number, 10.0, 0.0),
            scale=np.where(is_number, 2.0, 1.0),
            rules=rules,
        )
    )


def found(limits, x, given, outer=None):
    within = limits.within(
        tf.constant([x], tf.float32), tf.constant([given], tf.float32), outer
    )
    return [np.array(part)[0] for part in within]


COLUMNS = (
    Column("a", "decimal", decimals=1, low=0, high=99),
    Column("b", "whole", low=0, high=99, frequent=(5.0, 50.0), missing=""),
)


@pytest.mark.parametrize(
    ("kind", "a", "low", "codes"),
    [
        ("at_most", 11.3, 12.0, [1, 0, 1, 1]),  # the next whole number
        ("at_most", 12.0, 12.0, [1, 0, 1, 1]),
        ("below", 12.0, 13.0, [1, 0, 1, 1]),
        ("below", 50.0, 51.0, [1, 0, 0, 1]),
        ("at_most", 50.0, 50.0, [1, 0, 1, 1]),
        ("at_most", 4.0, 4.0, [1, 1, 1, 1]),
    ],
)
def test_the_second_lies_above_the_first(kind, a, low, codes):
    own = limits(COLUMNS, Rule(kind, ("a", "b")))
    within = found(own, [(a - 10) / 2, 0, 0], [1, 0])
    np.testing.assert_allclose(within[0], [-INF, (low - 10) / 2, -INF], 1e-6)
    assert (within[1] == INF).all()
    assert within[2].tolist() == codes


@pytest.mark.parametrize(
    ("b", "code", "high"),
    [(20.0, 0, 19.9), (0.0, 2, 49.9), (0.0, 1, 4.9), (0.0, 3, INF)],
)
def test_the_first_lies_below_the_second(b, code, high):
    """Which is a number, one of two frequent values, or a gap."""
    own = limits(COLUMNS, Rule("below", ("a", "b")))
    within = found(own, [0, (b - 10) / 2, code], [0, 1])
    np.testing.assert_allclose(within[1], [(high - 10) / 2, INF, INF], 1e-6)
    assert (within[0] == -INF).all() and within[2].all()


def test_what_is_not_drawn_yet_bounds_nothing():
    own = limits(COLUMNS, Rule("below", ("a", "b")))
    low, high, allowed = found(own, [3, -3, 0], [0, 0])
    assert (low == -INF).all() and (high == INF).all() and allowed.all()


def test_squashed_columns():
    """asinh((x - 4) / 2) is standardized."""
    squashed = Column("b", center=4.0, spread=2.0, missing="")
    own = limits((COLUMNS[0], squashed), Rule("at_most", ("a", "b")))
    low, _, _ = found(own, [(30 - 10) / 2, 0, 0], [1, 0])
    z = (np.arcsinh((30 - 4) / 2) - 10) / 2
    assert z < low[1] < z + 1e-5  # beyond what 32 bits round


CODES = (
    Column("x", "categorical", categories=("p", "q", "r")),
    Column("y", "categorical", categories=("s", "t"), missing=""),
    Column("z", "categorical", categories=("u", "v")),
)
TOGETHER = Rule(
    "together", ("x", "y", "z"), ((0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 1, 0))
)


@pytest.mark.parametrize(
    ("row", "given", "codes"),
    [
        # of x, of y with its gap, of z
        ([0, 0, 0], [0, 0, 0], [1, 1, 0, 1, 1, 1, 1, 1]),
        ([0, 0, 0], [1, 0, 0], [1, 0, 0, 1, 1, 1, 1, 1]),
        ([1, 0, 0], [1, 0, 0], [0, 1, 0, 0, 1, 1, 1, 0]),
        ([0, 1, 0], [1, 1, 0], [1, 0, 0, 0, 1, 1, 0, 1]),
        ([0, 2, 0], [1, 1, 0], [1, 1, 1, 1, 1, 1, 1, 1]),  # y is a gap
        ([2, 0, 0], [1, 0, 0], [1, 1, 1, 0, 0, 1, 1, 1]),  # of no combination
    ],
)
def test_codes_that_no_combination_has_are_left_out(row, given, codes):
    assert found(limits(CODES, TOGETHER), row, given)[2].tolist() == codes


def test_conditions_come_first():
    """Where a rule leaves nothing of them, further draws decide."""
    own = limits(COLUMNS, Rule("at_most", ("a", "b")))
    outer = Within(
        np.float32([[-INF, -1, -INF]]),
        np.float32([[INF, 1, INF]]),
        np.float32([[1, 0, 0, 0]]),
    )
    low, high, allowed = found(own, [0.5, 0, 0], [1, 0], outer)
    np.testing.assert_allclose([low[1], high[1]], [0.5, 1])
    low, high, allowed = found(own, [5, 0, 0], [1, 0], outer)
    assert (low[1], high[1], allowed.tolist()) == (-1, 1, [1, 0, 0, 0])
    codes = limits(CODES, TOGETHER)
    none = np.zeros((1, 3), np.float32)
    only_v = np.float32([[1, 1, 1, 1, 1, 1, 0, 1]])
    outer = Within(none - INF, none + INF, only_v)
    assert found(codes, [1, 0, 0], [1, 0, 0], outer)[2].tolist() == [
        *(0, 1, 0),
        *(0, 1, 1),
        *(0, 1),
    ]
