"""Nothing of a file runs; what is too large is refused before it is read."""

import io
import pathlib
import zipfile

import keras
import numpy as np
import PIL.Image
import pytest

import tfgen
from tfgen.data.checks import check_memory


class Touching:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


def test_code_in_a_model_does_not_run(tmp_path):
    inputs = keras.Input((2,))
    # Its code is in the file.
    layer = keras.layers.Lambda(lambda x: 2 * x)
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    with pytest.raises(
        ValueError, match="model.keras cannot be loaded.*Lambda"
    ):
        tfgen.load(tmp_path / "model.keras")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_objects_in_arrays_are_not_made(tmp_path, name):
    save = np.save if name.endswith("npy") else np.savez
    objects = np.array([Touching(tmp_path / "made")] * 20, object)
    save(tmp_path / name, objects, allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        tfgen.data.load(tmp_path / name)
    assert not (tmp_path / "made").exists()


def test_an_array_that_says_it_is_larger_than_its_file(tmp_path):
    content = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**3)}
    np.lib.format.write_array_header_1_0(content, header)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content.getvalue() + bytes(64))
    with pytest.raises(ValueError, match="it says .*, and holds less"):
        tfgen.data.load(tmp_path / "x.npz")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_image_of_too_many_pixels_is_not_decoded(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        PIL.Image.new("L", (8, 9)).save(tmp_path / name)
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 71)
    with pytest.raises(ValueError, match="72 pixels, expected at most .* 71"):
        tfgen.data.load(tmp_path)


def test_more_than_the_memory_of_the_machine():
    check_memory(2**20, "x.npz", "cut it")
    with pytest.raises(ValueError, match=r"x.npz would take .*: cut it\."):
        check_memory(2**60, "x.npz", "cut it")
