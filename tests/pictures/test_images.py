import numpy as np
import PIL.Image
import pytest

from tfgen.pictures import beside_each_other, image_grid, write_gif, write_png

G = 128  # grey lines


def tiny(*values):
    """1x1 images."""
    return np.array(values, np.float32).reshape(-1, 1, 1, 1)


def test_a_grid_of_two_by_two_by_hand():
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
def test_grids_that_are_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images, **options)


def test_pictures_stand_beside_each_other(texts):
    grey = np.full((20, 30, 1), 7, np.uint8)
    colour = np.tile(np.uint8([1, 2, 3]), (50, 40, 1))
    whole = beside_each_other({"one": grey, "other": colour})
    assert whole.shape == (28 + 50 + 16, 16 + 30 + 16 + 40 + 16, 3)
    assert (whole[28:48, 16:46] == 7).all()
    assert (whole[48:, 16:46] == 255).all()
    assert (whole[28:78, 62:102] == [1, 2, 3]).all()
    assert {"one", "other"} <= set(texts.all)


def test_nothing_beside_each_other():
    with pytest.raises(ValueError, match="pass one or more"):
        beside_each_other({})


@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5, 1), (4, 5)])
def test_another_program_reads_a_png(tmp_path, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    path = tmp_path / "new folder" / "a.png"
    write_png(path, picture)
    with PIL.Image.open(path) as image:
        assert image.format == "PNG"
        found = np.asarray(image)
    np.testing.assert_array_equal(found, picture.reshape(found.shape))
    assert [file.name for file in path.parent.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8)]
)
def test_what_is_no_picture_is_refused(tmp_path, picture):
    path = tmp_path / "a.png"
    write_png(path, np.full((2, 2), 7, np.uint8))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="expected uint8"):
        write_png(path, picture)
    assert path.read_bytes() == before


def read(path):
    """Frames as grey pixels, and their durations in ms."""
    with PIL.Image.open(path) as image:
        frames, durations = [], []
        for i in range(image.n_frames):
            image.seek(i)
            frames.append(np.asarray(image.convert("L")))
            durations.append(image.info["duration"])
        assert image.info["loop"] == 0
    return frames, durations


def grey(level, height=20, width=30, channels=1):
    return np.full((height, width, channels), level, np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_frames_of_a_gif_come_back(tmp_path, channels):
    path = tmp_path / "new" / "a.gif"
    write_gif(path, [grey(v, channels=channels) for v in (0, 100, 200)])
    frames, durations = read(path)
    assert [frame.shape for frame in frames] == [(20, 30)] * 3
    assert [int(frame.mean().round()) for frame in frames] == [0, 100, 200]
    assert durations == [500, 500, 2000]


def test_long_animations_take_six_seconds(tmp_path):
    write_gif(tmp_path / "a.gif", [grey(4 * i) for i in range(60)])
    _, durations = read(tmp_path / "a.gif")
    assert durations == [100] * 59 + [2000]


def test_large_frames_are_scaled_down(tmp_path):
    frames = [grey(9, 300, 500), grey(200, 1200, 600)]
    write_gif(tmp_path / "a.gif", frames)
    found, _ = read(tmp_path / "a.gif")
    assert [frame.shape for frame in found] == [(600, 300)] * 2


def test_titles_stand_above(tmp_path):
    write_gif(tmp_path / "a.gif", [grey(7), grey(9)], ["one", "two"])
    (first, second), _ = read(tmp_path / "a.gif")
    assert first.shape == (42, 30)
    assert first[:22].max() == 255 and first[:22].min() < 100
    assert not np.array_equal(first[:22], second[:22])
    assert set(first[22:].ravel()) == {7}


def test_a_gif_without_frames(tmp_path):
    with pytest.raises(ValueError, match="no frames"):
        write_gif(tmp_path / "a.gif", [])
