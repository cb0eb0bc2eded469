"""Options of a training that say how its images are read."""

import numpy as np
import PIL.Image
import pytest

from tfgen.data import DataNote
from tfgen.runs.data import load_splits


def load_train(path, **settings):
    given = {"model": "vae", "data": str(path), **settings}
    return load_splits(given, ["train"])["train"]


def test_a_folder_of_deep_images_is_padded_as_asked(tmp_path):
    for number in range(20):
        pixels = np.full((4, 8), 40 + number, np.uint16)
        PIL.Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    source = load_train(
        tmp_path, image_size="8", fit="pad", background="black", bit_depth=6
    )
    x = source.arrays()[0]
    assert (x[:, [0, 1, 6, 7]] == 0).all()
    np.testing.assert_allclose(x[:, 2:6].max(), 59 / 63, atol=0.03)


@pytest.mark.parametrize("text", ["-1,1", "(-1, 1)", "-1 1"])
def test_the_range_of_floats_of_which_few_are_negative(tmp_path, text):
    x = np.random.default_rng(0).uniform(0, 1, (40, 8, 8))
    x[:, 0, 0] = -0.5  # 1 of 64
    np.save(tmp_path / "a.npy", x)
    source = load_train(tmp_path / "a.npy", value_range=text)
    assert source.value_range == source.stored_range == (-1, 1)
    with pytest.warns(DataNote, match="clipped"):
        clipped = load_train(tmp_path / "a.npy", value_range="0,1")
    assert clipped.arrays()[0].min() == 0
