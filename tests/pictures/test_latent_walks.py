import numpy as np
import pytest

from tfgen.pictures import (
    arithmetic_picture,
    interpolations_picture,
    traversals_picture,
)


def test_the_most_active_latent_is_on_top(stand_in, texts):
    model = stand_in((8, 8, 1), latent_dim=3)
    # Latent 2 counts most, latent 3 half as much, latent 1 not at all.
    weights = np.array([0.0, 0.2, 0.1])
    model.pixels = lambda latents: (
        np.ones((1, 8, 8, 1)) * (latents @ weights + 0.5)[:, None, None, None]
    )
    picture = traversals_picture(model, num_latents=2)
    assert texts.all == [
        "latent 2",
        "latent 3",
        "One latent at a time, from -2.5 to 2.5",
    ]
    left = 14 + 7 * len("latent 2")
    assert picture.shape[0] == 34 + 2 * 48 + 2 + 6
    steps = left + 50 * np.arange(11)
    shares = np.linspace(0, 1, 11)
    assert np.abs(picture[34, steps, 0] - 255.0 * shares).max() <= 1
    half = 0.25 + 0.5 * shares
    assert np.abs(picture[34 + 50, steps, 0] - 255.0 * half).max() <= 1


def test_a_class_is_held(stand_in, texts):
    model = stand_in((8, 8, 1), num_classes=3)
    traversals_picture(model, label=2)
    assert set(model.labels["decode"].tolist()) == {2}
    assert texts.all[-1].endswith("class 2")


def test_without_an_encoder_the_other_latents_are_drawn(stand_in):
    generator = stand_in((8, 8, 1), has=("generate", "decode"))
    one, two = (traversals_picture(generator, seed=seed) for seed in (0, 1))
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, traversals_picture(generator, seed=0))
    vae = stand_in((8, 8, 1))
    np.testing.assert_array_equal(
        traversals_picture(vae, seed=0), traversals_picture(vae, seed=1)
    )


def test_traversals_of_images_only(stand_in):
    with pytest.raises(ValueError, match="of images only"):
        traversals_picture(stand_in((2,)))


def make_interpolating(stand_in, **kwargs):
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
    model, source = make_interpolating(stand_in), make_source((8, 8, 1))
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
    model = make_interpolating(stand_in, num_classes=3)
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
    model = make_interpolating(
        stand_in, has=("generate", "decode"), num_classes=3
    )
    interpolations_picture(model, num_examples=4, steps=3)
    start, end = model.ends
    assert start.shape == end.shape == (4, 2)
    assert not np.array_equal(start, end)
    assert model.labels["interpolate"].tolist() == [0, 1, 2, 0]
    assert texts.all[-1] == "Interpolations between draws of latents"


def test_interpolations_that_are_refused(stand_in, make_source):
    with pytest.raises(ValueError, match="of images only"):
        interpolations_picture(stand_in((2,)), make_source((2,)))
    with pytest.raises(ValueError, match="pass a source"):
        interpolations_picture(make_interpolating(stand_in))


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
def test_arithmetic_that_is_refused(
    stand_in, make_source, shape, classes, model_classes, end, message
):
    model = stand_in(shape, num_classes=model_classes)
    source = make_source(shape, classes=classes)
    with pytest.raises(ValueError, match=message):
        arithmetic_picture(model, source, 0, end)
