"""In scikit-learn's pipelines, and by its own checks of estimators."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import tfgen
from tfgen.detection import Detector

SMALL = {"epochs": 1, "latent_dim": 1}
NOT_APPLICABLE = {
    "check_do_not_raise_errors_in_init_or_set_params": "held-out rows that the "
    "constructor is given are scored at once",
    "check_methods_subset_invariance": "wants seven digits, and models compute "
    "in float32, of which the last depend on the rows in a batch",
}
FAST = {
    "check_dont_overwrite_attributes",
    "check_estimator_get_tags_default_keys",
    "check_n_features_in_after_fitting",
    "check_no_attributes_set_in_init",
    "check_outliers_fit_predict",
    "check_parameters_default_constructible",
    "check_set_params",
}


def checks():
    """Those that scikit-learn has; most are slow, as they train anew."""
    detector = Detector("vae", alpha=0.1, options=SMALL)
    with warnings.catch_warnings():
        # It is said to be no BaseEstimator, so that tfgen loads without it.
        warnings.simplefilter("ignore")
        found = [*estimator_checks_generator(detector)]
    for estimator, check in found:
        name = getattr(check, "func", check).__name__
        marks = [] if name in FAST else [pytest.mark.slow]
        if name in NOT_APPLICABLE:
            marks.append(pytest.mark.xfail(reason=NOT_APPLICABLE[name]))
        yield pytest.param(estimator, check, id=name, marks=marks)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), [*checks()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def pipeline(exact):
    """Of numbers in units of thousands."""
    detector = Detector("vae", alpha=0.1, options=SMALL)
    return make_pipeline(StandardScaler(), detector).fit(
        1000 * exact.data(300, seed=1)
    )


def test_a_pipeline(pipeline, exact, tmp_path):
    detector, fresh = pipeline[-1], 1000 * exact.data(300, seed=2)
    assert 50 < detector.num_held_out < 70
    assert detector.n_features_in_ == 4
    found = pipeline.predict(fresh)
    assert 0.02 < np.mean(found == -1) < 0.25
    np.testing.assert_array_equal(
        found == -1, pipeline.decision_function(fresh) < 0
    )
    far = fresh + 1e6
    assert (pipeline.predict(far) == -1).all()
    # In the units that the scaler gave: no others are the detector's.
    scaled = pipeline[0].transform(fresh)
    np.testing.assert_array_equal(detector.predict(scaled), found)
    why = detector.explain(scaled)
    np.testing.assert_allclose(-why.score, pipeline.score_samples(fresh))
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict(fresh), found)
    # The trained model is a file like any other.
    detector.keep()
    detector.models[0].save(tmp_path / "model.keras")
    kept = Detector.of(tmp_path / "model.keras")
    rows = tfgen.data.from_arrays(scaled, like=kept.models[0])
    np.testing.assert_array_equal(kept.predict(rows), found)


def test_parameters_and_clones(exact):
    held_out = exact.data(99, seed=1)
    detector = Detector(exact.vae, held_out, "latent", alpha=0.2)
    again = clone(detector)
    x = exact.data(20, seed=2)
    np.testing.assert_array_equal(
        again.score_samples(x), detector.score_samples(x)
    )
    assert detector.get_params()["measure"] == "latent"
    assert detector.set_params(alpha=0.3).alpha == 0.3
    with pytest.raises(ValueError, match="no parameter 'beta', expected one"):
        detector.set_params(beta=1.0)
    assert "measure='latent', alpha=0.3" in repr(detector)


def test_a_trained_model_is_calibrated_by_fit(exact):
    held_out, x = exact.data(99, seed=1), exact.data(20, seed=2)
    detector = Detector(exact.vae)
    with pytest.raises(NotFittedError, match="the detector is not calibrated"):
        detector.predict(x)
    wanted = Detector(exact.vae, held_out).p_values(x)
    np.testing.assert_array_equal(detector.fit(held_out).p_values(x), wanted)


def test_equal_rows_can_be_divided():
    detector = Detector("vae", alpha=0.1, options=SMALL).fit(np.ones((50, 3)))
    assert detector.num_held_out == 10
    assert (detector.predict(np.ones((2, 3))) == 1).all()


def test_columns_of_a_frame_keep_their_names():
    rows = np.random.default_rng(0).normal(size=(100, 3))
    frame = pd.DataFrame(rows, columns=["load", "temp", "flow"])
    detector = Detector("vae", alpha=0.1, options=SMALL).fit(frame)
    (model,) = detector.models
    assert model.reading.column_names == ("load", "temp", "flow")
    found = detector.score_samples(frame)
    turned = tfgen.data.from_arrays(frame[["flow", "load", "temp"]], like=model)
    np.testing.assert_allclose(detector.score_samples(turned), found, 1e-6)
    with pytest.raises(ValueError, match="same order as they were in fit"):
        detector.predict(frame[["flow", "load", "temp"]])
    with pytest.raises(ValueError, match="'vea', expected a trained model"):
        Detector("vea").fit(frame)


def test_a_frame_with_texts():
    frame = pd.DataFrame({"city": ["Rome", "Oslo"] * 30, "size": range(60)})
    detector = Detector("vae", alpha=0.1, options=SMALL).fit(frame)
    source = tfgen.data.from_arrays(frame, like=detector.models[0])
    np.testing.assert_array_equal(
        detector.score_samples(frame), detector.score_samples(source)
    )
    with pytest.warns(tfgen.data.DataNote, match="30 of 60 rows have values"):
        found = detector.predict(frame.replace("Rome", "Bonn"))
    assert (found[::2] == -1).all()
