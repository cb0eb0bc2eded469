import numpy as np
import pytest

from tfgen.pictures import beside_each_other


def test_places_and_names(texts):
    grey = np.full((20, 30, 1), 7, np.uint8)
    colour = np.tile(np.uint8([1, 2, 3]), (50, 40, 1))
    whole = beside_each_other({"one": grey, "other": colour})
    assert whole.shape == (28 + 50 + 16, 16 + 30 + 16 + 40 + 16, 3)
    assert (whole[28:48, 16:46] == 7).all()
    assert (whole[48:, 16:46] == 255).all()
    assert (whole[28:78, 62:102] == [1, 2, 3]).all()
    assert {"one", "other"} <= set(texts.all)


def test_nothing():
    with pytest.raises(ValueError, match="pass one or more"):
        beside_each_other({})
