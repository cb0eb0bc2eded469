"""Densities of mixtures of training rows, against scikit-learn and SciPy."""

import detectors
import numpy as np
import pandas as pd
import pytest
import scipy.special
import scipy.stats
import sklearn.mixture

import tfgen
from tfgen.data import DataNote
from tfgen.detection import Detector, mixture
from tfgen.export import SavedModelSession

ALL = ["elbo", "neighbours", "mixture"]


@pytest.fixture(scope="module")
def train():
    """Two groups of rows in four columns."""
    random = np.random.default_rng(0)
    to_columns = random.normal(size=(4, 4))
    rows = random.normal(size=(600, 4)) @ to_columns
    return np.float32(rows + np.where(np.arange(600) % 3 == 0, 3.0, 0)[:, None])


@pytest.fixture(scope="module")
def fit(train):
    """What it should be, by scikit-learn in double precision."""
    return sklearn.mixture.GaussianMixture(
        20, reg_covar=0.01, random_state=0
    ).fit(np.float64(train))


def density(fit, x, places):
    """Of some of the columns, by SciPy: `(n,)`, in nats."""
    each = [
        np.log(weight)
        + scipy.stats.multivariate_normal.logpdf(
            np.float64(x)[:, places],
            mean[places],
            covariance[np.ix_(places, places)],
        )
        for weight, mean, covariance in zip(
            fit.weights_, fit.means_, fit.covariances_, strict=True
        )
    ]
    return scipy.special.logsumexp(each, axis=0)


def surprises(fit, x):
    every = density(fit, x, [0, 1, 2, 3])
    without = [np.delete(np.arange(4), i) for i in range(4)]
    return np.transpose([density(fit, x, w) - every for w in without])


@pytest.mark.parametrize("family", ["vae", "gan", "vae_gan"])
def test_densities_are_those_of_scikit_learn(exact, train, fit, family):
    model = exact.vae
    if family != "vae":
        model = tfgen.build(family, input_shape=(4,), network="mlp")
    held_out, x = train[:200] + 0.1, 2 * exact.data(300)
    detector = Detector(model, held_out, "mixture", train=train)
    found = detector.detect(x)
    wanted = -fit.score_samples(np.float64(x))
    np.testing.assert_allclose(found.score, wanted, rtol=1e-4, atol=1e-4)
    why = detector.explain(x)
    wanted = surprises(fit, x) - np.median(surprises(fit, held_out), axis=0)
    np.testing.assert_allclose(why.shares, wanted, rtol=1e-3, atol=1e-3)
    total = why.shares.sum(axis=1) + why.rest
    np.testing.assert_allclose(total, why.score - why.reference, atol=1e-5)


def test_by_another_seed_it_begins_elsewhere(exact, train):
    other = sklearn.mixture.GaussianMixture(20, reg_covar=0.01, random_state=1)
    other.fit(np.float64(train))
    detector = Detector(exact.vae, train[:9], "mixture", train=train, seed=1)
    found, wanted = -detector.score_samples(train), -other.score_samples(train)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_the_changed_column_is_found(exact, train):
    """Where others tell it: the median of the rest of the row is far off."""
    random = np.random.default_rng(1)
    held_out, x = exact.data(999, seed=1), exact.data(300, seed=2)
    columns = random.integers(0, 4, 300)
    x[np.arange(300), columns] += 5.0
    given = {"train": exact.data(2000, seed=3), "combine": "mean"}
    for measures in ("mixture", ALL):
        detector = Detector(exact.vae, held_out, measures, **given)
        shares = detector.explain(x).shares
        assert np.mean(shares.argmax(axis=1) == columns) > 0.85


def test_kept_and_served_it_is_the_same(exact, train, tmp_path):
    model, x = exact.linear(), 1.5 * exact.data(50, seed=8)
    given = {"train": train, "alpha": 0.1, "combine": "mean"}
    detector = Detector(model, exact.data(999, seed=1), ALL, **given)
    detector.keep()
    model.save(tmp_path / "model.keras")
    again = Detector.of(tmp_path / "model.keras")
    kept = again.models[0].held_out_scores
    assert str(kept).startswith("mean of elbo, neighbours and mixture, by 999")
    for name, values in vars(detector.detect(x)).items():
        np.testing.assert_array_equal(getattr(again.detect(x), name), values)
    wanted = detector.explain(x)
    np.testing.assert_array_equal(again.explain(x).shares, wanted.shares)
    path = detectors.export_alone(again.models[0], tmp_path / "m")
    with SavedModelSession(path) as session:
        answer = session.run("detect", x=x, alpha=np.full(50, 0.1))
        shares = session.run("explain", x=x)
    found = again.detect(x)
    for name in ("score", "p_value", "is_odd"):
        values = np.float32(getattr(found, name))
        np.testing.assert_array_equal(answer[name], values)
    np.testing.assert_allclose(shares["share"], wanted.shares, atol=1e-5)


def test_the_rate_of_alarms(exact):
    held_out, train = exact.data(999, seed=1), exact.data(300, seed=20)
    detector = Detector(exact.vae, held_out, "mixture", train=train)
    usual = detector.p_values(exact.data(200, seed=4))
    odd = detector.p_values(exact.data(200, seed=5) + np.float32([0, 0, 0, 6]))
    for alpha in (0.01, 0.05, 0.1):
        alarms = int(np.sum(usual <= alpha))
        assert scipy.stats.binomtest(alarms, 200, alpha).pvalue > 0.01
        assert np.mean(odd <= alpha) > 0.3


