import numpy as np
import pytest

from tfgen.pictures import interpolations_picture


def make(stand_in, **kwargs):
    """A model whose interpolations fade from one end to the other."""
    model = stand_in((8, 8, 1), **kwargs)

    def interpolate(start, end, steps, labels):
        model.labels["interpolate"] = labels
        model.ends = start, end
        weights = np.linspace(0, 1, steps).reshape(1, -1, 1, 1, 1)
        images = [
            part if part.ndim == 4 else model.pixels(part)
            for part in (start, end)
        ]
        first, last = (part[:, None] for part in images)
        return first + (last - first) * weights

    model.interpolate = interpolate
    return model


def test_examples_stand_at_the_ends(stand_in, make_source, texts):
    model, source = make(stand_in), make_source((8, 8, 1))
    picture = interpolations_picture(model, source, num_examples=3, steps=5)
    left = 14 + 7
    assert picture.shape[0] == 34 + 3 * 50 - 2 + 6
    start, end = model.ends
    x = source.arrays()[0]
    assert all((x == image).all(axis=(1, 2, 3)).any() for image in start)
    middle = (start + end) / 2
    for row in range(3):
        columns = [start, start, None, middle, None, end, end]
        for column, wanted in enumerate(columns):
            if wanted is None:
                continue
            place = picture[34 + 50 * row :: 6, left + 50 * column :: 6, 0]
            pixels = np.round(255 * wanted[row, ..., 0])
            assert np.abs(place[:8, :8] - pixels).max() <= 1
    assert texts.all[-1] == "Interpolations between examples (outermost)"
    again = interpolations_picture(model, source, 3, 5)
    np.testing.assert_array_equal(picture, again)
    other = interpolations_picture(model, source, 3, 5, seed=1)
    assert not np.array_equal(picture, other)


def test_pairs_of_one_class(stand_in, make_source, texts):
    model = make(stand_in, num_classes=3)
    source = make_source((8, 8, 1), classes=3)
    interpolations_picture(model, source, num_examples=20)
    x, labels = source.arrays()
    for images in model.ends:
        same = (images[:, None] == x).all(axis=(2, 3, 4))
        found = labels[same.argmax(axis=1)]
        assert found.tolist() == list(model.labels["interpolate"])
    assert texts.all[:20] == [str(i) for i in model.labels["interpolate"]]
    with pytest.raises(ValueError, match="the source has no labels"):
        interpolations_picture(model, make_source((8, 8, 1)))


def test_models_that_do_not_encode(stand_in, texts):
    model = make(stand_in, has=("generate", "decode"), num_classes=3)
    interpolations_picture(model, num_examples=4, steps=3)
    start, end = model.ends
    assert start.shape == end.shape == (4, 2)
    assert not np.array_equal(start, end)
    assert model.labels["interpolate"].tolist() == [0, 1, 2, 0]
    assert texts.all[-1] == "Interpolations between draws of latents"


def test_refused(stand_in, make_source):
    with pytest.raises(ValueError, match="of images only"):
        interpolations_picture(stand_in((2,)), make_source((2,)))
    with pytest.raises(ValueError, match="pass a source"):
        interpolations_picture(make(stand_in))
