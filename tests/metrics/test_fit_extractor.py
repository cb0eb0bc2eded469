"""Extractors: reproducible, kept in a file, and what they see."""

import keras
import numpy as np
import pytest

import tfgen
from tfgen.metrics import FeatureExtractor, FrechetDistance, fit_extractor
from tfgen.metrics.fit_extractor import accuracy

CODE = """
import hashlib, tfgen
train = tfgen.data.load("digits", split="train").take(300)
model = tfgen.metrics.fit_extractor(train, epochs=1, num_features=8, seed=3)
weights = b"".join(w.tobytes() for w in model.get_weights())
print(hashlib.sha256(weights).hexdigest())
"""


@pytest.fixture(scope="module")
def extractor():
    train = tfgen.data.load("digits", split="train")
    return fit_extractor(train, epochs=30, num_features=16)


def test_sees_the_classes(extractor):
    assert accuracy(extractor, tfgen.data.load("digits", split="test")) > 0.9


def test_the_same_in_two_processes(run_python, capsys):
    exec(CODE, {})
    assert run_python(CODE) == capsys.readouterr().out


def test_another_seed_gives_another():
    train = tfgen.data.load("iris", split="train")
    one, two = (fit_extractor(train, epochs=1, seed=seed) for seed in (0, 1))
    assert (one.get_weights()[-2] != two.get_weights()[-2]).any()


def test_kept_in_a_file(extractor, tmp_path):
    path = tmp_path / "extractor.keras"
    extractor.save(path)
    x, _ = tfgen.data.load("digits", split="test").rows(np.arange(20))
    expected = extractor(x)["features"].numpy()
    assert expected.shape == (20, 16)
    for one in (path, str(path), keras.models.load_model(path)):
        np.testing.assert_array_equal(
            FeatureExtractor(one).features(x), expected
        )
    metric = FrechetDistance(extractor=path)
    metric.update_state(real=x, generated=x)
    assert metric.result() == pytest.approx(0, abs=1e-4)
    details = metric.measurement().details
    assert details["extractor"] == "classifier_of_digits_seed_0"


def test_tables():
    train, test = (tfgen.data.load("iris", split=s) for s in ("train", "test"))
    model = fit_extractor(train, epochs=40)
    assert accuracy(model, test) > 0.8
    assert model(test.arrays()[0])["features"].shape[1] == 128


class TestRefused:
    def test_no_classes(self):
        x = np.zeros((20, 3), np.float32)
        with pytest.raises(ValueError, match="no classes"):
            fit_extractor(tfgen.data.from_arrays(x, kind="points"))
