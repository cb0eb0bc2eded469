"""InceptionV3 with weights of its own, and how it resizes, against Pillow."""

import keras
import numpy as np
import PIL.Image
import pytest

from tfgen.metrics import FeatureExtractor, inception_extractor
from tfgen.metrics.inception import Prepare


def resized(image):
    """As clean-fid: bicubic, antialiased, each channel of floats, clipped."""
    channels = [
        np.asarray(
            PIL.Image.fromarray(channel).resize(
                (299, 299), PIL.Image.Resampling.BICUBIC
            )
        )
        for channel in np.moveaxis(np.float32(image), -1, 0)
    ]
    return np.stack(channels, axis=-1).clip(0, 1)


@pytest.mark.parametrize("shape", [(28, 28), (299, 299), (301, 40), (640, 500)])
def test_resizing(shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)) / 255
    found = (Prepare()(np.float32(image[None])).numpy()[0] + 1) / 2
    np.testing.assert_allclose(found, resized(image), atol=3e-5)


def test_grey_images_are_shown_as_colour_ones():
    grey = np.float32(np.random.default_rng(0).random((1, 20, 30, 1)))
    np.testing.assert_array_equal(
        Prepare()(grey), Prepare()(np.repeat(grey, 3, axis=-1))
    )


def test_features_of_given_weights(tmp_path):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(
        weights=None, classifier_activation=None
    )
    path = tmp_path / "inception.weights.h5"
    network.save_weights(path)
    model = inception_extractor(weights=str(path))
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3)) / 255
    inputs = np.stack([2 * resized(image) - 1 for image in images])
    pooled = keras.Model(network.input, network.get_layer("avg_pool").output)
    extractor = FeatureExtractor(model, value_range=(-1, 1))
    found = extractor.features(2 * images - 1)
    assert found.shape == (2, 2048)
    expected = pooled(inputs).numpy()
    assert np.std(expected) > 1e-4
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        extractor.logits(2 * images - 1),
        network(inputs).numpy(),
        rtol=1e-3,
        atol=1e-5,
    )


def test_weights_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="fit_extractor"):
        inception_extractor(weights=str(tmp_path / "none.weights.h5"))
