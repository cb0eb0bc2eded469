import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tfgen.data import DataNote, load
from tfgen.data.image_folder import read_image_folder


@pytest.fixture
def folder(tmp_path):
    """Returns a function that writes one image and returns its pixels."""
    rng = np.random.default_rng(0)

    def write(name, height=6, width=8, mode="RGB", **options):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        image = PIL.Image.fromarray(pixels).convert(mode)
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
        return np.asarray(image)

    write.path = tmp_path / "photos"
    return write


def message_of(path, **options):
    with pytest.raises(ValueError) as caught:
        load(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_sub_folders_are_classes(folder, memory_limit):
    pixels = [
        folder("ant/deep/1.png"),
        folder("ant/2.bmp"),
        folder("bee/3.png"),
        folder("bee/.hidden.png", height=1) * 0,
    ]
    source = read_image_folder(folder.path, memory_limit=memory_limit)
    x, labels = source.arrays()
    assert source.class_names == ("ant", "bee")
    found = dict(zip([row.tobytes() for row in x], labels, strict=True))
    expected = [(p / 255).astype(np.float32).tobytes() for p in pixels[:3]]
    assert found == dict(zip(expected, [0, 0, 1], strict=True))


def test_images_beside_folders_have_no_classes(folder):
    folder("a/1.png")
    folder("2.png")
    assert load(folder.path, "all").num_classes is None


@pytest.mark.parametrize("name", ["0.png", "z.png"])
def test_a_stray_image_beside_classes_is_named_and_left_out(folder, name):
    pixels = {
        f"{c}/{i}.png": folder(f"{c}/{i}.png") for i in (1, 2) for c in "ab"
    }
    folder(name)
    with pytest.warns(DataNote, match=f"left out, .*: '{name}' .1 of 5"):
        source = load(folder.path, "all")
    assert source.class_names == ("a", "b")
    x, labels = source.arrays()
    for number, file in enumerate(sorted(pixels)):
        expected = (pixels[file] / 255).astype(np.float32)
        np.testing.assert_array_equal(x[number], expected)
    assert labels.tolist() == [0, 0, 1, 1]


def test_many_images_beside_folders_leave_no_classes_and_are_said(folder):
    for name in ("a/1.png", "b/2.png", "3.png", "4.png"):
        folder(name)
    with pytest.warns(DataNote, match="no classes, as 2 of 4 images lie"):
        source = load(folder.path, "all")
    assert (len(source), source.num_classes) == (4, None)


@pytest.mark.parametrize(
    "name", ["1.tif", "1.TIFF", "1.ppm", "1.pgm", "1.jp2", "1.tga", "1.ico"]
)
def test_whatever_pillow_opens_is_read(folder, name):
    if name == "1.ico":
        folder(name, height=16, width=16)
    else:
        folder(name, mode="L" if name == "1.pgm" else "RGB")
    assert len(load(folder.path, "all")) == 1


def test_what_is_skipped_is_counted_by_suffix(folder):
    folder("a/1.png")
    folder("a/2.png")
    for name in ("x.txt", "a/y.TXT", "z.json", "LICENSE", ".hidden", "a/v.h5"):
        (folder.path / name).write_text("x")
    with pytest.warns(DataNote) as told:
        assert len(load(folder.path, "all")) == 2
    (note,) = [str(note.message) for note in told]
    assert note == (
        "photos: 2 images are read, 5 other files are not (2 .txt, 1 .h5, "
        "1 .json, 1 no suffix)."
    )


def test_one_folder_is_no_class(folder):
    folder("all/1.png")
    folder("all/2.png")
    assert load(folder.path, "all").num_classes is None


def test_folders_of_splits_are_refused(folder):
    folder("train/1.png")
    folder("test/2.png")
    assert "looks like a split" in message_of(folder.path)


def test_another_size_is_named(folder):
    folder("1.png")
    folder("2.png", height=7)
    message = message_of(folder.path)
    assert "2.png' is 7x8" in message
    assert "pass image_size" in message
    source = load(folder.path, "all", image_size=(4, 5))
    assert source.shape == (4, 5, 3)


def test_grey_among_colour_is_named(folder):
    folder("1.png")
    pixels = folder("2.png", mode="L")
    message = message_of(folder.path)
    assert "2.png' is grey" in message
    assert "color_mode='grayscale' or 'rgb'" in message
    colour = load(folder.path, "all", color_mode="rgb").rows([1])[0][0]
    np.testing.assert_array_equal(colour[..., 2] * 255, pixels)
    assert load(folder.path, color_mode="grayscale").shape == (6, 8, 1)


def test_a_uniform_image_keeps_its_value_when_resized(folder):
    folder.path.mkdir()
    for size in (10, 17):
        image = PIL.Image.new("RGB", (size, size), (51, 102, 204))
        image.save(folder.path / f"{size}.png")
    for image in load(folder.path, "all", image_size=6).arrays()[0]:
        colours = np.unique(image.reshape(-1, 3), axis=0)
        np.testing.assert_allclose(colours, [[0.2, 0.4, 0.8]], atol=1e-6)


def test_the_camera_orientation_is_applied(folder):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    pixels = folder("1.png", height=6, width=8, exif=exif)
    folder("2.png", height=8, width=6)
    x = load(folder.path, "all").rows([0])[0][0]
    clockwise = np.rot90(pixels, -1)
    np.testing.assert_array_equal(x, (clockwise / 255).astype(np.float32))


@pytest.mark.parametrize("keep", [0, 5, 90])
def test_an_unreadable_image_is_named(folder, keep):
    folder("1.png")
    folder("2.png")
    path = folder.path / "2.png"
    path.write_bytes(path.read_bytes()[:keep])
    message = message_of(folder.path)
    assert "2.png' cannot be read as an image" in message
    assert "repair or remove it" in message


def test_an_image_that_breaks_later_is_named_in_the_stream(folder):
    for i in range(4):
        folder(f"{i}.png")
    source = read_image_folder(folder.path, memory_limit=0)
    path = folder.path / "3.png"
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(tf.errors.OpError, match="3.png' cannot be read as"):
        list(source.batches(2, memory_limit=0))


def test_streamed_images_are_those_in_memory(folder):
    for i in range(9):
        folder(f"{'ab'[i % 2]}/{i}.png")
    memory, stream = (
        read_image_folder(folder.path, (-1, 1), memory_limit=limit)
        for limit in (2**30, 0)
    )
    np.testing.assert_array_equal(memory.arrays()[0], stream.arrays()[0])
    pairs = zip(
        memory.batches(4, labels=True),
        stream.batches(4, labels=True, memory_limit=0),
        strict=True,
    )
    for (x, labels), (streamed_x, streamed_labels) in pairs:
        np.testing.assert_array_equal(x, streamed_x)
        np.testing.assert_array_equal(labels, streamed_labels)
    parts = [s.divide((0.5, 0.5), 1)[0] for s in (memory, stream)]
    np.testing.assert_array_equal(*[part.arrays()[0] for part in parts])


def test_fingerprint_of_streamed_files(folder):
    for i in range(3):
        folder(f"{i}.png")
    first = read_image_folder(folder.path, memory_limit=0).fingerprint()
    assert first == read_image_folder(folder.path, memory_limit=0).fingerprint()
    folder("1.png")
    assert first != read_image_folder(folder.path, memory_limit=0).fingerprint()


def test_an_empty_folder_is_refused(folder):
    folder.path.mkdir()
    (folder.path / "notes.txt").write_text("x")
    assert "has no images among its 1 files (1 .txt)" in message_of(folder.path)
