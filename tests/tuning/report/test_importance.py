"""Against Sobol's indices in closed form."""

import numpy as np
import pytest

from tfgen.tuning.report.importance import importance
from tfgen.tuning.report.view import Scale
from tfgen.tuning.trial_record import TrialRecord


def measure(function, names, count, seed=0):
    """Importance of the uniform arguments of a function."""
    rng = np.random.default_rng(seed)
    records = [
        record(i, dict(zip(names, row, strict=True)), function(*row))
        for i, row in enumerate(rng.random((count, len(names))).tolist())
    ]
    return importance(records, [Scale(name) for name in names])


def record(number, values, score, status="completed"):
    return TrialRecord(str(number), status, values, None, score=score)


def test_a_sum():
    # Var(a x) = a^2 / 12: shares 9/10, 1/10 and 0.
    found = measure(lambda a, b, c: 3 * a + b + 0 * c, "abc", 100)
    assert list(found.total)[:2] == ["a", "b"]
    assert found.total["a"] == pytest.approx(0.9, abs=0.06)
    assert found.total["b"] == pytest.approx(0.1, abs=0.06)
    assert found.alone["a"] == pytest.approx(0.9, abs=0.06)
    assert found.total["c"] < 0.01
    assert found.explained > 0.9 and not found.note
    assert all(0 <= spread < 0.1 for spread in found.spread.values())


def test_ten_times_as_steep():
    # 100/101 and 1/101.
    found = measure(lambda a, b, c: 10 * a + b + 0 * c, "abc", 60)
    assert next(iter(found.total)) == "a"
    assert found.total["a"] == pytest.approx(100 / 101, abs=0.03)
    assert found.total["b"] < 0.03 and found.total["c"] < 0.03


def test_a_single_one_explains_all():
    found = measure(lambda a: a**2, "a", 30)
    assert found.total == {"a": pytest.approx(1.0, abs=0.01)}
    assert found.alone == {"a": pytest.approx(1.0, abs=0.01)}


def test_an_interaction_is_not_alone():
    # Neither changes the mean: each alone 0, each total 1.
    found = measure(lambda a, b, c: (a - 0.5) * (b - 0.5), "abc", 200)
    for name in "ab":
        assert found.total[name] == pytest.approx(1, abs=0.1)
        assert found.alone[name] < 0.15
    assert found.total["c"] < 0.05


def test_noise_explains_nothing():
    noise = np.random.default_rng(1)
    found = measure(lambda *_: noise.normal(), "abcd", 50)
    assert found.explained <= 0
    assert "mean nothing" in found.note


def test_few_trials_mean_nothing():
    found = measure(lambda a, b: a, "ab", 9)
    assert found.total and "9 completed trials are too few" in found.note
    assert not measure(lambda a, b: a, "ab", 3).total
    assert "(3)" in measure(lambda a, b: a, "ab", 3).note


def test_nothing_to_measure():
    records = [record(i, {"a": i / 9}, 1.0) for i in range(9)]
    assert "same score" in importance(records, [Scale("a")]).note
    assert "No hyperparameter" in importance(records, []).note


def test_a_diverged_trial_hides_nothing():
    def function(a, b):
        return 1e30 if a < 0.02 else b + 0 * a

    found = measure(function, "ab", 100)
    assert next(iter(found.total)) == "b" and found.total["b"] > 0.8


def test_failed_trials_do_not_count_and_missing_values_are_defaults():
    rng = np.random.default_rng(0)
    records = [
        record(i, {"a": a} if i % 2 else {"a": a, "b": b}, a)
        for i, (a, b) in enumerate(rng.random((60, 2)).tolist())
    ]
    records.append(record(60, {"a": 0.5}, None, "failed"))
    records.append(record(61, {"a": 0.5}, float("nan")))
    found = importance(records, [Scale("a"), Scale("b")])
    assert found.total["a"] > 0.97 and found.total["b"] < 0.03
