import numpy as np
import PIL.Image
import pytest

from tfgen.pictures import write_png


@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5, 1), (4, 5)])
def test_another_program_reads_it(tmp_path, shape):
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
