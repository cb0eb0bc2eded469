"""Samples from anywhere against real data, by numbers of other programs."""

import numpy as np
import pytest
import scipy.stats

import tfgen
from tfgen.evaluation import Samples, evaluate


def frechet(x, y):
    """Heusel et al. (2017), by the eigenvalues of the product."""
    values = np.linalg.eigvals(np.cov(x.T) @ np.cov(y.T)).astype(complex)
    covariances = np.trace(np.cov(x.T) + np.cov(y.T))
    means = np.square(x.mean(0) - y.mean(0)).sum()
    return means + covariances - 2 * np.sqrt(values).real.sum()


def numbers(evaluation):
    return {m.name: m for s in evaluation.sections for m in s.measurements}


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(400, 3)) * (1, 10, 100)
    shifted = rng.normal(size=(500, 3)) * (1, 10, 100) + (2, 0, 0)
    names = ("a", "b", "c")
    of = tfgen.data.from_arrays
    real = of(real, feature_names=names)
    # Other columns first: they are found by name, and scaled as the real ones.
    generated = of(shifted[:, ::-1], feature_names=names[::-1])
    samples = Samples(generated, real, name="shifted", seed=3)
    return samples, evaluate(samples), shifted


def test_rows_are_read_like_the_real_ones(tables):
    samples, _, shifted = tables
    own = samples.real.original_units(samples.generated.arrays()[0])
    np.testing.assert_allclose(own, shifted, rtol=1e-5)
    with pytest.raises(ValueError, match="cannot be read like real: it has no"):
        Samples(
            tfgen.data.from_arrays(shifted, feature_names=("a", "b", "d")),
            tfgen.data.from_arrays(
                shifted, feature_names=("a", "b", "c"), name="real"
            ),
        )


def test_halves_of_the_real_data(tables):
    samples, evaluation, _ = tables
    assert len(samples.validation) == len(samples.test) == samples.count == 200
    halves = {row.tobytes() for row in samples.validation.arrays()[0]}
    assert halves.isdisjoint(r.tobytes() for r in samples.test.arrays()[0])
    assert samples.train is samples.validation
    sets = [samples.samples(i) for i in range(samples.repeats)]
    assert len(sets) == 2  # 500 samples, 200 a set
    rows = {row.tobytes() for x in sets for row in x}
    assert len(rows) == 400  # none in two of them
    assert evaluation.model == "arrays, 500 samples"
    assert [s.title for s in evaluation.sections] == [
        "Sample quality",
        "Table",
        "Pictures",
    ]
    assert list(evaluation.sections[-1].pictures) == ["samples"]


def test_numbers_of_tables(tables):
    samples, evaluation, _ = tables
    found = numbers(evaluation)
    test, unseen = (s.arrays()[0] for s in (samples.test, samples.validation))
    sets = [samples.samples(i) for i in range(2)]
    distance = found["frechet_distance"]
    wanted = [frechet(test, x) for x in sets]
    assert distance.value == pytest.approx(np.mean(wanted), rel=1e-3)
    assert distance.spread == pytest.approx(np.std(wanted, ddof=1), rel=1e-3)
    assert distance.floor == pytest.approx(frechet(test, unseen), rel=1e-3)
    # A column that is off by two standard deviations.
    assert distance.value == pytest.approx(4, rel=0.2)
    score = np.mean(
        [
            1 - scipy.stats.ks_2samp(test[:, i], x[:, i]).statistic
            for x in sets
            for i in range(3)
        ]
    )
    assert found["column_score"].value == pytest.approx(score, rel=1e-6)
    # Normal numbers two deviations apart: Phi(2 / sqrt(2)) at best.
    assert found["detection_score"].value == pytest.approx(0.92, abs=0.04)
    verdicts = [s.verdict for s in evaluation.sections]
    assert verdicts[0].startswith("poor: ")
    assert verdicts[1].startswith("poor: a classifier tells rows apart at 0.9")


def test_real_rows_are_as_good_as_real_rows():
    source = tfgen.data.load("breast_cancer", "all")
    rng = np.random.default_rng(0)
    real, generated = np.split(rng.permutation(len(source)), [300])
    found = evaluate(Samples(source.subset(generated), source.subset(real)))
    section = found.sections[1]
    assert section.verdict.startswith("good: a classifier tells rows apart at")
    trained = numbers(found)["train_on_synthetic"]
    assert trained.details["score"] == "balanced_accuracy"
    assert trained.value == pytest.approx(trained.floor, abs=0.06)


def test_images():
    digits = tfgen.data.load("digits", "all")
    black = tfgen.data.from_arrays(np.zeros((300, 8, 8), np.uint8))
    samples = Samples(black, digits, train_fraction=0.2)
    assert len(samples.train) == pytest.approx(0.2 * 1797, abs=1)
    assert samples.count == len(black) and samples.repeats == 1
    evaluation = evaluate(samples)
    assert [s.title for s in evaluation.sections] == [
        "Sample quality",
        "Pictures",
    ]
    x = samples.some(samples.test)[0].reshape(300, -1)
    x = np.round(x * 255) / 255
    # Of one image: the mean's square and the variance of the real ones.
    wanted = np.square(x).mean(0).sum() * 300 / 299 - (
        np.square(x.mean(0)).sum() / 299
    )
    distance = numbers(evaluation)["frechet_distance"]
    assert distance.value == pytest.approx(wanted, rel=1e-3)
    assert distance.spread is None
    assert set(evaluation.sections[1].pictures) == {"data", "samples"}


def test_modes():
    rng = np.random.default_rng(0)
    centers = tfgen.data.synthetic.ring_centers()
    near = centers[rng.integers(0, 4, 900)] + rng.normal(size=(900, 2)) * 0.01
    points = tfgen.data.from_arrays(near, kind="points")
    found = evaluate(Samples(points, tfgen.data.load("ring", "test")))
    modes = numbers(found)["modes_found"]
    assert (modes.value, modes.floor) == (4, 8)
    assert modes.details["num_generated"] == 900


def test_long_tails_do_not_make_up_the_features():
    """They are squashed, in the features as well as in the model's data."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    x[:, 1] = np.exp(6 * x[:, 1])
    source = tfgen.data.from_arrays(x)
    assert source.columns[1].spread
    samples = Samples(source, source)
    features = samples.features(source.arrays()[0])
    assert np.abs(features).max() < 10
