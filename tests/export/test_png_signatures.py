"""Signatures that take and give files, against Pillow."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

import tfgen
from tfgen.export import export_saved_model
from tfgen.export.png_images import PngImages
from tfgen.export.signatures import make_signatures

RANDOM = np.random.default_rng(0)
LEVELS = RANDOM.integers(0, 256, (3, 8, 8, 3), "uint8")


def build(name, shape, **options):
    return tfgen.build(
        name, input_shape=shape, latent_dim=3, network="mlp", **options
    )


def to_file(levels, kind="PNG"):
    file = io.BytesIO()
    PIL.Image.fromarray(np.squeeze(levels)).save(file, kind)
    return file.getvalue()


def from_files(files):
    images = [PIL.Image.open(io.BytesIO(file)) for file in files]
    assert {image.format for image in images} == {"PNG"}
    return np.stack([np.asarray(image) for image in images])


@pytest.fixture(scope="module")
def vae():
    return build(
        "vae",
        (8, 8, 3),
        likelihood=tfgen.probability.Gaussian(0.5, (-1, 1)),
        num_classes=2,
    )


@pytest.fixture(scope="module")
def served(vae, tmp_path_factory):
    path = export_saved_model(vae, tmp_path_factory.mktemp("base"))
    return tf.saved_model.load(str(path)).signatures


def test_every_signature_with_images_has_a_variant(served):
    assert set(served) == {
        "serving_default",
        *(
            f"{name}{suffix}"
            for name in (
                "decode",
                "encode",
                "encode_sample",
                "generate",
                "generate_truncated",
                "interpolate",
                "reconstruct",
                "score",
            )
            for suffix in ("", "_png")
        ),
    }


def test_files_come_out(vae, served):
    seed, label = np.arange(5), np.array([0, 1, 0, 1, 1])
    answer = served["generate_png"](
        seed=tf.constant(seed), label=tf.constant(label)
    )
    assert set(answer) == {"image_bytes"}
    images = vae.run_endpoint("generate", {"seed": seed, "label": label})["x"]
    levels = (np.clip(images, -1, 1) + 1) * 127.5
    shown = from_files(answer["image_bytes"].numpy())
    np.testing.assert_allclose(shown, levels, atol=0.501)


def test_files_go_in(vae, served):
    label = np.array([1, 0, 1])
    files = [to_file(levels) for levels in LEVELS]
    answer = served["encode_png"](
        image_bytes=tf.constant(files), label=tf.constant(label)
    )
    x = LEVELS / 127.5 - 1
    expected = vae.run_endpoint("encode", {"x": x, "label": label})
    assert set(answer) == {"mean", "stddev"}
    for key, value in expected.items():
        np.testing.assert_allclose(answer[key], value, atol=1e-5)


def test_both_ends_of_a_line_are_files(vae, served):
    files = [to_file(levels) for levels in LEVELS]
    label = np.array([1, 0, 1])
    answer = served["interpolate_png"](
        start_image_bytes=tf.constant(files),
        end_image_bytes=tf.constant(files[::-1]),
        weight=tf.constant([0.0, 0.5, 1.0]),
        label=tf.constant(label),
    )
    x = LEVELS / 127.5 - 1
    ends = vae.reconstruct(np.float32(x[[0, 0]]), label[[0, 2]])
    shown = from_files(answer["image_bytes"].numpy()[[0, 2]])
    np.testing.assert_allclose(shown, (ends + 1) * 127.5, atol=0.501)


@pytest.mark.parametrize(
    "file",
    [
        to_file(np.zeros((9, 8, 3), "uint8")),
        to_file(np.zeros((8, 8, 3), "uint8"), "JPEG"),
        to_file(np.zeros((8, 8, 3), "uint8"), "GIF"),
        b"",
        b"no picture",
    ],
    ids=["size", "jpeg", "gif", "empty", "text"],
)
def test_other_files_are_refused(served, file):
    message = "expected a PNG file of 8 x 8 pixels"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        served["encode_png"](
            image_bytes=tf.constant([file]), label=tf.constant([0], tf.int64)
        )


def test_a_file_that_ends_too_soon(served):
    file = to_file(LEVELS[0])[:60]
    with pytest.raises(tf.errors.InvalidArgumentError):
        served["encode_png"](
            image_bytes=tf.constant([file]), label=tf.constant([0], tf.int64)
        )


def test_arrays_of_another_shape_are_refused(served):
    """Its dense networks would take any 192 values."""
    label = tf.constant([0], tf.int64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible"):
        served["encode"](x=tf.zeros((1, 4, 16, 3)), label=label)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("value_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_all_levels_survive(channels, value_range):
    images = PngImages((8, 8, channels), value_range)
    levels = RANDOM.integers(0, 256, (2, 8, 8, channels))
    low, high = value_range
    x = tf.constant(low + (high - low) * levels / 255, tf.float32)
    files = images.encode(x)
    shown = from_files(files.numpy())
    np.testing.assert_array_equal(shown, np.squeeze(levels))
    np.testing.assert_allclose(images.decode(files), x, atol=1e-6)


def test_values_out_of_the_range_are_clipped():
    x = tf.constant([[[[-0.5], [0.0]], [[1.0], [7.0]]]])
    files = PngImages((2, 2, 1), (0.0, 1.0)).encode(x)
    assert from_files(files.numpy()).tolist() == [[[0, 0], [255, 255]]]


@pytest.mark.parametrize(
    "model, shape, options",
    [
        ("vae", (5,), {}),
        ("gan", (8, 8, 2), {}),
        ("gan", (8, 8, 1), {"data_range": None}),
    ],
)
def test_what_png_cannot_hold_has_no_variants(model, shape, options):
    signatures = make_signatures(build(model, shape, **options))
    assert not [name for name in signatures if name.endswith("_png")]


def test_any_signature_may_be_the_default(tmp_path):
    model = build("gan", (8, 8, 1))
    path = export_saved_model(model, tmp_path, serving_default="generate_png")
    served = tf.saved_model.load(str(path)).signatures
    files = served["serving_default"](seed=tf.constant([3], tf.int64))
    again = served["generate_png"](seed=tf.constant([3], tf.int64))
    assert files["image_bytes"].numpy() == again["image_bytes"].numpy()


def test_an_unknown_default_is_refused(vae, tmp_path):
    with pytest.raises(ValueError, match="'sample', expected one of generate"):
        export_saved_model(vae, tmp_path / "base", serving_default="sample")
    assert not list((tmp_path / "base").iterdir())
