"""Against scipy, scikit-learn, NumPy and hand calculations."""

import importlib

import numpy as np
import pytest
import scipy.stats
import sklearn.datasets
import sklearn.ensemble
import sklearn.metrics

from tfgen.metrics import (
    DetectionScore,
    compare_columns,
    compare_pairs,
    detection_score,
    train_on_synthetic,
)


def thirds(x, seed=0):
    """Three parts of the rows of real data."""
    order = np.random.default_rng(seed).permutation(len(x))
    return [x[part] for part in np.array_split(order, 3)]


def shuffled(x, seed=0):
    """Each column in an order of its own: right alone, wrong together."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(column) for column in x.T], axis=1)


@pytest.fixture(scope="module")
def tumours():
    return thirds(sklearn.datasets.load_breast_cancer().data)


class TestColumns:
    def test_as_scipy(self):
        rng = np.random.default_rng(0)
        real, generated = rng.normal([0, 50], [1, 7], (2, 80, 2))
        generated = generated[:60] * 1.3
        found = compare_columns(real, generated, ["a", "b"])
        for i in range(2):
            columns = real[:, i], generated[:, i]
            assert found.statistic[i] == pytest.approx(
                scipy.stats.ks_2samp(*columns).statistic
            )
            assert found.wasserstein[i] == pytest.approx(
                scipy.stats.wasserstein_distance(*columns) / real[:, i].std()
            )
        assert found.names == ("a", "b")
        assert not found.few_values.any()
        assert found.score == pytest.approx(1 - found.statistic.mean())
        for name in ("mean", "std"):
            side = getattr(real, name)(axis=0), getattr(generated, name)(axis=0)
            suffix = {"mean": "mean", "std": "stddev"}[name]
            np.testing.assert_allclose(
                getattr(found, f"real_{suffix}"), side[0]
            )
            np.testing.assert_allclose(
                getattr(found, f"generated_{suffix}"), side[1]
            )

    def test_few_values_by_hand(self):
        real = np.repeat([[0.0], [1.0], [3.0]], [10, 5, 5], axis=0)
        # The smallest gap is 1, so what is within 0.5 counts: 8 zeros,
        # 4 ones, 4 threes and 4 that are none of them.
        generated = np.repeat(
            [[0.4], [-0.3], [1.4], [3.2], [2.0], [-0.6]],
            [4, 4, 4, 4, 2, 2],
            axis=0,
        )
        found = compare_columns(real, generated)
        assert found.few_values.tolist() == [True]
        # Shares 1/2, 1/4, 1/4, 0 against 2/5, 1/5, 1/5, 1/5.
        assert found.statistic[0] == pytest.approx(0.2)
        assert compare_columns(real, real[::-1]).score == 1.0
        assert compare_columns(real, real + 9).score == 0.0

    def test_constant_columns(self):
        real = np.full((20, 2), 0.1)
        generated = np.stack([np.full(8, np.float32(0.1)), np.arange(8)], 1)
        found = compare_columns(real, generated)
        assert np.isnan(found.statistic).all() and found.score == 1.0
        assert found.real_stddev.tolist() == [0.0, 0.0]
        # In the column's own unit: mean distance of 0 ... 7 from 0.1.
        assert found.wasserstein[1] == pytest.approx((0.1 + 27.3) / 8)

    def test_few_rows_are_not_few_values(self):
        found = compare_columns([[1.0], [2.0]], [[1.0], [3.0], [4.0]])
        assert found.few_values.tolist() == [False]
        assert found.statistic[0] == pytest.approx(2 / 3)


class TestPairs:
    def test_as_numpy(self, tumours):
        real, generated, _ = tumours
        found = compare_pairs(real, generated)
        expected = [np.corrcoef(x, rowvar=False) for x in (real, generated)]
        np.testing.assert_allclose(found.real, expected[0], atol=1e-12)
        np.testing.assert_allclose(found.generated, expected[1], atol=1e-12)
        upper = np.triu_indices(30, 1)
        assert found.mean_absolute_difference == pytest.approx(
            np.abs(expected[0] - expected[1])[upper].mean()
        )

    def test_by_hand(self):
        real = np.array([[0, 0, 5], [1, 1, 5], [2, 2, 5.0]])
        generated = np.array([[0, 2, 5], [1, 1, 6], [2, 0, 5.0]])
        # Correlation 1 becomes -1; the third column has none.
        found = compare_pairs(real, generated)
        assert found.mean_absolute_difference == pytest.approx(2.0)
        assert np.isnan(found.real[2]).all()
        assert np.isnan(found.difference[:, 2]).all()

    def test_a_column_that_became_constant(self):
        real = np.array([[0, 0], [1, 1], [2, 2.0]])
        generated = np.array([[0, 0.1], [1, 0.1], [5, 0.1]])
        found = compare_pairs(real, generated)
        assert found.mean_absolute_difference == pytest.approx(1.0)
        assert found.generated.tolist() == [[1, 0], [0, 1]]

    def test_numbers_of_any_size(self):
        x = np.random.default_rng(0).normal(size=(50, 2))
        x[:, 1] += x[:, 0]
        expected = np.corrcoef(x, rowvar=False)
        for scale in ([1e90, 1e-200], [1e-9, 1.0]):
            found = compare_pairs(x * scale, x)
            np.testing.assert_allclose(found.real, expected, rtol=1e-9)

    def test_nothing_varies(self):
        with pytest.raises(ValueError, match="1 of the 2 columns of real vary"):
            compare_pairs([[0, 1], [0, 2]], [[0, 1], [0, 2]])


class TestDetection:
    def test_real_against_real(self):
        x = np.random.default_rng(0).normal(size=(600, 3))
        found = detection_score(x[:300], x[300:])
        assert found.logistic_regression.shape == (5,)
        assert found.value == pytest.approx(0.5, abs=0.07)

    def test_a_shift_by_its_closed_form(self):
        # N(0, 1) and N(1, 1): the area is Phi(1 / sqrt 2) = 0.760.
        x = np.random.default_rng(0).normal(size=(2, 4000, 1))
        found = detection_score(x[0], x[1] + 1.0)
        expected = scipy.stats.norm.cdf(1 / np.sqrt(2))
        assert found.logistic_regression.mean() == (
            pytest.approx(expected, abs=0.015)
        )

    def test_only_trees_see_what_hangs_together(self):
        rng = np.random.default_rng(0)
        real = rng.normal(size=(500, 1)) + 0.1 * rng.normal(size=(500, 2))
        found = detection_score(real, shuffled(real))
        assert found.logistic_regression.mean() < 0.6
        assert found.gradient_boosting.mean() > 0.85
        assert found.value == found.gradient_boosting.mean()

    def test_value_and_spread_by_hand(self):
        found = DetectionScore(np.array([0.5, 0.6]), np.array([0.6, 0.8]))
        assert found.value == pytest.approx(0.7)
        assert found.spread == pytest.approx(np.sqrt(2) / 10)

    def test_few_rows_and_constant_columns(self):
        real = np.array([[0.0, 1], [0, 2], [0, 3], [0, 4]])
        found = detection_score(real, real + [0, 9])
        assert found.logistic_regression.tolist() == [1.0, 1.0]
        with pytest.raises(ValueError, match="3 real and 4 generated rows"):
            detection_score(real[:3], real)

    def test_a_seed_gives_the_same_numbers(self):
        real, generated = np.random.default_rng(0).normal(size=(2, 50, 2))
        folds = [
            detection_score(real, generated, seed).gradient_boosting.tolist()
            for seed in (0, 0, 1)
        ]
        assert folds[0] == folds[1] != folds[2]


class TestTrainOnSynthetic:
    def test_labels_as_scikit_learn(self):
        x, y = sklearn.datasets.load_wine(return_X_y=True)
        rows, labels = thirds(x), thirds(y)
        found = train_on_synthetic(*rows, labels)
        for scores, i in ((found.real_scores, 0), (found.generated_scores, 1)):
            forest = sklearn.ensemble.RandomForestClassifier(random_state=0)
            predicted = forest.fit(rows[i], labels[i]).predict(rows[2])
            expected = sklearn.metrics.balanced_accuracy_score(
                labels[2], predicted
            )
            assert scores.tolist() == [pytest.approx(expected)]
        assert found.measure == "balanced_accuracy"
        assert found.targets == ("label",)
        assert found.difference == found.generated - found.real
        assert abs(found.difference) < 0.1

    def test_a_class_that_generated_lacks(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1, 2], 30)
        x = y[:, None] + 0.05 * rng.normal(size=(90, 2))
        some = y < 2
        found = train_on_synthetic(x, x[some], x, (y, y[some], y))
        assert found.real == 1.0
        assert found.generated == pytest.approx(2 / 3)
        one = y == 1
        found = train_on_synthetic(x, x[one], x, (y, y[one], y))
        assert found.generated == pytest.approx(1 / 3)
        # A class that the test rows lack does not count.
        found = train_on_synthetic(x, x, x[some], (y, y, y[some]))
        assert found.generated == 1.0

    def test_columns_from_the_others(self):
        rng = np.random.default_rng(0)
        a = rng.uniform(size=(3, 200))
        rows = np.stack([a, 2 * a, rng.uniform(size=a.shape), a * 0], axis=2)
        names = ["a", "twice", "noise", "constant"]
        found = train_on_synthetic(
            rows[0], shuffled(rows[1]), rows[2], names=names
        )
        assert found.measure == "r2"
        assert found.targets == ("a", "twice", "noise")
        assert found.real_scores[:2].min() > 0.8
        assert found.real_scores[2] < 0.1
        assert found.generated_scores.max() < 0.1
        assert found.real == found.real_scores.mean()

    def test_many_columns(self, monkeypatch):
        module = importlib.import_module("tfgen.metrics.train_on_synthetic")
        monkeypatch.setattr(module, "TREES", 3)
        x = np.random.default_rng(0).normal(size=(30, 25))
        found = train_on_synthetic(x, x, x)
        assert len(set(found.targets)) == 20
        assert found.difference == 0.0

    def test_refused(self):
        x = np.arange(10.0)[:, None]
        with pytest.raises(ValueError, match="one column and no labels"):
            train_on_synthetic(x, x, x)
        with pytest.raises(ValueError, match="No column varies"):
            train_on_synthetic(*np.zeros((3, 5, 2)))
        y = np.zeros(10)
        with pytest.raises(ValueError, match=r"\(9,\).*; expected those of"):
            train_on_synthetic(x, x, x, (y, y, y[1:]))
        with pytest.raises(ValueError, match="labels hold 0.5; expected"):
            train_on_synthetic(x, x, x, (y, y + 0.5, y))


def test_parts_of_the_data_before_shuffled_columns(tumours):
    """Each metric prefers real rows; shuffled columns are right alone."""
    train, other, test = (part[:, :12] for part in tumours)
    bad = shuffled(train)
    assert compare_columns(test, other).score > 0.9
    assert compare_columns(test, bad).score > 0.9
    differences = [
        compare_pairs(test, x).mean_absolute_difference for x in (other, bad)
    ]
    assert differences[0] < 0.1 < 0.3 < differences[1]
    detected = [detection_score(test, x).value for x in (other, bad)]
    assert detected[0] < 0.6 < 0.95 < detected[1]
    columns = slice(0, 4)
    trained = [
        train_on_synthetic(train[:, columns], x[:, columns], test[:, columns])
        for x in (other, bad)
    ]
    assert abs(trained[0].difference) < 0.1
    assert trained[1].difference < -0.5


@pytest.mark.parametrize(
    "metric", [compare_columns, compare_pairs, detection_score]
)
@pytest.mark.parametrize(
    ("generated", "message"),
    [
        ([[0.0, 1.0], [np.nan, 1.0]], "generated, row 1, column 0 is nan"),
        ([[0.0, 1.0], [3.0, -1e200]], "generated, row 1, column 1 is -1e"),
        ([["a", "b"]] * 9, "expected real numbers"),
        ([[0.0, 1.0, 2.0]] * 9, "generated has 3 columns, expected 2"),
        ([0.0, 1.0], r"generated has shape \(2,\)"),
        ([[0.0, 1.0]], "generated has 1 rows; expected at least 2"),
    ],
)
def test_refused(metric, generated, message):
    with pytest.raises(ValueError, match=message):
        metric(np.eye(2).repeat(5, axis=0), generated)


def test_wrong_names():
    with pytest.raises(ValueError, match="1 names for 2 columns"):
        compare_columns(np.eye(2), np.eye(2), ["a"])
