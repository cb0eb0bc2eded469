import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tfgen.data import load, write_tfrecords
from tfgen.data.tfrecords import read_tfrecords

X = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), np.uint8)


def write_examples(path, examples):
    """Write tf.train.Examples; values are bytes, or lists of numbers."""
    kinds = {
        bytes: lambda v: {"bytes_list": tf.train.BytesList(value=[v])},
        int: lambda v: {"int64_list": tf.train.Int64List(value=[v])},
        list: lambda v: {"float_list": tf.train.FloatList(value=v)},
        tuple: lambda v: {"int64_list": tf.train.Int64List(value=v)},
    }
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            feature = {
                key: tf.train.Feature(**kinds[type(value)](value))
                for key, value in example.items()
            }
            features = tf.train.Features(feature=feature)
            writer.write(
                tf.train.Example(features=features).SerializeToString()
            )


def png(pixels):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def message_of(path):
    with pytest.raises(ValueError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_images_come_back(tmp_path, memory_limit):
    path = tmp_path / "a.tfrecord"
    write_tfrecords(path, X, np.arange(30) % 3)
    source = read_tfrecords([path], "a", memory_limit=memory_limit)
    x, labels = source.rows([29, 0, 7])
    np.testing.assert_array_equal(x, (X[[29, 0, 7]] / 255).astype(np.float32))
    assert labels.tolist() == [2, 0, 1]
    assert source.num_classes == 3
    batches = source.batches(7, labels=True, memory_limit=memory_limit)
    rows = {row.tobytes(): i for i, row in enumerate(source.arrays()[0])}
    seen = [
        (rows[row.tobytes()], int(label))
        for x, labels in batches
        for row, label in zip(x.numpy(), labels, strict=True)
    ]
    assert sorted(seen) == [(i, i % 3) for i in range(30)]
    assert seen != sorted(seen)


def test_floats_and_shapes_come_back(tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    write_tfrecords(tmp_path / "a.tfrecord", x)
    source = load(tmp_path / "a.tfrecord", "all")
    assert (source.kind, source.standardized) == ("table", True)
    np.testing.assert_array_equal(source.storage.x, x)
    images = np.random.default_rng(0).uniform(-1, 1, (5, 4, 4, 1))
    write_tfrecords(tmp_path / "b.tfrecord", images.astype(np.float32))
    source = load(tmp_path / "b.tfrecord", "all")
    assert (source.kind, source.value_range) == ("image", (-1, 1))


def test_a_folder_of_shards_written_by_others(tmp_path):
    for shard in (0, 1):
        write_examples(
            tmp_path / f"x.tfrecord-0000{shard}-of-00002",
            [
                {"image": png(X[i]), "label": i % 2}
                for i in range(shard * 15, shard * 15 + 15)
            ],
        )
    source = load(tmp_path, "all")
    np.testing.assert_array_equal(source.storage.x, X)
    assert source.labels.tolist() == [0, 1] * 15
    assert load(tmp_path, image_size=8, color_mode="grayscale").shape == (
        8,
        8,
        1,
    )


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        ([], "no records"),
        ([{"y": 1}], "record 0 has the features y; expected image_raw"),
        ([{"image": b"no"}], "record 0' cannot be read as an image"),
        ([{"image": 3}], "record 0: feature 'image' holds no single text"),
        ([{"x": [1.0]}, {"x": [1.0, 2.0]}], "record 1 has shape (2,), but"),
        ([{"x": [1.0], "shape": (2, 2)}], "holds 1 floats; expected 2 x 2"),
        ([{"x": [1.0], "label": (1, 2)}], "holds 2 integers"),
        ([{"x": [1.0], "label": 1}, {"x": [2.0]}], "1 of 2 records have no"),
        (
            [{"image": png(X[0])}, {"image": png(X[1][:3])}],
            "pass image_size or color_mode",
        ),
    ],
)
def test_wrong_records_are_named(tmp_path, examples, expected):
    write_examples(tmp_path / "a.tfrecord", examples)
    assert expected in message_of(tmp_path)


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_tfrecords(path, X)
    content = path.read_bytes()
    for damaged in (
        content[:-7],
        content[:200] + b"zz" + content[202:],
        b"this is some text and not a record",
    ):
        path.write_bytes(damaged)
        message = message_of(path)
        assert f"{path} is damaged or no TFRecord file" in message
        assert "node" not in message
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"\xff\xff\xff")
    assert "record 0 is no tf.train.Example" in message_of(path)
