import gc
import io
import tempfile

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

import tfgen.data.tfrecords
from tfgen.data import DataNote, load, write_tfrecords
from tfgen.data.tfrecords import read_tfrecords

X = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), np.uint8)


def write_examples(path, examples, compression=""):
    """Write tf.train.Examples; values are bytes, or lists of numbers."""
    kinds = {
        bytes: lambda v: {"bytes_list": tf.train.BytesList(value=[v])},
        int: lambda v: {"int64_list": tf.train.Int64List(value=[v])},
        list: lambda v: {"float_list": tf.train.FloatList(value=v)},
        tuple: lambda v: {"int64_list": tf.train.Int64List(value=v)},
    }
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for example in examples:
            feature = {
                key: tf.train.Feature(**kinds[type(value)](value))
                for key, value in example.items()
            }
            features = tf.train.Features(feature=feature)
            writer.write(
                tf.train.Example(features=features).SerializeToString()
            )


def encoded(pixels, name="png"):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, name)
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


@pytest.mark.parametrize("memory_limit", [2**30, 100, 0])
def test_many_floats_lie_in_a_file(tmp_path, memory_limit, monkeypatch):
    monkeypatch.setattr(tfgen.data.tfrecords, "_PIECE", 50)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    x = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    write_tfrecords(tmp_path / "a.tfrecord", x, np.arange(30) % 3)
    source = read_tfrecords(
        [tmp_path / "a.tfrecord"], "a", memory_limit=memory_limit
    )
    assert isinstance(source.storage.x, np.memmap) == (memory_limit < 480)
    np.testing.assert_array_equal(source.stored(), x)
    assert source.labels.tolist() == [0, 1, 2] * 10
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (tmp_path / "elsewhere").rmdir()
    if memory_limit == 0:
        with pytest.raises(ValueError, match="set TMPDIR to a folder with"):
            read_tfrecords([tmp_path / "a.tfrecord"], "a", memory_limit=0)


def test_shards_uneven_and_empty(tmp_path):
    for shard, (first, end) in enumerate([(0, 1), (1, 1), (1, 30)]):
        write_examples(
            tmp_path / f"x-0000{shard}-of-00003.tfrecord",
            [{"image": encoded(x)} for x in X[first:end]],
        )
    np.testing.assert_array_equal(load(tmp_path, "all").stored(), X)


def test_images_of_two_sizes_and_colours_are_said_at_once(tmp_path):
    images = [X[0], X[1], X[2, :3], X[3, ..., 0], X[4, :2]]
    write_examples(
        tmp_path / "a.tfrec", [{"image": encoded(x)} for x in images]
    )
    file = tmp_path / "a.tfrec"
    assert message_of(file) == (
        f"'{file}, record 2' (and 1 more differ) is 3x5, but '{file}, record "
        "0' is 4x5 (height x width): pass image_size to resize all images; "
        f"'{file}, record 3' is grey, but '{file}, record 0' is in colour: "
        "pass color_mode='grayscale' or 'rgb'."
    )
    source = load(file, "all", image_size=4, color_mode="rgb")
    assert source.shape == (4, 4, 3)


