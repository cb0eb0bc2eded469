"""Against the closed form, by hand, and by the rate of alarms."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.stats

import tfgen
from tfgen.data import DataNote
from tfgen.detection import Detector
from tfgen.detection.measures import check_measure, possible_measures


@pytest.fixture(scope="module")
def held_out(exact):
    return exact.data(1999, seed=1)


def test_the_bound_is_that_of_the_closed_form(exact, held_out):
    """With the exact posterior it is log p(x), whatever is drawn."""
    detector = Detector(exact.vae, held_out[:50], "bound", k=20)
    x = exact.data(30, seed=2)
    normal = scipy.stats.multivariate_normal(exact.mean, exact.covariance)
    np.testing.assert_allclose(
        detector.score_samples(x), normal.logpdf(np.float64(x)), atol=1e-4
    )


def test_latents_are_judged_by_the_prior(exact, held_out):
    detector = Detector(exact.vae, held_out[:50], "latent")
    x = exact.data(30, seed=2)
    means = (np.float64(x) - exact.mean) @ exact.to_mean
    wanted = scipy.stats.norm.logpdf(means).sum(axis=1)
    np.testing.assert_allclose(detector.score_samples(x), wanted, atol=1e-4)


def test_elbo_and_reconstruction_are_what_score_says(exact, held_out):
    x = exact.data(30, seed=2)
    terms = exact.vae.run_endpoint("score", {"x": x})
    for measure, name in {
        "elbo": "score",
        "reconstruction": "log_likelihood",
    }.items():
        detector = Detector(exact.vae, held_out[:50], measure)
        np.testing.assert_allclose(detector.score_samples(x), terms[name])


@pytest.mark.parametrize("measure", ["elbo", "bound"])
def test_a_row_s_score_depends_on_the_row_alone(exact, held_out, measure):
    detector = Detector(exact.vae, held_out[:50], measure, k=5)
    x = exact.data(30, seed=2)
    alone = np.concatenate([detector.score_samples(row[None]) for row in x])
    np.testing.assert_allclose(detector.score_samples(x), alone, rtol=1e-5)


@pytest.mark.parametrize("measure", ["elbo", "bound", "reconstruction"])
def test_a_row_has_one_score(exact, held_out, measure):
    """Of all calls and detectors: PyOD's VAE (3.6.7) draws anew each time."""
    x = exact.data(30, seed=2)
    first, second = (
        Detector(exact.linear(), held_out[:50], measure, k=5) for _ in range(2)
    )
    wanted = first.detect(x)
    for found in (first.detect(x), second.detect(x)):
        np.testing.assert_array_equal(found.score, wanted.score)
        np.testing.assert_array_equal(found.p_value, wanted.p_value)


SEVERAL = ["reconstruction", "latent"]


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("measure", ["elbo", "latent", SEVERAL])
def test_rate_of_alarms(exact, held_out, measure, alpha):
    """Of 200 fresh normal rows within binomial error; of odd ones far more."""
    detector = Detector(exact.vae, held_out, measure, alpha=alpha)
    alarms = np.sum(detector.predict(exact.data(200, seed=3)) == -1)
    if measure != SEVERAL:
        assert scipy.stats.binomtest(alarms, 200, alpha).pvalue > 0.01
    # Bonferroni's rule may give fewer.
    most = scipy.stats.binomtest(alarms, 200, alpha, alternative="greater")
    assert most.pvalue > 0.01
    odd = exact.data(200, seed=4) + np.float32([0, 0, 0, 6])
    assert np.mean(detector.predict(odd) == -1) > 0.3


