import numpy as np

from tfgen.metrics.feature_extractor import coarse_pixels


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
