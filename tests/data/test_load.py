import gzip

import numpy as np
import PIL.Image
import pytest
import sklearn.datasets

import tfgen.data
from tfgen.data import catalog, load, loader


def all_parts(name, **options):
    return [
        load(name, split, **options)
        for split in ("train", "validation", "test")
    ]


def as_set(source):
    return {row.tobytes() for row in source.arrays()[0]}


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Data sets that are neither installed nor cached nor downloadable."""

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(catalog, "FASHION_MNIST_FOLDER", tmp_path / "none")
    for name in ("fashion_mnist", "mnist", "cifar10"):
        monkeypatch.setattr(f"keras.datasets.{name}.load_data", fail_at(name))


def fail_at(name):
    def load_data():
        raise OSError(f"URL fetch failure\non {name}")

    return load_data


def test_digits_are_those_of_scikit_learn():
    source = load("digits", "all")
    bunch = sklearn.datasets.load_digits()
    assert (source.kind, source.shape) == ("image", (8, 8, 1))
    assert (source.value_range, source.num_classes) == ((0.0, 1.0), 10)
    np.testing.assert_array_equal(
        source.arrays()[0][..., 0] * 16, bunch.images.astype(np.float32)
    )
    np.testing.assert_array_equal(source.labels, bunch.target)


def test_three_parts_make_the_whole_without_leakage():
    train, validation, test = all_parts("digits")
    # A tenth each, to the nearest row.
    assert [len(train), len(validation), len(test)] == [1438, 179, 180]
    assert not as_set(train) & as_set(test)
    assert not as_set(train) & as_set(validation)
    assert not as_set(validation) & as_set(test)
    both = load("digits", "train+validation")
    assert as_set(both) == as_set(train) | as_set(validation)
    assert len(load("digits", "all")) == 1797


def test_the_division_is_a_function_of_the_seed():
    first = load("digits", "test", seed=1).fingerprint()
    assert load("digits", "test", seed=1).fingerprint() == first
    assert load("digits", "test", seed=2).fingerprint() != first


@pytest.mark.parametrize(
    ("name", "rows", "columns", "classes"),
    [
        ("iris", 150, 4, 3),
        ("wine", 178, 13, 3),
        ("breast_cancer", 569, 30, 2),
        ("diabetes", 442, 10, None),
    ],
)
def test_tables_are_standardized_by_training_rows(name, rows, columns, classes):
    train, validation, test = all_parts(name)
    assert len(train) + len(validation) + len(test) == rows
    assert train.shape == (columns,)
    assert len(train.feature_names) == columns
    assert train.num_classes == classes
    raw = train.storage.x
    mean = raw[train.indices].mean(0)
    deviation = raw[train.indices].std(0)
    for part in (train, validation, test, load(name, "all")):
        expected = (raw[part.indices] - mean) / deviation
        np.testing.assert_allclose(
            part.arrays()[0], expected, rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize(
    ("name", "modes", "radius", "rows"),
    [
        ("ring", 8, None, 100_000),
        ("grid", 25, None, 100_000),
        ("circles", 2, (1.0, 0.5), 10_000),
    ],
)
def test_points_are_drawn_around_their_modes(name, modes, radius, rows):
    source = load(name, seed=3)
    x, labels = source.arrays()
    assert (len(source), source.num_classes) == (rows, modes)
    assert source.value_range is None
    assert not as_set(source) & as_set(load(name, "test", seed=3))
    assert as_set(source) != as_set(load(name, seed=4))
    stddev = {"ring": 0.01, "grid": 0.05, "circles": 0.05}[name]
    for mode in range(modes):
        points = x[labels == mode]
        if radius:
            spread = np.linalg.norm(points, axis=1) - radius[mode]
        else:
            spread = points - points.mean(axis=0)
        assert spread.std() == pytest.approx(stddev, rel=0.05)


def test_centers_of_the_modes():
    from tfgen.data.synthetic import grid_centers, ring_centers

    np.testing.assert_allclose(np.linalg.norm(ring_centers(), axis=1), 1)
    assert np.unique(grid_centers()[:, 0]).tolist() == [-4, -2, 0, 2, 4]
    assert len(np.unique(grid_centers(), axis=0)) == 25
    x, labels = load("grid").arrays()
    for mode, center in enumerate(grid_centers()):
        np.testing.assert_allclose(
            x[labels == mode].mean(axis=0), center, atol=0.005
        )


def write_idx(path, array):
    shape = np.array(array.shape, ">u4").tobytes()
    head = bytes([0, 0, 8, array.ndim])
    path.write_bytes(gzip.compress(head + shape + array.tobytes()))


def test_the_official_test_split_stays(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    train = rng.integers(0, 256, (50, 28, 28), np.uint8)
    test = rng.integers(0, 256, (20, 28, 28), np.uint8)
    for prefix, x in (("train", train), ("t10k", test)):
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte.gz", x)
        y = (np.arange(len(x)) % 10).astype(np.uint8)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", y)
    monkeypatch.setattr(catalog, "FASHION_MNIST_FOLDER", tmp_path)
    parts = all_parts("fashion_mnist", validation_fraction=0.2)
    assert [len(part) for part in parts] == [40, 10, 20]
    np.testing.assert_array_equal(
        parts[2].arrays()[0][..., 0], (test / 255).astype(np.float32)
    )
    whole = {row.tobytes() for row in (train / 255).astype(np.float32)}
    assert as_set(parts[0]) | as_set(parts[1]) == whole
    assert parts[0].class_names[9] == "Ankle-boot"
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    with pytest.raises(
        ValueError, match="labels-idx1-ubyte.gz is not a whole IDX"
    ):
        load("fashion_mnist")


@pytest.mark.skipif(
    not catalog.FASHION_MNIST_FOLDER.is_dir(),
    reason="takes Debian's package dataset-fashion-mnist",
)
def test_fashion_mnist_of_debian():
    source = load("fashion_mnist", "all", value_range=(-1, 1))
    assert (len(source), source.shape) == (70_000, (28, 28, 1))
    assert np.bincount(source.labels).tolist() == [7000] * 10
    x = source.rows(range(100))[0]
    assert (x.min(), x.max()) == (-1, 1)


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist", "cifar10"])
def test_a_download_that_fails_says_what_to_do(no_network, name):
    with pytest.raises(FileNotFoundError) as caught:
        load(name)
    message = str(caught.value)
    assert "\n" not in message
    assert f"Data set {name!r} is not at hand" in message
    assert "URL fetch failure" in message
    assert ("dataset-fashion-mnist" in message) == (name == "fashion_mnist")


def test_known_says_what_is_at_hand(no_network, tmp_path):
    at_hand = {d.name: d.at_hand for d in tfgen.data.known()}
    assert list(at_hand) == list(tfgen.data.names())
    missing = [name for name in at_hand if not at_hand[name]]
    assert missing == [
        "fashion_mnist",
        "mnist",
        "cifar10",
        "stacked_fashion_mnist",
        "stacked_mnist",
    ]
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").touch()
    assert {d.name: d.at_hand for d in tfgen.data.known()}["mnist"]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "expected"),
    [
        (["fasion_mnist"], {}, ValueError, "Did you mean 'fashion_mnist'?"),
        (["nonsense"], {}, ValueError, "Expected a path or one of digits"),
        (["no/such"], {}, FileNotFoundError, "No file or folder at 'no/such'"),
        (["x.csv"], {}, FileNotFoundError, "No file or folder at 'x.csv'"),
        ([np.eye(3)], {}, ValueError, "there is tfgen.data.from_arrays"),
        (["digits", "val"], {}, ValueError, "expected one of train,"),
        (["digits"], {"seed": 0.5}, ValueError, "seed is 0.5"),
        (["digits"], {"label_column": "a"}, ValueError, "for .csv, .tsv"),
        (["wine"], {"image_size": 8}, ValueError, "'wine' is a table"),
        (["digits"], {"test_fraction": 0.9}, ValueError, "leave some"),
        (["iris", "test"], {"test_fraction": 0}, ValueError, "part of 'iris'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, options, error, expected):
    with pytest.raises(error) as caught:
        load(*arguments, **options)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("1 2 3")
    with pytest.raises(ValueError, match="no kind of file tfgen reads"):
        load(tmp_path / "a.txt")
    PIL.Image.new("L", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="pass the folder"):
        load(tmp_path / "a.png")
    with pytest.raises(ValueError, match="label_column is for"):
        load(tmp_path, label_column="a")


def test_a_file_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i / 4}\n" for i in range(60)))
    calls, read = [], loader.read_table

    def counted(*arguments, **options):
        calls.append(arguments)
        return read(*arguments, **options)

    monkeypatch.setattr(loader, "read_table", counted)
    with loader.read_once():
        parts = [load(path, split) for split in ("train", "validation", "test")]
        monkeypatch.chdir(tmp_path)
        load("a.csv")
        load(path, transform="standard")  # another reading
    assert sum(map(len, parts)) == 60
    assert len(calls) == 2
    load(path)
    assert len(calls) == 3