def test_a_code_counts_as_one_value():
    """Of a mixed table: all numbers of its one-hot vector are left out."""
    frame = pd.DataFrame(
        {
            "size": np.arange(90) * 0.37 % 7,
            "kind": [("red", "green", "blue")[i % 3] for i in range(90)],
        }
    )
    source = tfgen.data.from_arrays(frame)
    train, held_out = source.subset(np.arange(60)), source.subset(range(60, 90))
    model = tfgen.build("vae", data=train)
    detector = Detector(model, held_out, "mixture", train=train)
    x, rows = held_out.arrays()[0], train.arrays()[0]
    codes = x.shape[1] - 1
    assert codes == 1

    def seen(rows):
        one_hot = np.eye(3)[np.round(rows[:, 1]).astype(int)]
        one_hot = one_hot * np.float32(0.5**0.5)
        return np.concatenate([rows[:, :1], one_hot], axis=1)

    fit = sklearn.mixture.GaussianMixture(20, reg_covar=0.01, random_state=0)
    fit.fit(np.float64(seen(rows)))
    wanted = -fit.score_samples(seen(x))
    found = -detector.score_samples(held_out)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
    every = density(fit, seen(x), [0, 1, 2, 3])
    values = np.transpose(
        [density(fit, seen(x), places) - every for places in ([1, 2, 3], [0])]
    )
    shares = detector.explain(held_out).shares
    wanted = values - np.median(values, axis=0)
    np.testing.assert_allclose(shares, wanted, rtol=1e-3, atol=1e-3)


def test_of_one_row_and_of_fewer_than_components(exact):
    x = exact.data(9)
    one = Detector(exact.vae, x, "mixture", train=x[:1])
    wanted = scipy.stats.multivariate_normal(x[0], 0.01 * np.eye(4))
    found = one.score_samples(x)
    np.testing.assert_allclose(found, wanted.logpdf(np.float64(x)), rtol=1e-5)
    few = Detector(exact.vae, x, "mixture", train=x[:5])
    assert np.isfinite(few.score_samples(x)).all()


def test_no_component_is_without_rows(exact):
    """scikit-learn 1.9.1 puts those of no row at the origin.

    See `findings/sklearn_mixture_empty_component.sh`.
    """
    five = 9 + exact.data(5)
    train = np.repeat(five, 12, axis=0)
    detector = Detector(exact.vae, five + 0.1, "mixture", train=train)
    (far, beyond) = -detector.score_samples(
        np.stack([np.zeros(4, np.float32), 2 * five.mean(axis=0)])
    )
    assert min(far, beyond) > 1000


def test_of_many_rows_some_are_drawn(exact, train, monkeypatch):
    monkeypatch.setattr(mixture, "MOST_ROWS", 100)
    wanted = "of 600 training rows 100, drawn by chance, the mixture is fitted"
    with pytest.warns(DataNote, match=wanted):
        Detector(exact.vae, train[:9], "mixture", train=train)


def test_wide_rows_get_fewer_components():
    """As many covariances as 2^20 numbers hold."""
    x = np.float32(np.random.default_rng(0).uniform(size=(40, 20, 20, 1)))
    model = tfgen.build("vae", input_shape=(20, 20, 1), latent_dim=2)
    detector = Detector(model, x[:20], "mixture", train=x[20:])
    fit = sklearn.mixture.GaussianMixture(6, reg_covar=0.01, random_state=0)
    fit.fit(np.float64(x[20:].reshape(20, -1)))
    wanted = -fit.score_samples(np.float64(x[:20].reshape(20, -1)))
    found = -detector.score_samples(x[:20])
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    assert detector.explain(x[:2]).shares.shape == (2, 20, 20, 1)


def test_refused(exact, train):
    with pytest.raises(ValueError, match="'mixture' needs rows that the model"):
        Detector(exact.vae, train, "mixture")
    with pytest.raises(ValueError, match="are the same rows"):
        Detector(exact.vae, train, "mixture", train=train)
    private = tfgen.build("vae", input_shape=(4,), privacy="epsilon=3")
    with pytest.raises(ValueError, match="promises epsilon=3 to each: take an"):
        Detector(private, train[:9], "mixture", train=train)
    model = tfgen.build("vae", input_shape=(28, 28, 3), latent_dim=2)
    images = np.zeros((4, 28, 28, 3), np.float32)
    with pytest.raises(
        ValueError, match="at most 2,048 values a row, got 2,352"
    ):
        Detector(model, images[:2], "mixture", train=images[2:])


def test_where_one_is_refused_a_preset_takes_the_others():
    rows = np.float32(np.random.default_rng(0).normal(size=(40, 2049)))
    source = tfgen.data.from_arrays(rows)
    train, held_out = source.subset(np.arange(30)), source.subset(range(30, 40))
    model = tfgen.build(preset="detector_table", data=train, latent_dim=2)
    detector = Detector.of_preset(
        *("detector_table", model, held_out, lambda _: train)
    )
    assert detector.words == "mean of elbo and neighbours"
    private = tfgen.build("vae", input_shape=(4,), privacy="epsilon=3")
    detector = Detector.of_preset(
        *("detector_table", private, rows[:, :4], lambda _: None)
    )
    assert detector.words == "elbo"
