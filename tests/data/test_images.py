import warnings

import numpy as np
import PIL.Image
import pytest

from tfgen.data import from_arrays, load

RNG = np.random.default_rng(0)


def smooth(n, height, width, channels):
    """8-bit images of few waves, as photographs are smooth."""
    small = RNG.integers(0, 256, (n, 4, 4, channels), np.uint8)
    return np.stack(
        [
            np.dstack(
                [
                    PIL.Image.fromarray(plane).resize((width, height), 3)
                    for plane in np.moveaxis(image, 2, 0)
                ]
            )
            for image in small
        ]
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
@pytest.mark.parametrize("color_mode", [None, "grayscale", "rgb"])
def test_files_and_arrays_get_the_same_numbers(
    tmp_path, channels, fit, color_mode
):
    x = smooth(3, 12, 20, channels)
    for number, image in enumerate(x):
        PIL.Image.fromarray(image.squeeze()).save(tmp_path / f"{number}.png")
    options = {
        "image_size": (9, 8),
        "color_mode": color_mode,
        "fit": fit,
        "background": "#102030",
    }
    files = load(tmp_path, "all", **options).arrays()[0]
    np.testing.assert_array_equal(from_arrays(x, **options).arrays()[0], files)
    whole = from_arrays(x.astype(np.int64), **options).arrays()[0]
    np.testing.assert_array_equal(whole, files)
    # Pillow rounds and clips bytes after each of its two passes.
    fractions = from_arrays((x / 255).astype(np.float32), **options)
    np.testing.assert_allclose(fractions.arrays()[0], files, atol=4 / 255)
    deep = from_arrays(x.astype(np.uint16) * 257, **options).arrays()[0]
    np.testing.assert_allclose(deep, files, atol=4 / 255)


def test_bytes_are_resized_as_pillow_does():
    x = smooth(2, 12, 12, 3)
    expected = PIL.Image.fromarray(x[1]).resize((5, 5), PIL.Image.BICUBIC)
    np.testing.assert_array_equal(
        from_arrays(x, image_size=5).arrays()[0][1] * np.float32(255),
        np.asarray(expected, np.float32),
    )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_fit_of_a_black_image_with_a_white_middle(dtype):
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    x = np.zeros((1, 4, 12, 1), dtype)
    x[:, :, 4:8] = white
    x[:, :, 8:] = white // 4 if dtype != "float32" else 0.25
    cropped = from_arrays(x, image_size=4).arrays()[0]
    assert (cropped == 1).all()
    padded = from_arrays(x, image_size=12, fit="pad", background="#808080")
    padded = padded.arrays()[0][0, ..., 0]
    np.testing.assert_allclose(padded[[0, 3, 8, 11]], 128 / 255, atol=1e-4)
    assert (padded[4:8, 4:8] == 1).all()
    squashed = from_arrays(x, image_size=(4, 6), fit="squash").arrays()[0]
    assert squashed[0, 0, 0, 0] == 0
    assert squashed[0, 0, -1, 0] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("dtype", ["bool", "uint8"])
def test_masks_stay_masks(dtype):
    x = np.zeros((2, 8, 8), dtype)
    x[:, 2:5] = 1
    resized = from_arrays(x, image_size=5).arrays()[0]
    assert set(np.unique(resized)) == {0, 1}


def test_other_proportions_are_said():
    def told(height, width, **options):
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            x = np.full((3, height, width), 200, np.uint8)
            from_arrays(x, image_size=8, **options)
        return " ".join(str(note.message) for note in notes)

    assert told(20, 20) == told(100, 104) == ""
    assert "3 of 3 images have other proportions than 8x8" in told(20, 40)
    assert "cropped (fit='pad' or 'squash'" in told(20, 22)
    assert "padded in white" in told(20, 40, fit="pad")
    assert "stretched" in told(40, 20, fit="squash")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"fit": "stretch"}, "fit is 'stretch'; expected one of crop, pad"),
        ({"background": "blu"}, "background is 'blu'; expected a colour"),
        ({"background": 3}, "background is 3; expected a colour"),
    ],
)
def test_other_options_are_refused(options, expected):
    with pytest.raises(ValueError, match=expected):
        from_arrays(np.ones((2, 4, 4)), **options)
