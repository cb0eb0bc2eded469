import numpy as np
import pytest

from tfgen.data.frequent_values import frequent_values


def found(counts, step=1.0, **also):
    """Of numbers in these rows each: `{number: rows}`."""
    values = np.array([*counts], np.float64)
    return frequent_values(values, np.array([*counts.values()]), step).tolist()


def test_a_twentieth_of_the_rows():
    smooth = dict.fromkeys(range(100, 201), 19)  # 1,919 rows
    assert found(smooth | {0: 101}) == [0.0]  # of 2,020 rows .05
    assert found(dict.fromkeys(range(10), 9)) == []  # fewer than ten rows


def test_a_peak_above_its_neighbours():
    # 38, 39, 41 and 42 have 40 rows: ten for each of the four numbers.
    hours = {37: 10, 38: 10, 39: 10, 40: 50, 41: 10, 42: 10, 43: 10}
    hours |= dict.fromkeys(range(100, 300), 10)
    assert found(hours) == [40.0]
    assert found(hours | {40: 49}) == []


def test_values_that_stand_apart_are_peaks():
    # Two in each 100: of 20 rows beside it, .1 for each number.
    prices = {100 * i: 20 for i in range(1, 60)}
    assert found(prices) == [100.0 * i for i in range(1, 60)]
    assert found(dict.fromkeys(range(1, 60), 20)) == []


def test_a_peak_at_the_end():
    years = dict.fromkeys(range(1800, 2000), 50)
    # 1998 and 1999 beside 2000: 100 rows of two numbers.
    assert found(years | {2000: 249}) == []
    assert found(years | {2000: 250}) == [2000.0]


def test_few_rows_are_no_peak():
    rows = {100 * i: 1 for i in range(1, 1000)}
    assert found(rows | {50: 19}) == []
    assert found(rows | {50: 20}) == [50.0]
    # Of 40,000 rows .1% are 40.
    many = {0: 39_000} | {100 * i: 1 for i in range(1, 961)}
    assert found(many | {950: 39}) == [0.0]
    assert found(many | {950: 40}) == [0.0, 950.0]


def test_of_full_precision_any_value_that_comes_again():
    values = dict.fromkeys(np.random.default_rng(0).normal(size=500), 1)
    assert found(values | {2.5: 20}, step=None) == [2.5]


def test_tenths_are_counted_in_tenths():
    grades = {round(0.1 * i, 1): 60 for i in range(100)}
    assert found(grades, step=0.1) == []
    assert len(found(grades, step=0.01)) == 100


def test_the_same_number_written_twice():
    values = np.array([3.0, 3.0, *range(100, 200)])
    rows = np.array([6, 6, *[1] * 100])
    assert frequent_values(values, rows, 1.0).tolist() == [3.0]


@pytest.mark.parametrize("values", [[], [7.0]])
def test_hardly_a_value(values):
    rows = np.full(len(values), 30)
    assert frequent_values(np.array(values), rows, 1.0).tolist() == values


def test_a_hundred_at_most():
    rows = {1000.0 * i: 20 + i for i in range(150)}
    assert found(rows) == [1000.0 * i for i in range(50, 150)]
