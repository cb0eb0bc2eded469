import pathlib
import sys
import warnings

import numpy as np
import pytest

from tfgen.data import DataNote, from_arrays, load
from tfgen.data.loader import read_once
from tfgen.data.ranges import in_pieces
from tfgen.data.storage import ArrayStorage, ClippedStorage

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (20, 4, 4), np.uint8)
Y = np.arange(20) % 2
EXPECTED = (X[..., None] / 255).astype(np.float32)


@pytest.fixture
def saved(tmp_path):
    """A file that holds these arrays, as a path."""

    def save(*arrays, **by_key):
        np.savez(tmp_path / "a.npz", *arrays, **by_key)
        return tmp_path / "a.npz"

    return save


def read(path, split="all", **options):
    """A source, and what is said of it."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        source = load(path, split, **options)
    return source, " / ".join(str(note.message) for note in told)


def refusal(path) -> str:
    with pytest.raises(ValueError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("x", ["x", "X", "images", "imgs", "data", "arr_0"])
@pytest.mark.parametrize("y", ["y", "Y", "labels", "label", "targets", "arr_1"])
def test_examples_and_labels_by_the_names_people_use(saved, x, y):
    source, told = read(saved(**{y: Y, x: X}))
    np.testing.assert_array_equal(source.arrays()[0], EXPECTED)
    assert source.labels.tolist() == Y.tolist()
    assert told == ""


def test_arrays_without_names(saved):
    source, _ = read(saved(X, Y))
    np.testing.assert_array_equal(source.arrays()[0], EXPECTED)
    assert source.num_classes == 2
    assert len(load(saved(X), "test")) == 2


@pytest.mark.parametrize(
    "form", ["x_{}", "X_{}", "{}_images", "images_{}", "{}_x", "{}"]
)
def test_the_official_split_is_kept(saved, form):
    path = saved(
        **{
            form.format("test"): X[15:],
            form.format("train"): X[:15],
            "y_train": Y[:15],
            "y_test": Y[15:],
        }
    )
    test, told = read(path, "test")
    np.testing.assert_array_equal(test.arrays()[0], EXPECTED[15:])
    assert test.labels.tolist() == Y[15:].tolist()
    parts = [load(path, split) for split in ("train", "validation")]
    assert [len(part) for part in parts] == [14, 1]
    both = np.concatenate([part.arrays()[0] for part in parts])
    assert {row.tobytes() for row in both} == {
        row.tobytes() for row in EXPECTED[:15]
    }
    assert told == ""


def test_three_official_splits_as_medmnist_has_them(saved):
    path = saved(
        train_images=X[:12],
        val_images=X[12:15],
        test_images=X[15:],
        train_labels=Y[:12, None],
        val_labels=Y[12:15, None],
        test_labels=Y[15:, None],
    )
    for split, rows in (
        ("train", slice(0, 12)),
        ("validation", slice(12, 15)),
        ("test", slice(15, 20)),
    ):
        source = load(path, split)
        np.testing.assert_array_equal(source.arrays()[0], EXPECTED[rows])
        assert source.labels.tolist() == Y[rows].tolist()


def test_a_validation_split_alone(saved):
    path = saved(x_train=X[:15], x_val=X[15:])
    assert len(load(path, "validation")) == 5
    assert len(load(path, "train")) == 15
    assert "test part of 'a.npz' is empty" in refusal_of_split(path, "test")


def refusal_of_split(path, split):
    with pytest.raises(ValueError) as caught:
        load(path, split)
    return str(caught.value)


def test_what_is_left_out_is_said(saved):
    _, told = read(saved(x=X, y=Y, meta=np.arange(3), z=Y))
    assert told == "a.npz: x, y are read, meta, z left out."


def test_one_array_of_any_name(saved):
    source, told = read(saved(photos=X))
    np.testing.assert_array_equal(source.arrays()[0], EXPECTED)
    assert told == ""


def test_labels_as_texts_and_names_of_classes(saved):
    source, _ = read(saved(x=X, y=np.array(["cat", "ant"])[Y]))
    assert source.class_names == ("ant", "cat")
    names = np.array(["zebra", "ant"])
    source, _ = read(saved(x=X, y=Y, class_names=names))
    assert source.class_names == ("zebra", "ant")
    assert source.labels.tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"a": X, "b": Y}, "has the keys a, b; expected x, images, data or"),
        ({"y": Y, "z": X}, "has the keys y, z; expected x"),
        (
            {"x_train": X, "x_test": X, "y_train": Y},
            "has y_train for the splits train, test: add the labels",
        ),
        (
            {"x_train": X, "x_test": X / 255},
            "x_train is uint8 of (20, 4, 4), x_test is float64",
        ),
        ({"x": np.array([{}, 1], object)}, "at key 'x' (it holds Python"),
        ({"x": X, "y": Y[:3]}, "y has shape (3,); expected one label"),
        ({"x": np.zeros((9, 3, 8, 8))}, "np.moveaxis(x, 1, -1)"),
    ],
)
def test_other_files_are_refused(saved, arrays, expected):
    assert expected in refusal(saved(**arrays))


def test_the_depth_is_that_of_all_splits(saved):
    train, test = X.astype(np.int64), X.astype(np.int64)
    test[0, 0, 0] = 4000
    path = saved(x_train=train, x_test=test)
    assert load(path, "train").stored_range == (0, 4095)


def test_npy_stays_on_disk(tmp_path):
    np.save(tmp_path / "a.npy", X)
    source = load(tmp_path / "a.npy", "all")
    assert isinstance(source.storage.x, np.memmap)
    np.testing.assert_array_equal(source.rows([19])[0], EXPECTED[19:])


@pytest.mark.parametrize("name", ["bad.npz", "bad.npy"])
@pytest.mark.parametrize("content", [b"", b"hello"])
def test_damaged_files_are_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    message = refusal(tmp_path / name)
    assert f"{name}' cannot be read as NumPy" in message


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_pages_of_a_mapped_file_are_let_go(tmp_path, monkeypatch):
    """A file beyond the memory must not count as memory of the process."""
    path, megabytes = tmp_path / "x.npy", 48
    x = np.zeros((megabytes, 256, 4096, 1), np.uint8)
    x[:, ::2] = 255
    np.save(path, x)
    x = np.load(path, mmap_mode="r")
    monkeypatch.setattr("tfgen.data.ranges._PIECE_BYTES", 2**22)
    seen = [_resident_megabytes(path) for piece in in_pieces(x) if piece.sum()]
    assert len(seen) == 12 and max(seen) < 8
    source = from_arrays(x)
    rows, _ = source.rows(np.arange(0, megabytes, 2))
    assert rows[:, ::2].min() == 1 and rows[:, 1::2].max() == 0
    assert _resident_megabytes(path) < 4


def _resident_megabytes(path):
    """What of a mapped file lies in this process' memory."""
    of_file, kilobytes = False, 0
    for line in pathlib.Path("/proc/self/smaps").read_text().splitlines():
        key, *values = line.split()
        if not key.endswith(":"):
            of_file = line.endswith(str(path))
        elif of_file and key == "Rss:":
            kilobytes += int(values[0])
    return kilobytes / 1024


def test_a_mapped_file_is_passed_over_once(tmp_path, monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (50, 4, 4, 3), np.uint8)
    np.save(tmp_path / "x.npy", x)
    splits = ("train", "validation", "test")
    whole = from_arrays(x)
    expected = whole.division((0.8, 0.1, 0.1), seed=3)

    def read(storage, indices):
        raise AssertionError("another pass")

    monkeypatch.setattr(ArrayStorage, "read", read)
    with read_once():
        load(tmp_path / "x.npy", "all", seed=3)
        found = [load(tmp_path / "x.npy", s, seed=3).indices for s in splits]
    for rows, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(rows, others)
    # Values that are clipped are hashed as they come out.
    monkeypatch.undo()
    np.save(tmp_path / "y.npy", x / 255 * 1.0005)
    with pytest.warns(DataNote, match="clipped"):
        source = load(tmp_path / "y.npy", "train", seed=3)
    assert isinstance(source.storage, ClippedStorage)
    rows = from_arrays(source.storage.read(np.arange(50)))
    rows = rows.division((0.8, 0.1, 0.1), seed=3)[0]
    np.testing.assert_array_equal(source.indices, rows)
