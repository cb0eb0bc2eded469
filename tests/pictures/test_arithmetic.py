import numpy as np
import pytest

from tfgen.pictures import arithmetic_picture

LEFT, TOP, STEP = 14 + 7, 34, 48 + 2


def test_the_difference_of_means_is_added(stand_in, make_source):
    """The stand-in's latents are the first two pixels of an image."""
    model = stand_in((8, 8, 1))
    source = make_source((8, 8, 1), classes=3)
    picture = arithmetic_picture(model, source, 2, 0, 2, steps=3, seed=1)
    x, labels = source.arrays()
    latents = x.reshape(len(x), -1)[:, :2]
    difference = latents[labels == 0].mean(0) - latents[labels == 2].mean(0)
    order = np.random.default_rng(1).permutation(20)
    rows = np.flatnonzero(labels == 2)[order]
    for i in range(2):
        top = TOP + i * STEP
        first = picture[top : top + 48 : 6, LEFT : LEFT + 48 : 6]
        wanted = np.round(255 * x[rows[i]])
        assert np.abs(first.astype(int) - wanted).max() <= 1
        for j, weight in enumerate((0.0, 0.5, 1.0)):
            sum_ = latents[rows[i]] + weight * difference
            pixel = picture[top + 20, LEFT + (j + 1) * STEP + 20]
            wanted = np.clip(255 * (sum_.mean() / 5 + 0.5), 0, 255)
            assert np.abs(pixel - wanted).max() <= 1


@pytest.mark.parametrize(
    "shape, classes, model_classes, end, message",
    [
        ((2,), 3, None, 1, "of images only"),
        ((8, 8, 1), 3, 3, 1, "is conditional"),
        ((8, 8, 1), None, None, 1, "has no labels"),
        ((8, 8, 1), 3, None, 5, "no examples of class 5, expected one of 0, 1"),
    ],
)
def test_refused(
    stand_in, make_source, shape, classes, model_classes, end, message
):
    model = stand_in(shape, num_classes=model_classes)
    source = make_source(shape, classes=classes)
    with pytest.raises(ValueError, match=message):
        arithmetic_picture(model, source, 0, end)