def test_a_folder_of_shards_written_by_others(tmp_path):
    for shard in (0, 1):
        write_examples(
            tmp_path / f"x.tfrecord-0000{shard}-of-00002",
            [
                {"image": encoded(X[i]), "label": i % 2}
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
        (
            [{"x": [1.0], "label": (1, 2)}],
            "rows are not one-hot",
        ),
        (
            [{"x": [1.0], "label": (1, 0)}, {"x": [1.0], "label": 1}],
            "record 1 has the label 1, but the first has (1, 0)",
        ),
        ([{"x": [1.0], "label": 1}, {"x": [2.0]}], "1 of 2 records have no"),
        (
            [{"image": encoded(X[0])}, {"image": encoded(X[1][:3])}],
            "record 1' is 3x5, but",
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


@pytest.mark.parametrize("kind", ["GZIP", "ZLIB"])
@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_compressed_files_are_told_by_their_content(
    tmp_path, kind, memory_limit
):
    path = tmp_path / "a.tfrecord"
    examples = [
        {"image": encoded(image), "label": i % 2} for i, image in enumerate(X)
    ]
    write_examples(path, examples, kind)
    write_examples(tmp_path / "b.tfrecord", examples)
    source = read_tfrecords(
        [path, tmp_path / "b.tfrecord"], "a", memory_limit=memory_limit
    )
    expected = (X / 255).astype(np.float32)
    np.testing.assert_array_equal(source.rows(range(30))[0], expected)
    np.testing.assert_array_equal(source.rows(range(30, 60))[0], expected)
    assert source.labels.tolist() == [0, 1] * 30


def test_what_was_decompressed_is_gone_with_its_source(tmp_path, monkeypatch):
    (tmp_path / "room").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))
    path = tmp_path / "a.tfrecord.gz"
    write_examples(path, [{"image": encoded(image)} for image in X], "GZIP")
    load(path, "all")
    assert not list((tmp_path / "room").iterdir())
    source = read_tfrecords([path], "a", memory_limit=0)
    assert len(list((tmp_path / "room").iterdir())) == 1
    del source
    gc.collect()
    assert not list((tmp_path / "room").iterdir())


@pytest.mark.parametrize("kind", ["GZIP", "ZLIB"])
def test_a_damaged_compressed_file_is_named(tmp_path, kind):
    path = tmp_path / "a.tfrecord"
    write_examples(path, [{"image": encoded(image)} for image in X], kind)
    path.write_bytes(path.read_bytes()[:-9])
    assert "a.tfrecord is damaged or no TFRecord file" in message_of(path)


def test_the_features_that_imagenet_has(tmp_path):
    names = {1: "tench", 7: "cock", 9: "ostrich"}
    numbers = [(7, 1, 9)[i % 3] for i in range(30)]
    write_examples(
        tmp_path / "train-00000-of-00001",
        [
            {
                "image/encoded": encoded(image, "jpeg"),
                "image/class/label": number,
                "image/class/text": names[number].encode(),
                "image/height": 4,
                "image/width": 5,
            }
            for image, number in zip(X, numbers, strict=True)
        ],
    )
    source = load(tmp_path, "all")
    assert source.shape == (4, 5, 3)
    assert source.class_names == ("tench", "cock", "ostrich")
    assert [source.class_names[i] for i in source.labels] == [
        names[number] for number in numbers
    ]


@pytest.mark.parametrize("texts", [(b"crane", b"crane"), (b"a", None)])
def test_numbers_name_classes_that_texts_do_not(tmp_path, texts):
    examples = []
    for i in range(10):
        example = {"x": [0.5, float(i)], "image/class/label": 10 - i % 2}
        if texts[i % 2]:
            example["image/class/text"] = texts[i % 2]
        examples.append(example)
    write_examples(tmp_path / "a.tfrecord", examples)
    source = load(tmp_path / "a.tfrecord", "all")
    assert source.class_names == ("9", "10")
    assert source.labels.tolist() == [1, 0] * 5


def test_texts_of_numbers_are_in_the_order_of_the_numbers(tmp_path):
    write_examples(
        tmp_path / "a.tfrecord",
        [
            {"x": [float(i), 1.0], "image/class/text": (b"9", b"10")[i % 2]}
            for i in range(10)
        ],
    )
    source = load(tmp_path / "a.tfrecord", "all")
    assert source.class_names == ("9", "10")
    assert source.labels.tolist() == [0, 1] * 5


def test_one_hot_labels(tmp_path):
    write_examples(
        tmp_path / "a.tfrecord",
        [{"x": [float(i)], "label": (i % 2, 1 - i % 2)} for i in range(10)],
    )
    source = load(tmp_path / "a.tfrecord", "all")
    assert source.labels.tolist() == [1, 0] * 5


def test_labels_as_texts(tmp_path):
    write_examples(
        tmp_path / "a.tfrecord",
        [
            {"x": [0.5, float(i)], "label": (b"cat", b"ant")[i % 2]}
            for i in range(10)
        ],
    )
    source = load(tmp_path / "a.tfrecord", "all")
    assert source.class_names == ("ant", "cat")
    assert source.labels.tolist() == [1, 0] * 5


@pytest.mark.parametrize("channels", [1, 3])
def test_raw_pixels_whose_size_is_told(tmp_path, channels):
    x = X[..., :channels]
    write_examples(
        tmp_path / "a.tfrecord",
        [
            {
                "image_raw": image.tobytes(),
                "height": 4,
                "width": 5,
                "depth": channels,
            }
            for image in x
        ],
    )
    source = load(tmp_path / "a.tfrecord", "all")
    np.testing.assert_array_equal(source.storage.x, x)


def test_floats_are_read_as_arrays_are(tmp_path):
    x = np.random.default_rng(0).integers(0, 4096, (20, 4, 4, 1))
    write_tfrecords(tmp_path / "a.tfrecord", x.astype(np.float32))
    with pytest.warns(DataNote, match="read as 12 bits, 4095 is white"):
        source = load(tmp_path / "a.tfrecord", "all")
    np.testing.assert_allclose(source.arrays()[0], x / 4095, rtol=1e-6)


def test_deep_images_in_records(tmp_path):
    x = np.random.default_rng(0).integers(0, 1024, (20, 4, 5), np.uint16)
    write_examples(
        tmp_path / "a.tfrecord", [{"image": encoded(image)} for image in x]
    )
    source = load(tmp_path / "a.tfrecord", "all")
    np.testing.assert_allclose(source.arrays()[0][..., 0], x / 1023, rtol=1e-6)


def test_floats_with_labels_of_any_number(tmp_path):
    labels = [300, 100, 200] * 10
    write_examples(
        tmp_path / "a.tfrecord",
        [{"x": [0.5, float(i)], "label": k} for i, k in enumerate(labels)],
    )
    source = load(tmp_path / "a.tfrecord", "all")
    assert source.class_names == ("100", "200", "300")
    assert source.labels.tolist() == [2, 0, 1] * 10


def test_transform_is_for_tables_of_floats(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    write_tfrecords(tmp_path / "a.tfrecord", x)
    for path in (tmp_path, tmp_path / "a.tfrecord"):
        source = load(path, transform="asinh")
        assert all(column.spread > 0 for column in source.columns)
    write_tfrecords(tmp_path / "a.tfrecord", X)
    with pytest.raises(ValueError, match="transform is for tables"):
        load(tmp_path, transform="asinh")
