"""The stage before the metrics: what it gives, and in how many passes."""

import keras
import numpy as np
import pytest

from tfgen.metrics import FeatureExtractor
from tfgen.metrics.feature_extractor import coarse_pixels


def test_value_range_is_that_of_picture_files():
    x = np.array([-1.2, -1.0, 0.0, 0.001, 1.0, 7.0])[:, None]
    found = FeatureExtractor(None, value_range=(-1, 1)).features(x)[:, 0]
    expected = np.array([0, 0, 128, 128, 255, 255]) / 255
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_features_and_logits_of_one_pass():
    inputs = keras.Input((4,))
    layers = keras.layers.Dense(3), keras.layers.Dense(2)
    features = layers[0](inputs)
    outputs = {"features": features, "logits": layers[1](features)}
    model, calls = keras.Model(inputs, outputs), []
    kernel = np.arange(12).reshape(4, 3) / 10
    layers[0].set_weights([kernel, np.zeros(3)])
    extractor = FeatureExtractor(model, batch_size=50)
    extractor.model = lambda x, training: calls.append(len(x)) or model(x)
    x = np.random.default_rng(0).normal(size=(90, 4))
    found = extractor.outputs(x)
    assert calls == [50, 40]
    np.testing.assert_allclose(found["features"], x @ kernel, atol=1e-6)
    expected = found["features"] @ layers[1].get_weights()[0]
    np.testing.assert_allclose(found["logits"], expected, atol=1e-5)


def test_what_is_no_extractor():
    with pytest.raises(ValueError, match="extractor is 'vgg', expected"):
        FeatureExtractor("vgg")


def test_means_by_hand():
    images = np.arange(2 * 18 * 4, dtype=np.float32).reshape(2, 18, 4, 1)
    extractor = coarse_pixels((18, 4, 1))  # 18 rows: squares of 2 by 2
    found = extractor(images).numpy()
    assert found.shape == (2, 9 * 2)
    assert found[0, 0] == np.mean([0, 1, 4, 5])
    assert found[1, 17] == images[1, 16:, 2:, 0].mean()


def test_a_border_is_the_mean_of_what_is_there():
    images = np.ones((1, 17, 17, 3), np.float32)
    found = coarse_pixels((17, 17, 3))(images).numpy()
    np.testing.assert_array_equal(found, np.ones((1, 9 * 9 * 3)))


def test_small_images_are_taken_as_they_are():
    images = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    found = coarse_pixels((8, 8, 1))(images).numpy()
    np.testing.assert_array_equal(found, images.reshape(3, 64))