def test_p_values_are_uniform(exact, held_out):
    p_values = Detector(exact.vae, held_out).p_values(exact.data(2000, seed=5))
    assert scipy.stats.kstest(p_values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("measure", ["elbo", SEVERAL])
def test_the_interface_is_that_of_scikit_learn(exact, held_out, measure):
    detector = Detector(exact.vae, held_out[:199], measure, alpha=0.1)
    x = np.concatenate([exact.data(50, seed=6), 3 * exact.data(50, seed=7)])
    found = detector.detect(x)
    decision = detector.decision_function(x)
    np.testing.assert_array_equal(detector.predict(x) == -1, decision < 0)
    np.testing.assert_array_equal(found.is_odd, decision < 0)
    np.testing.assert_array_equal(found.p_value, detector.p_values(x))
    np.testing.assert_array_equal(found.score, -detector.score_samples(x))
    np.testing.assert_allclose(
        decision, detector.score_samples(x) - detector.offset_
    )
    assert 10 < found.is_odd.sum() < 90
    # As scores rise p-values fall.
    order = np.argsort(found.score)
    assert (np.diff(found.p_value[order]) <= 0).all()


def test_two_measures_by_hand(exact, held_out):
    x = exact.data(40, seed=8)
    one, other = (
        Detector(exact.vae, held_out[:99], name).p_values(x) for name in SEVERAL
    )
    both = Detector(exact.vae, held_out[:99], SEVERAL)
    wanted = np.minimum(2 * np.minimum(one, other), 1)
    np.testing.assert_allclose(both.p_values(x), wanted)


def test_an_ensemble_by_hand(exact, held_out):
    wide = exact.linear(tfgen.probability.Gaussian(1.0))
    x = exact.data(40, seed=9)
    models, scores = [exact.vae, wide], []
    for model in models:
        usual = -np.float64(model.score(held_out))
        own = -np.float64(model.score(x))
        scores.append((own - usual.mean()) / usual.std())
    detector = Detector(models, held_out, alpha=0.05)
    np.testing.assert_allclose(
        -detector.score_samples(x), np.mean(scores, axis=0)
    )
    alarms = np.sum(detector.predict(exact.data(200, seed=3)) == -1)
    assert scipy.stats.binomtest(alarms, 200, 0.05).pvalue > 0.01


def test_too_few_held_out_rows_is_one_line(exact, held_out):
    wanted = "by 50 held-out rows the smallest p-value is 0.0196; hold out 99"
    with pytest.warns(DataNote, match=wanted):
        detector = Detector(exact.vae, held_out[:50], alpha=0.01)
    assert detector.offset_ == -np.inf
    far = np.full((1, 4), 1e4)
    assert detector.predict(far) == 1 and detector.decision_function(far) > 0
    detector.alpha = 0.02
    assert detector.predict(far) == -1 and detector.decision_function(far) < 0
    wanted = "held-out rows the smallest p-value is 0.0392; hold out 100 "
    with pytest.warns(DataNote, match=wanted):
        Detector(exact.vae, held_out[:50], SEVERAL, alpha=2 / 101)


def test_a_nan_is_as_odd_as_can_be(exact, held_out):
    detector = Detector(exact.vae, held_out[:50])
    x = np.full((1, 4), 1e30, np.float32)
    assert not np.isfinite(exact.vae.score(x)).any()
    found = detector.detect(x)
    assert found.is_odd.all() and found.p_value == pytest.approx(1 / 51)
    with pytest.raises(ValueError, match="1 of 6 held-out rows have scores"):
        Detector(exact.vae, np.concatenate([held_out[:5], x]))


def test_a_vq_vae_has_no_bound_of_draws():
    model = tfgen.build("vq_vae", input_shape=(8, 8, 1))
    assert possible_measures(model) == [
        *("elbo", "reconstruction", "neighbours", "mixture")
    ]
    with pytest.raises(ValueError, match="'bound' needs 'encode'.*expected el"):
        check_measure("bound", model)
    rows = np.random.default_rng(0).random((9, 8, 8, 1), np.float32)
    detector = Detector(model, rows)
    detector.keep()
    assert not detector.explains
    with pytest.raises(ValueError, match="explain needs an encoder"):
        detector.explain(rows)


def test_a_discriminator():
    layers = keras.layers
    generator = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    judge = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    judge.set_weights([np.array([[-1.0]]), np.array([2.0])])  # 2 - x
    gan = tfgen.GAN(generator, judge, penalties=[])
    detector = Detector(gan, np.arange(19.0)[:, None], "discriminator")
    x = np.array([[-1.0], [17.5], [30.0]])
    np.testing.assert_allclose(-detector.score_samples(x), x[:, 0] - 2)
    np.testing.assert_allclose(detector.p_values(x), [1, 2 / 20, 1 / 20])
    with pytest.raises(ValueError, match="GAN has not: expected discrimin"):
        Detector(gan, np.zeros((20, 1)), "elbo")
    assert Detector(gan, np.zeros((20, 1))).measures == ["discriminator"]


@pytest.fixture(scope="module")
def flowers():
    return tfgen.data.load("iris", "all")


@pytest.fixture(scope="module")
def by_class(flowers, tmp_path_factory):
    """A conditional model of iris, and its held-out rows."""
    train, held_out = flowers.divide((0.7, 0.3))
    vae = tfgen.build("vae", input_shape=(4,), latent_dim=2, num_classes=3)
    vae.compile(run_eagerly=True)  # nothing to trace for 4 steps
    vae.fit(train, verbose=0)
    path = tmp_path_factory.mktemp("models") / "vae.keras"
    vae.save(path)
    return path, held_out


def test_classes_come_of_the_source_or_by_hand(by_class, flowers):
    path, held_out = by_class
    model = tfgen.load(path)
    detector = Detector(path, held_out)
    x, labels = model.read(flowers).arrays()
    scores = detector.score_samples(flowers)
    np.testing.assert_allclose(scores, model.score(x, labels), rtol=1e-6)
    np.testing.assert_array_equal(detector.score_samples(x, labels), scores)
    other = (labels + 1) % 3
    np.testing.assert_allclose(
        detector.score_samples(flowers, other),
        model.score(x, other),
        rtol=1e-6,
    )
    with pytest.raises(ValueError, match="label"):
        detector.score_samples(x)


def test_held_out_rows_of_a_file_are_read_like_the_training_data(
    by_class, flowers, tmp_path
):
    """In the units of the file, columns turned round."""
    path, _ = by_class
    names = flowers.feature_names
    frame = pd.DataFrame(flowers.stored(), columns=names)[[*names[::-1]]]
    frame["label"] = np.array(flowers.class_names)[flowers.labels]
    frame.to_csv(tmp_path / "flowers.csv", index=False)
    model = tfgen.load(path)
    model.reading = dataclasses.replace(model.reading, label_column="label")
    detector = Detector(model, tmp_path / "flowers.csv")
    again = Detector(model, flowers)
    np.testing.assert_allclose(
        detector.score_samples(tmp_path / "flowers.csv"),
        again.score_samples(flowers),
        rtol=1e-5,
    )
    assert detector.num_held_out == 150


def test_models_that_read_differently_take_sources_alone(flowers):
    models = []
    for start in (0, 1):
        vae = tfgen.build("vae", input_shape=(4,), latent_dim=1)
        rows = flowers.subset(np.arange(start, 150, 2))
        vae.compile(run_eagerly=True)  # nothing to trace for a step
        vae.fit(rows.standardized_by(rows), batch_size=75, verbose=0)
        models.append(vae)
    detector = Detector(models, flowers)
    scores = detector.score_samples(flowers)
    assert scores.shape == (150,)
    with pytest.raises(ValueError, match="read their data differently"):
        detector.score_samples(np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measure": "knn"}, "measure is 'knn', expected one of elbo"),
        ({"measure": []}, "no measure was given"),
        ({"measure": ["elbo", "elbo"]}, "a measure was given twice"),
        ({"measure": "discriminator"}, "which this VAE has not"),
        ({"alpha": 1.5}, "alpha is 1.5, expected a share"),
    ],
)
def test_refused(exact, held_out, arguments, message):
    with pytest.raises(ValueError, match=message):
        Detector(exact.vae, held_out, **arguments)


def test_a_data_frame_is_not_taken_for_model_units():
    frame = pd.DataFrame(np.eye(30, 3) + [5, 50, 500], columns=[*"abc"])
    source = tfgen.data.from_arrays(frame)
    model = tfgen.build("vae", data=source, latent_dim=2)
    model.compile(run_eagerly=True)  # nothing to trace for a step
    model.fit(source, verbose=0)
    for ask in (model.score, Detector(model, source).detect):
        with pytest.raises(ValueError, match="columns a, b, c, expected an"):
            ask(frame)
    rows = tfgen.data.from_arrays(frame[["c", "a", "b"]], like=model)
    np.testing.assert_array_equal(
        Detector(model, source).detect(rows).score,
        Detector(model, source).detect(source).score,
    )
