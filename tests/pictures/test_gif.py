import numpy as np
import PIL.Image
import pytest

from tfgen.pictures import write_gif


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
def test_frames_come_back(tmp_path, channels):
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


def test_no_frames(tmp_path):
    with pytest.raises(ValueError, match="no frames"):
        write_gif(tmp_path / "a.gif", [])
