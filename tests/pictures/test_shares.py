import numpy as np
import pytest

from tfgen.pictures import shares_picture

LEFT = 14 + 7 * len("shares")


@pytest.mark.parametrize("channels", [1, 3])
def test_maps_stand_below_their_images(channels):
    images = np.random.default_rng(0).random((9, 48, 48, channels))
    shares = np.full(images.shape, -1.0)
    shares[0, 3, 5], shares[0, 6, 7] = 2.0, 1.0
    shares[8, 40, 41] = 5.0
    picture = shares_picture(images, shares)
    assert picture.shape[0] == 34 + 4 * 48 + 3 * 8 + 6
    assert picture.shape[2] == 3
    first = np.round(255 * images[0]).astype(np.uint8) * np.ones(3, np.uint8)
    place = picture[34 : 34 + 48, LEFT : LEFT + 48]
    np.testing.assert_array_equal(place, first)
    below = picture[34 + 56 : 34 + 56 + 48, LEFT : LEFT + 48]
    assert below[3, 5].tolist() == [255, 0, 0]
    assert below[6, 7].tolist() == [255, 128, 128]  # half as much
    assert (np.delete(below.reshape(-1, 3), [149, 295], axis=0) == 255).all()
    last = picture[34 + 3 * 56 :, LEFT : LEFT + 48]
    assert last[40, 41].tolist() == [255, 0, 0]


def test_nothing_odd_is_white():
    picture = shares_picture(np.zeros((1, 48, 48, 1)), -np.ones((1, 48, 48, 1)))
    assert (picture[34 + 56 : 34 + 56 + 48, LEFT : LEFT + 48] == 255).all()
