"""What Pillow, NumPy and TensorFlow write is read back, or its file is named.

The range that a file is meant to have is told here anew, from the largest
value alone.
"""

import io
import pathlib
import tempfile

import hypothesis
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
from hypothesis import strategies as st

from tfgen.data import load

ROWS = 4


def numpy_array(folder, x):
    np.save(folder / "a.npy", x)
    return folder / "a.npy"


def numpy_arrays(folder, x):
    np.savez_compressed(folder / "a.npz", images=x)
    return folder / "a.npz"


def records(compression, as_images):
    def write(folder, x):
        path = folder / "a.tfrecord"
        with tf.io.TFRecordWriter(str(path), compression) as writer:
            for image in x:
                feature = {"x": numbers(image), "shape": shape_of(image)}
                if as_images:
                    image = image[..., None] if image.ndim == 2 else image
                    png = tf.io.encode_png(image).numpy()
                    value = tf.train.BytesList(value=[png])
                    feature = {"image": tf.train.Feature(bytes_list=value)}
                features = tf.train.Features(feature=feature)
                example = tf.train.Example(features=features)
                writer.write(example.SerializeToString())
        return path

    return write


def numbers(image):
    values = tf.train.FloatList(value=image.ravel().astype(float))
    return tf.train.Feature(float_list=values)


def shape_of(image):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=image.shape))


def image_files(suffix):
    def write(folder, x):
        for number, image in enumerate(x):
            path = folder / f"{number}.{suffix}"
            if suffix == "png" and image.dtype == np.uint16 and image.ndim == 3:
                # Pillow writes no colours of 16 bits.
                path.write_bytes(tf.io.encode_png(image).numpy())
            else:
                PIL.Image.fromarray(image.squeeze()).save(path)
        return folder

    return write


ANY = ("uint8", "uint16", "int32", "int64", "float32", "float64")
FORMS = {
    "npy": (numpy_array, ANY),
    "npz": (numpy_arrays, ANY),
    "floats": (records("", as_images=False), ANY),
    "floats, gzip": (records("GZIP", as_images=False), ANY),
    "png in records": (records("", as_images=True), ANY[:2]),
    "png in records, zlib": (records("ZLIB", as_images=True), ANY[:2]),
    "png": (image_files("png"), ANY[:2]),
    "tif": (image_files("tif"), ("uint8", "uint16", "int32", "float32")),
    "bmp": (image_files("bmp"), ANY[:1]),
    "ppm": (image_files("ppm"), ANY[:1]),
}
IN_COLOUR = {"tif": ("uint8",)}
CASES = [
    (form, dtype, shape)
    for form, (_, dtypes) in FORMS.items()
    for dtype in dtypes
    for shape in ((3, 4), (3, 4, 1), (4, 3, 3))
    if shape[-1] != 3 or len(shape) == 2 or dtype in IN_COLOUR.get(form, dtypes)
]
drawn = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def read_back(form, x, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = FORMS[form][0](pathlib.Path(folder), x)
        return load(path, "all", **options).arrays()[0]


def white_of(largest):
    """As the docs have it: a mask, or the fewest usual bits."""
    if largest == 1:
        return 1
    return next(2**d - 1 for d in (8, 10, 12, 14, 16) if largest < 2**d)


@hypothesis.settings(max_examples=60)
@hypothesis.given(st.sampled_from(CASES), st.integers(1, 16), drawn)
def test_whole_numbers_of_any_depth(case, bits, rng):
    form, dtype, shape = case
    bits = min(bits, 8) if dtype == "uint8" else bits
    x = rng.integers(0, 2**bits, (ROWS, *shape)).astype(dtype)
    found = read_back(form, x)
    expected = x.reshape(found.shape) / white_of(x.max())
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    st.sampled_from(["npy", "npz", "floats", "floats, gzip", "tif"]),
    st.sampled_from(["float16", "float32", "float64"]),
    st.sampled_from([(0, 1), (-1, 1)]),
    drawn,
)
def test_fractions(form, dtype, bounds, rng):
    dtype = "float32" if form == "tif" else dtype
    x = rng.uniform(*bounds, (ROWS, 3, 4)).astype(dtype)
    found = read_back(form, x)[..., 0]
    np.testing.assert_array_equal(found, x.astype(np.float32))


@pytest.mark.parametrize("form", ["npy", "npz", "floats", "tif"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, "values from 0 to 1.5; expected"),
        (-2, "values from -2 to 0; expected"),
        (np.nan, "1 values that are NaN or infinite"),
        (np.inf, "1 values that are NaN or infinite"),
        (254.5, "divide by 255, or pass bit_depth=8"),
    ],
)
def test_what_has_no_range_is_refused_alike(tmp_path, form, value, expected):
    x = np.zeros((ROWS, 3, 4), np.float32)
    x[2, 1, 1] = value
    path = FORMS[form][0](tmp_path, x)
    with pytest.raises(ValueError) as caught:
        load(path)
    assert expected in str(caught.value)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


@hypothesis.settings(max_examples=20)
@hypothesis.given(
    st.sampled_from(["PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "TGA"]),
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"]),
    drawn,
)
def test_images_of_any_mode_look_as_pillow_shows_them(kind, mode, rng):
    pixels = rng.integers(0, 256, (6, 5, 3), np.uint8)
    image = PIL.Image.fromarray(pixels).convert(mode)
    file = io.BytesIO()
    try:
        image.save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    except OSError:
        return  # a format without this mode
    shown = PIL.Image.open(file)
    gray = shown.mode in ("1", "L", "LA")
    expected = np.asarray(shown.convert("L" if gray else "RGB"))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"a.{kind.lower()}")
        path.write_bytes(file.getvalue())
        found = load(folder, "all").arrays()[0][0]
    np.testing.assert_array_equal(
        found, (expected.reshape(found.shape) / 255).astype(np.float32)
    )
