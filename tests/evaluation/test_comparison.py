"""Which run is better, by hand."""

import math

import pytest

from tfgen.evaluation.comparison import best, summary
from tfgen.metrics import Measurement


def measured(value, spread=1e-9, better="lower", floor=None):
    return Measurement("m", value, better, spread=spread, floor=floor)


def test_the_lower_or_the_higher():
    assert best({"a": measured(1.0), "b": measured(2.0)}) == ["a"]
    high = {
        "a": measured(1.0, better="higher"),
        "b": measured(2.0, better="higher"),
    }
    assert best(high) == ["b"]


@pytest.mark.parametrize(
    "difference, names",
    # Spreads of 3 and 4: the difference has 5, twice that is 10.
    [(9.9, ["a", "b"]), (10.1, ["a"])],
)
def test_chance(difference, names):
    runs = {
        "a": measured(0.0, 3.0),
        "b": measured(difference, 4.0),
        "c": measured(99.0, 0.0),
    }
    assert best(runs) == names


def test_none_is_better_than_real_data():
    runs = {n: measured(v, floor=3.0) for n, v in (("a", 1.0), ("b", 2.9))}
    assert best(runs) == []
    assert best({**runs, "c": measured(3.1, floor=3.0)}) == ["a", "b"]
    high = {
        n: measured(v, better="higher", floor=0.8)
        for n, v in (("a", 0.9), ("b", 0.7), ("c", 1.0))
    }
    assert best(high) == ["a", "c"]


def test_nothing_to_choose():
    one = measured(1.0)
    assert best({"a": one, "b": None}) == []
    assert best({"a": one, "b": measured(math.nan)}) == []
    assert best({"a": measured(1.0, 1.0), "b": measured(1.5, 1.0)}) == []
    # Chance is not known.
    assert best({"a": measured(1.0, None), "b": measured(2.0)}) == []
    terms = {"a": Measurement("kl", 1.0), "b": Measurement("kl", 2.0)}
    assert best(terms) == []


def test_likelihoods_of_different_things():
    def of(space, value):
        details = {"likelihood of": space}
        return Measurement("m", value, "lower", spread=0.1, details=details)

    assert best({"a": of("x", 1.0), "b": of("x", 2.0)}) == ["a"]
    assert best({"a": of("x", 1.0), "b": of("y", 2.0)}) == []


def test_summary_names_what_one_alone_is_best_at():
    rows = [
        ("first", {"a": measured(1.0), "b": measured(2.0)}),
        ("tied", {"a": measured(1.0), "b": measured(1.0), "c": measured(3.0)}),
        ("third", {"a": measured(2.0), "b": measured(1.0)}),
        ("fourth", {"a": measured(0.0), "b": measured(1.0)}),
    ]
    assert summary(rows) == {"a": ["first", "fourth"], "b": ["third"]}
