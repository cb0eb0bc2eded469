"""Scores of held-out rows as a part of the model and its file."""

import numpy as np
import pytest

import tfgen
from tfgen.data import DataNote
from tfgen.detection import Detector


@pytest.fixture(scope="module")
def held_out(exact):
    return exact.data(199, seed=1)


@pytest.mark.parametrize("measure", ["bound", ["reconstruction", "latent"]])
def test_a_saved_model_is_the_same_detector(exact, held_out, measure, tmp_path):
    model, x = exact.linear(), 2 * exact.data(30, seed=2)
    detector = Detector(model, held_out, measure, alpha=0.1, k=7, seed=3)
    detector.keep()
    model.save(tmp_path / "model.keras")
    again = Detector.of(tmp_path / "model.keras")
    assert again.alpha == 0.1 and again.measures == detector.measures
    assert again.num_held_out == 199 and again.offset_ == detector.offset_
    for name, values in vars(detector.detect(x)).items():
        np.testing.assert_array_equal(getattr(again.detect(x), name), values)
    if measure == "bound":
        why, wanted = again.explain(x), detector.explain(x)
        for name, values in vars(wanted).items():
            np.testing.assert_array_equal(getattr(why, name), values)
    else:
        assert not again.explains
    strict = Detector.of(again.models[0], alpha=0.02)
    assert 0 < strict.detect(x).is_odd.sum() < again.detect(x).is_odd.sum()


def test_other_weights_are_no_detector(exact, held_out, tmp_path):
    model = exact.linear()
    with pytest.raises(ValueError, match="keeps no scores of held-out rows"):
        Detector.of(model)
    Detector(model, held_out).keep()
    model.compile()
    model.evaluate(held_out, verbose=0)
    Detector.of(model)  # nothing has changed
    model.decoder.weights[1].assign_add([0.0, 0.0, 0.1, 0.0])
    with pytest.raises(ValueError, match="has changed since"):
        Detector.of(model)
    with pytest.warns(DataNote, match="no detector any more"):
        model.save(tmp_path / "model.keras")
    assert tfgen.load(tmp_path / "model.keras").held_out_scores is None
    model.save(tmp_path / "model.keras")  # says it once


def test_an_ensemble_has_no_file(exact, held_out):
    detector = Detector([exact.linear(), exact.vae], held_out)
    with pytest.raises(ValueError, match="ensemble of 2 models has no file"):
        detector.keep()


def test_the_rate_that_held_out_rows_promise(exact, held_out):
    """Of 39 rows and alpha 0.1 the 4th largest of 39 scores is the limit.

    The rate beyond it follows Beta(4, 36).
    """
    detector = Detector(exact.vae, held_out[:39], alpha=0.1)
    low, high = detector.rate_interval(0.9)
    assert (low, high) == pytest.approx((0.0358, 0.1870), abs=1e-4)
    limit = -detector.offset_
    fresh = -exact.vae.score(exact.data(20000, seed=4))
    assert low < np.mean(fresh > limit) < high
    several = Detector(exact.vae, held_out, ["reconstruction", "latent"])
    both, one = several.rate_interval(), Detector(exact.vae, held_out)
    assert both[0] < one.rate_interval()[0]
    assert both[1] > one.rate_interval()[1]
    assert both[1] < 0.2
