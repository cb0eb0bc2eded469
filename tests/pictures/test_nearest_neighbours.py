import keras
import numpy as np
import pytest

import tfgen
from tfgen.pictures import nearest_neighbours, nearest_neighbours_picture


def pixels(images):
    return np.round(255 * images[..., 0].clip(0, 1)).astype(np.uint8)


@pytest.mark.parametrize("rows", [1000, 7])
def test_images_stand_beside_their_neighbours(
    stand_in, make_source, texts, monkeypatch, rows
):
    monkeypatch.setattr(nearest_neighbours, "ROWS", rows)
    source = make_source((8, 8, 1), rows=30)
    model = stand_in((8, 8, 1))
    x = source.arrays()[0]
    model.sample = lambda n, seed: x[5 : 5 + n] + np.float32(0.01)
    picture = nearest_neighbours_picture(model, source, 3)
    step = 64 + 16
    assert picture.shape == (52 + 3 * step, 6 * 66 - 2 + 12, 3)
    every = np.linalg.norm((x[:, None] - x).reshape(30, 30, -1), axis=2)
    for i in range(3):
        apart = (x - x[5 + i] - np.float32(0.01)).reshape(30, -1)
        wanted = x[np.linalg.norm(apart, axis=1).argsort()[:5]]
        strip = picture[52 + i * step :][:64:8, 6:-6, 0]
        shown = [strip[:, 66 * j :: 8][:, :8] for j in range(6)]
        np.testing.assert_array_equal(shown[1:], pixels(wanted))
        np.testing.assert_array_equal(shown[0], pixels(x[5 + i] + 0.01))
    distance = 0.01 * 8  # in each of 64 pixels
    assert texts.all.count(f"{distance:.3g}") == 3
    assert texts.all.count("generated") == 3
    np.fill_diagonal(every, np.inf)
    typical = np.median(every.min(axis=1))
    assert f"Training images are {typical:.3g} from" in texts.all[0]


def test_distances_do_not_depend_on_the_range(stand_in, make_source, texts):
    for value_range in ((0, 1), (-1, 1)):
        source = make_source((8, 8, 1), value_range=value_range)
        model = stand_in((8, 8, 1), data_range=value_range)
        low, high = value_range
        model.sample = lambda n, seed, low=low, high=high: np.full(
            (n, 8, 8, 1), (low + high) / 2
        )
        nearest_neighbours_picture(model, source, 1)
    half = len(texts.all) // 2
    assert texts.all[:half] == texts.all[half:]


def test_features(stand_in, texts):
    """By the first pixel alone, the nearest is another one."""
    images = np.zeros((3, 2, 2, 1), np.float32)
    images[0] = 0.5
    images[0, 0, 0] = 0.0
    images[1, 0, 0] = 0.9
    images[2, 0, 0] = 0.2
    first = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    first.add(keras.layers.Dense(1, use_bias=False))
    first.set_weights([np.array([[1.0], [0.0], [0.0], [0.0]])])
    source = tfgen.data.from_arrays(images, value_range=(0, 1))
    model = stand_in((2, 2, 1))
    model.sample = lambda n, seed: np.full((n, 2, 2, 1), 0.7, np.float32)
    nearest_neighbours_picture(model, source, 1, extractor=first)
    assert texts.all[1:] == ["generated", "0.2", "0.5", "0.7"]


@pytest.mark.parametrize("features", [2, 5])
def test_points_and_tables(stand_in, make_source, texts, features):
    model = stand_in((features,), data_range=None)
    source = make_source((features,))
    picture = nearest_neighbours_picture(model, source)
    assert picture.ndim == 3 and picture.dtype == np.uint8
    assert "distance to the nearest training example" in texts.all
    assert {"generated", "training examples, nearest other"} <= set(texts.all)
    rows = source.arrays()[0]
    model.sample = lambda n, seed: np.resize(rows, (n, features))
    assert not np.array_equal(
        picture, nearest_neighbours_picture(model, source)
    )


@pytest.mark.parametrize("shape", [(2,), (8, 8, 1)])
def test_samples_that_are_not_finite(stand_in, make_source, texts, shape):
    model = stand_in(shape, data_range=(0, 1) if len(shape) == 3 else None)
    model.sample = lambda n, seed: np.full((n, *shape), np.nan, np.float32)
    nearest_neighbours_picture(model, make_source(shape), 4)
    assert texts.all.count("nan") == (20 if len(shape) == 3 else 0)


def test_equal_examples(stand_in):
    source = tfgen.data.from_arrays(np.ones((9, 3), np.float32))
    nearest_neighbours_picture(stand_in((3,), data_range=None), source)
    with pytest.raises(ValueError, match="1 examples, expected at least 2"):
        nearest_neighbours_picture(
            stand_in((3,), data_range=None), source.take(1)
        )
