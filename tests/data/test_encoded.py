"""Images as other programs write them: depth, alpha, floats, frames."""

import warnings

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tfgen.data import from_arrays, load
from tfgen.data.image_folder import read_image_folder

RNG = np.random.default_rng(0)


def read(path, **options):
    """All examples, in the order of the files, and what is said."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        source = read_image_folder(path, **options)
    return source, " / ".join(str(note.message) for note in told)


def refusal(path, **options) -> str:
    with pytest.raises(ValueError) as caught:
        load(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def deep_png(path, pixels):
    path.write_bytes(tf.io.encode_png(pixels).numpy())


@pytest.mark.parametrize("memory_limit", [2**30, 0])
@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(
    ("bits", "depth"), [(8, 8), (9, 10), (12, 12), (16, 16)]
)
def test_16_bit_files_have_the_depth_of_their_values(
    tmp_path, memory_limit, suffix, bits, depth
):
    x = RNG.integers(0, 2**bits, (6, 5, 4), np.uint16)
    x[0, 0, 0] = 2**bits - 1
    for number, image in enumerate(x):
        PIL.Image.fromarray(image).save(tmp_path / f"{number}.{suffix}")
    source, told = read(tmp_path, memory_limit=memory_limit)
    white = 2**depth - 1
    assert source.stored_range == (0, white)
    np.testing.assert_allclose(source.arrays()[0][..., 0], x / white, rtol=1e-6)
    assert (f"read as {depth} bits" in told) == (depth < 16)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_16_bit_png_in_colour_or_with_alpha(tmp_path, channels):
    x = RNG.integers(0, 4096, (4, 5, 6, channels), np.uint16)
    if channels != 3:
        x[..., -1] = 65535
    for number, image in enumerate(x):
        deep_png(tmp_path / f"{number}.png", image)
    source, _ = read(tmp_path)
    expected = x[..., :-1] if channels != 3 else x
    assert source.shape == (5, 6, 1 if channels == 2 else 3)
    np.testing.assert_allclose(source.arrays()[0], expected / 4095, rtol=1e-6)


def test_transparent_pixels_of_16_bits_are_the_background(tmp_path):
    x = np.zeros((5, 6, 4), np.uint16)
    x[:2] = 65535
    deep_png(tmp_path / "a.png", x)
    source, told = read(tmp_path, background="#ff0000")
    found = source.arrays()[0][0]
    assert (found[:2] == 1).all()
    assert (found[2:] == [1, 0, 0]).all()
    assert "1 of 1 images have an alpha channel" in told


def test_the_camera_orientation_of_16_bits_in_colour(tmp_path):
    x = RNG.integers(0, 65536, (4, 6, 3), np.uint16)
    deep_png(tmp_path / "a.png", x)
    content = (tmp_path / "a.png").read_bytes()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("L", (1, 1)).save(tmp_path / "b.png", exif=exif)
    other = (tmp_path / "b.png").read_bytes()
    start = other.index(b"eXIf") - 4
    length = int.from_bytes(other[start : start + 4], "big") + 12
    chunk = other[start : start + length]
    (tmp_path / "a.png").write_bytes(content[:33] + chunk + content[33:])
    (tmp_path / "b.png").unlink()
    found = read(tmp_path)[0].arrays()[0][0]
    np.testing.assert_allclose(found, np.rot90(x, -1) / 65535, rtol=1e-6)


def test_32_bit_whole_numbers_and_floats(tmp_path):
    whole = RNG.integers(0, 4096, (4, 5, 6), np.int32)
    fractions = RNG.uniform(0, 1, (4, 5, 6)).astype(np.float32)
    for name, x in (("whole", whole), ("fractions", fractions)):
        (tmp_path / name).mkdir()
        for number, image in enumerate(x):
            path = tmp_path / name / f"{number}.tif"
            PIL.Image.fromarray(image).save(path)
    found = read(tmp_path / "whole")[0].arrays()[0][..., 0]
    np.testing.assert_allclose(found, whole / 4095, rtol=1e-6)
    found = read(tmp_path / "fractions")[0].arrays()[0][..., 0]
    np.testing.assert_array_equal(found, fractions)
    message = refusal(tmp_path)
    assert "0.tif' holds float32" in message
    assert "0.tif' holds int32" in message


def test_8_bits_among_16_keep_their_white(tmp_path):
    deep = RNG.integers(0, 4096, (5, 6), np.uint16)
    PIL.Image.fromarray(deep).save(tmp_path / "a.png")
    shallow = RNG.integers(0, 256, (5, 6), np.uint8)
    PIL.Image.fromarray(shallow).save(tmp_path / "b.png")
    found = read(tmp_path)[0].arrays()[0][..., 0]
    np.testing.assert_allclose(found[0], deep / 4095, rtol=1e-6)
    # To the nearest of 4,096 levels.
    np.testing.assert_allclose(found[1], shallow / 255, atol=0.5 / 4095)


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_masks_in_png(tmp_path, memory_limit):
    x = RNG.integers(0, 2, (70, 5, 6), np.uint8)
    x[::2] = 0
    for number, image in enumerate(x):
        PIL.Image.fromarray(image).save(tmp_path / f"{number:02}.png")
    source, told = read(tmp_path, memory_limit=memory_limit)
    np.testing.assert_array_equal(source.arrays()[0][..., 0], x)
    assert "read as masks" in told
    # One image that is no mask, and not among those looked at first.
    PIL.Image.fromarray(x[1] * 255).save(tmp_path / "01.png")
    source, told = read(tmp_path, memory_limit=memory_limit)
    assert source.stored_range == (0, 255)


def test_bit_depth_of_files(tmp_path):
    x = RNG.integers(0, 16, (4, 5, 6), np.uint8)
    for number, image in enumerate(x):
        PIL.Image.fromarray(image).save(tmp_path / f"{number}.png")
    assert "comes out all but black" in read(tmp_path)[1]
    source, told = read(tmp_path, bit_depth=4)
    np.testing.assert_allclose(source.arrays()[0][..., 0], x / 15, rtol=1e-6)
    assert told == ""
    assert "expected 0 to 7 for bit_depth=3" in refusal(tmp_path, bit_depth=3)


def test_transparent_pixels_are_laid_over_the_background(tmp_path):
    clear = PIL.Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    clear.save(tmp_path / "1.png")
    PIL.Image.new("RGB", (2, 2), (255, 0, 0)).save(tmp_path / "2.png")
    source, told = read(tmp_path)
    assert (source.arrays()[0][0] == 1).all()
    assert "1 of 2 images have an alpha channel" in told
    assert "laid over white; background= sets" in told
    source, _ = read(tmp_path, background="#00ff00")
    assert (source.arrays()[0][0] == [0, 1, 0]).all()
    assert (source.arrays()[0][1] == [1, 0, 0]).all()


def test_further_frames_are_said(tmp_path):
    first, second = (PIL.Image.new("L", (4, 4), v) for v in (200, 100))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    source, told = read(tmp_path)
    np.testing.assert_allclose(source.arrays()[0], 200 / 255)
    assert "1 of 1 files hold further frames" in told


def test_circles_stay_circles(tmp_path):
    y, x = np.mgrid[:60, :120]
    circle = 255 * ((x - 60) ** 2 + (y - 30) ** 2 < 20**2).astype(np.uint8)
    PIL.Image.fromarray(circle).save(tmp_path / "a.png")
    PIL.Image.fromarray(circle.T).save(tmp_path / "b.png")
    for fit, word in (("crop", "cropped"), ("pad", "padded")):
        source, told = read(
            tmp_path, image_size=60, fit=fit, background="black"
        )
        for image in source.arrays()[0][..., 0] > 0.5:
            assert image.any(0).sum() == pytest.approx(
                image.any(1).sum(), abs=1
            )
        assert "2 of 2 images have other proportions" in told
        assert word in told


def test_what_comes_later_is_read_by_the_same_options(tmp_path):
    for name, bits in (("first", 12), ("later", 7)):
        (tmp_path / name).mkdir()
        for number in range(4):
            pixels = RNG.integers(0, 2**bits, (5, 9), np.uint16)
            path = tmp_path / name / f"{number}.png"
            PIL.Image.fromarray(pixels).save(path)
    first = load(tmp_path / "first", "all", image_size=9, fit="pad")
    later = load(tmp_path / "later", like=first)
    assert later.stored_range == first.stored_range == (0, 4095)
    assert (later.rows([0])[0][0, 0] == 1).all()
    array = from_arrays(np.full((2, 5, 9), 2047, np.uint16), like=first)
    np.testing.assert_allclose(array.arrays()[0][0, 4], 2047 / 4095)
    assert (array.arrays()[0][0, 0] == 1).all()


def with_exif_behind_pixels(path):
    """The same PNG, with its eXIf chunk as the last but one."""
    content, chunks = path.read_bytes(), []
    position = 8
    while position < len(content):
        size = 12 + int.from_bytes(content[position : position + 4])
        chunks.append(content[position : position + size])
        position += size
    (exif,) = (chunk for chunk in chunks if chunk[4:8] == b"eXIf")
    chunks.remove(exif)
    path.write_bytes(content[:8] + b"".join([*chunks[:-1], exif, chunks[-1]]))


@pytest.mark.parametrize("memory_limit", [2**30, 0])
@pytest.mark.parametrize("late", [False, True])
def test_the_camera_orientation_of_png(tmp_path, memory_limit, late):
    x = RNG.integers(0, 256, (3, 6, 8, 3), np.uint8)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    for number, image in enumerate(x):
        file = tmp_path / f"{number}.png"
        PIL.Image.fromarray(image).save(file, exif=exif)
        if late:
            with_exif_behind_pixels(file)
    PIL.Image.fromarray(np.rot90(x[0], -1)).save(tmp_path / "3.png")
    source, _ = read(tmp_path, memory_limit=memory_limit)
    assert source.shape == (8, 6, 3)
    turned = np.rot90(x, -1, axes=(1, 2))
    np.testing.assert_array_equal(source.stored(), [*turned, turned[0]])


def test_a_png_that_ends_too_early_is_seen_before_it_is_decoded(tmp_path):
    pixels = RNG.integers(0, 256, (40, 40, 3), np.uint8)
    for number in range(100):
        PIL.Image.fromarray(pixels).save(tmp_path / f"{number:02}.png")
    file = tmp_path / "77.png"
    for size in (-1, -20, 60, 20, 9):
        file.write_bytes(file.read_bytes()[:size])
        message = refusal(tmp_path, split="all")
        assert f"'{file}' cannot be read as an image (it ends too" in message
