"""A pack is the source it was written from."""

import json
import types

import hypothesis
import hypothesis.strategies as st
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

import tfgen
from tfgen.data import DataNote, Source, from_arrays, load, pack
from tfgen.data.packed import read_pack
from tfgen.data.storage import Storage

X = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), np.uint8)
DEPTHS = {"u1": 255, "<u2": 4095, "<i4": 1023, "|b1": 1, ">u2": 65535}


def assert_same(source, other):
    """All that a source says and holds, to the last bit."""
    assert repr(other) == repr(source)
    assert other.reading.to_json() == source.reading.to_json()
    for name in ("storage.dtype", "labels", "factors", "transform"):
        mine, others = source, other
        for part in name.split("."):
            mine, others = getattr(mine, part), getattr(others, part)
        np.testing.assert_array_equal(others, mine)
    for mine, others in zip(source.arrays(), other.arrays(), strict=True):
        assert mine is others is None or mine.tobytes() == others.tobytes()
    assert other.stored().tobytes() == source.stored().tobytes()


def message_of(function, *arguments, **options):
    with pytest.raises(ValueError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@st.composite
def sources(draw):
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    n, kind = draw(st.integers(1, 12)), draw(st.sampled_from(["image", "t"]))
    dtype = draw(st.sampled_from([*DEPTHS, "<f4", "<f8", "<f2"]))
    if kind == "image":
        shape = (n, *draw(st.sampled_from([(1, 1, 1), (2, 3, 1), (3, 2, 3)])))
    else:
        shape = (n, draw(st.integers(1, 4)))
    x = rng.random(shape) * DEPTHS.get(dtype, 1)
    x = np.rint(x) if dtype in DEPTHS else x
    labels = draw(st.sampled_from([None, "numbers", "names"]))
    y = None if labels is None else rng.integers(0, 300, n)
    return from_arrays(
        x.astype(dtype),
        y,
        name=draw(st.sampled_from(["arrays", "a b/c.npz", "..."])),
        class_names=[f"class {i}" for i in range(300)]
        if labels == "names"
        else None,
        factors=draw(st.sampled_from([None, np.arange(2 * n).reshape(n, 2)])),
        kind="points" if kind == "t" and draw(st.booleans()) else None,
        standardize=False,
    )


@pytest.mark.filterwarnings("ignore::tfgen.data.DataNote")
@hypothesis.given(
    sources(), st.integers(1, 3), st.sampled_from([None, "GZIP", "ZLIB"])
)
@hypothesis.settings(max_examples=60, deadline=None)
def test_any_source_comes_back(tmp_path_factory, source, shards, compression):
    folder = tmp_path_factory.mktemp("packs") / "pack"
    shards = min(shards, len(source))
    pack(source, folder, shards=shards, compression=compression)
    for memory_limit in (0, 2**30):
        other = read_pack(folder, {}, memory_limit)[0]
        assert_same(source, other)
        assert other.rows([])[0].shape == (0, *source.shape)


@pytest.mark.parametrize("name", ["digits", "iris", "diabetes", "circles"])
def test_a_data_set_comes_back_with_its_splits(tmp_path, name):
    folder = pack(name, tmp_path / "pack", shards=3)
    for split in ("train", "validation", "test", "all"):
        source, other = load(name, split), load(folder, split)
        assert_same(source, other)
        assert other.fingerprint() == source.fingerprint()


@pytest.mark.filterwarnings("ignore::tfgen.data.DataNote")
def test_files_come_back(tmp_path):
    folder = tmp_path / "photos"
    for i, pixels in enumerate(X):
        (folder / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels).save(folder / "ab"[i % 2] / f"{i}.png")
    np.save(tmp_path / "x.npy", X[..., 0].astype(np.uint16) * 16)
    np.savez(tmp_path / "x.npz", x_train=X[:20], x_test=X[20:])
    tfgen.data.write_tfrecords(tmp_path / "x.tfrecord", X, np.arange(30) % 3)
    (tmp_path / "x.csv").write_text(
        "sex,pay,kind\n"
        + "".join(f"{i % 2},{i**4 + 1}.5,{'ab'[i % 2]}\n" for i in range(40))
    )
    cases = {
        "photos": {"image_size": (6, 6), "fit": "pad", "background": "black"},
        "x.npy": {"bit_depth": 12},
        "x.npz": {"value_range": (-1, 1), "color_mode": "grayscale"},
        "x.tfrecord": {},
        "x.csv": {"label_column": "kind", "transform": "asinh"},
    }
    for file, options in cases.items():
        out = pack(tmp_path / file, tmp_path / f"{file}-pack", **options)
        for split in ("train", "test"):
            source = load(tmp_path / file, split, **options)
            assert_same(source, load(out, split))


def test_a_model_of_the_pack_is_the_model_of_the_source(tmp_path):
    folder = pack("digits", tmp_path / "pack", shards=3)
    streamed = read_pack(folder, {}, memory_limit=0)[0].take(200)
    weights = []
    for source in (load("digits", "all").take(200), streamed):
        model = tfgen.build(
            "vae", input_shape=source.shape, latent_dim=2, seed=0
        )
        model.compile()
        batches = source.batches(64, memory_limit=0)
        model.fit(batches, epochs=1, verbose=0)
        weights.append(model.get_weights())
    for mine, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_other_programs_read_the_records(tmp_path):
    folder = pack(from_arrays(X, np.arange(30) % 2), tmp_path / "pack")
    files = [str(file) for file in folder.glob("*.tfrecord")]
    keys = {
        "image_raw": tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([], tf.int64),
        "height": tf.io.FixedLenFeature([], tf.int64),
    }
    for i, record in enumerate(tf.data.TFRecordDataset(files)):
        example = tf.io.parse_single_example(record, keys)
        pixels = tf.io.decode_raw(example["image_raw"], tf.uint8)
        np.testing.assert_array_equal(pixels, X[i].ravel())
        assert (example["label"], example["height"]) == (i % 2, 4)
    # So does tfgen where the shards have lost their company.
    (folder / "pack.json").unlink()
    source = load(folder, "all")
    np.testing.assert_array_equal(source.stored(), X)
    assert source.labels.tolist() == [0, 1] * 15


def test_the_values_of_a_shard_without_company_are_not_guessed(tmp_path):
    folder = pack("iris", tmp_path / "pack")
    (folder / "pack.json").unlink()
    message = message_of(load, folder)
    assert "values of float64 that a pack.json beside it tells" in message


def test_shards_by_number_and_by_size(tmp_path):
    source = from_arrays(X)
    for options, expected in (
        ({}, 1),
        ({"shards": 7}, 7),
        ({"shards": 30}, 30),
        ({"shard_size": "1KB"}, 5),
        ({"shard_size": 1}, 30),
    ):
        folder = pack(source, tmp_path / str(options), **options)
        told = json.loads((folder / "pack.json").read_text())["shards"]
        assert len(told) == expected
        rows = [shard["rows"] for shard in told]
        assert sum(rows) == 30
        assert max(rows) - min(rows) <= 1
        assert_same(source, read_pack(folder, {}, 0)[0])


def test_what_is_wrong_is_said_at_once(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.txt").touch()
    message = message_of(
        pack,
        *("digits", tmp_path / "photos"),
        shards=2,
        shard_size="3XB",
        compression="zip",
        force=True,
    )
    assert "shards and shard_size say the same" in message
    assert "shard_size is '3XB', expected a number of bytes" in message
    assert "compression is 'zip', expected one of GZIP, ZLIB" in message
    assert "photos holds 'a.txt', which is no part of a pack" in message
    message = message_of(pack, "digits", tmp_path / "new", image_sise=3)
    assert message == "image_sise is no option of load."
    message = message_of(pack, "digits", tmp_path / "new", shards=2000)
    assert "'digits' has 1797 rows" in message
    assert not (tmp_path / "new").exists()


def test_records_of_others_are_not_replaced(tmp_path):
    tfgen.data.write_tfrecords(tmp_path / "a.tfrecord", X)
    message = message_of(pack, "iris", tmp_path, force=True)
    assert "holds 'a.tfrecord', which is no part of a pack" in message


def test_a_full_disk_is_seen_before(tmp_path, monkeypatch):
    usage = types.SimpleNamespace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    message = message_of(pack, "digits", tmp_path / "pack")
    assert "takes 0.0 GB, but its disk has 0.0 GB left" in message


class Interrupted(Storage):
    """Rows of which the reading is stopped half way."""

    shape, dtype = (4, 5, 3), np.dtype(np.uint8)

    def __len__(self):
        return 10_000

    def read(self, indices):
        if indices[0]:
            raise KeyboardInterrupt
        return np.zeros((len(indices), *self.shape), np.uint8)


def test_half_a_pack_is_none(tmp_path):
    half = Source(Interrupted(), "image", value_range=(0.0, 1.0))
    with pytest.raises(KeyboardInterrupt):
        pack(half, tmp_path / "pack")
    assert list(tmp_path.iterdir()) == []
    pack("iris", tmp_path / "pack")
    with pytest.raises(KeyboardInterrupt):
        pack(half, tmp_path / "pack", force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["pack"]
    assert load(tmp_path / "pack", "all").name == "iris"
    pack("digits", tmp_path / "pack", force=True)
    assert load(tmp_path / "pack", "all").name == "digits"
    assert [file.name for file in tmp_path.iterdir()] == ["pack"]


def test_a_pack_that_is_not_whole_is_refused(tmp_path):
    folder = pack("iris", tmp_path / "pack", shards=3)
    shards = sorted(folder.glob("*.tfrecord"))
    shards[0].unlink()
    shards[2].write_bytes(shards[2].read_bytes()[:-5])
    message = message_of(load, folder)
    assert f"{shards[0].name} is missing; {shards[2].name} has " in message
    told = json.loads((folder / "pack.json").read_text())
    told["shards"][0]["file"] = f"../{shards[0].name}"
    (folder / "pack.json").write_text(json.dumps(told))
    (tmp_path / shards[0].name).write_bytes(b"of another folder")
    assert "is no name of a file in it" in message_of(load, folder)
    (folder / "index.npz").write_bytes(b"no")
    assert "is no whole pack" in message_of(load, folder)
    (folder / "pack.json").write_text('{"version": 99, "shards": []}')
    assert "of version 99, this tfgen reads up to 1" in message_of(load, folder)


def test_options_that_a_pack_has_lost(tmp_path):
    folder = pack(from_arrays(X), tmp_path / "pack")
    message = message_of(
        load, folder, image_size=8, color_mode="grayscale", bit_depth=4
    )
    assert "image_size is 8x8, but the pack was written with 4x5" in message
    assert "color_mode is 'grayscale', but the pack has 3 channels" in message
    assert "bit_depth is 4, but the pack holds 8 bits" in message
    assert "label_column is for" in message_of(load, folder, label_column="a")
    assert load(folder, image_size=(4, 5), color_mode="rgb").shape == (4, 5, 3)
    folder = pack("iris", tmp_path / "table")
    message = message_of(load, folder, value_range=(0, 1), bit_depth=8)
    assert "value_range is (0, 1), but the pack holds a table" in message


def test_options_that_a_pack_meets(tmp_path):
    images = X.astype(np.uint16) * 2
    with pytest.warns(DataNote, match="read as 10 bits"):
        folder = pack(from_arrays(images), tmp_path / "pack")
    for options in ({"value_range": (-1, 1)}, {"bit_depth": 12}):
        assert_same(
            from_arrays(images, bit_depth=10, **options)
            if "bit_depth" not in options
            else from_arrays(images, **options),
            load(folder, "all", **options),
        )
    train = from_arrays(X)
    dark = pack(from_arrays(X // 2), tmp_path / "dark")
    x = load(dark, like=train).arrays()[0]
    np.testing.assert_array_equal(x, (X // 2 / 255).astype(np.float32))
