import numpy as np
import pytest

from tfgen.pictures import image_grid

G = 128  # grey lines


def tiny(*values):
    """1x1 images."""
    return np.array(values, np.float32).reshape(-1, 1, 1, 1)


def test_two_by_two_by_hand():
    grid = image_grid(tiny(0.0, 1.0, 0.2, 0.6), scale=1)
    assert grid.dtype == np.uint8
    assert grid[..., 0].tolist() == [
        [0, G, G, 255],
        [G, G, G, G],
        [G, G, G, G],
        [51, G, G, 153],
    ]


def test_enlarged_by_hand():
    image = np.array([[0.0, 0.2], [0.4, 1.0]]).reshape(1, 2, 2, 1)
    grid = image_grid(np.repeat(image, 2, axis=0), columns=1, scale=2)
    first = [
        [0, 0, 51, 51],
        [0, 0, 51, 51],
        [102, 102, 255, 255],
        [102, 102, 255, 255],
    ]
    assert grid[..., 0].tolist() == [*first, [G] * 4, [G] * 4, *first]


def test_columns_and_an_empty_place():
    grid = image_grid(tiny(1, 0, 1), scale=1)
    assert grid[..., 0].tolist() == [
        [255, G, G, 0],
        [G, G, G, G],
        [G, G, G, G],
        [255, G, G, G],
    ]
    assert image_grid(tiny(1, 0, 1), columns=3, scale=1).shape == (1, 7, 1)


@pytest.mark.parametrize(
    "value_range, values",
    [
        ((0, 1), (-0.5, 0.0, 0.2, 2.0)),
        ((-1, 1), (-9.0, -1.0, -0.6, 1.0)),
        ((0, 255), (0, 0, 51, 255)),
        (None, (-3.0, -3.0, -2.0, 2.0)),
    ],
)
def test_value_ranges(value_range, values):
    row = image_grid(tiny(*values), 4, value_range, scale=1)[0, ::3, 0]
    assert row.tolist() == [0, 0, 51, 255]


def test_equal_and_unusual_values():
    assert image_grid(tiny(7, 7), value_range=None, scale=1)[0, 0] == 0
    row = image_grid(tiny(np.nan, np.inf, -np.inf), 3, scale=1)[0, ::3, 0]
    assert row.tolist() == [0, 255, 0]


def test_colour():
    images = np.zeros((2, 1, 1, 3), np.float32)
    images[0, ..., 0] = images[1, ..., 2] = 1
    grid = image_grid(images, 2, scale=1)
    assert grid[0, [0, 3]].tolist() == [[255, 0, 0], [0, 0, 255]]


@pytest.mark.parametrize(
    "side, count, scale",
    [(8, 64, 6), (28, 64, 2), (32, 64, 2), (48, 4, 1), (256, 64, 1)],
)
def test_people_can_see_small_images(side, count, scale):
    images = np.zeros((count, side, side, 1), np.float32)
    columns = int(count**0.5)
    size = columns * (side * scale + 2) - 2
    assert image_grid(images).shape == (size, size, 1)


@pytest.mark.parametrize(
    "images, options, message",
    [
        (np.zeros((4, 4)), {}, r"shape \(4, 4\), expected \(n, height"),
        (np.zeros((2, 4, 4, 4)), {}, "expected"),
        (np.zeros((0, 4, 4, 1)), {}, "expected"),
        (tiny(0), {"columns": 0}, "columns is 0"),
        (tiny(0), {"scale": 1.5}, "scale is 1.5"),
        (tiny(0), {"value_range": (1, 1)}, "low below high"),
    ],
)
def test_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images, **options)
