"""The data sets known by name."""

import dataclasses
import gzip
import importlib
import os
import pathlib
from collections.abc import Callable

import numpy as np

from tfgen.data import shapes, stacked, synthetic
from tfgen.data.arrays import from_arrays
from tfgen.data.source import Source

FASHION_MNIST_FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
MADE_TRAIN_ROWS = {"ring": 100_000, "grid": 100_000, "circles": 10_000}
MADE_OTHER_ROWS = 10_000

_FASHION_CLASSES = (
    "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag "
    "Ankle-boot"
).split()
_CIFAR10_CLASSES = (
    "airplane automobile bird cat deer dog frog horse ship truck"
).split()
_IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

Loaded = tuple[Source, dict[str, np.ndarray]]
"""All rows, and the row numbers of the splits that the data set fixes."""


@dataclasses.dataclass(frozen=True)
class KnownDataSet:
    """A data set that `tfgen.data.load` knows by name.

    Attributes:
        name: what to pass to `load`.
        description: what it holds, in a few words.
        read: `(seed, options) -> Loaded`; options go to `from_arrays`.
        at_hand: whether it loads without a download.
        how_to_get: what to do where it is not at hand.
    """

    name: str
    description: str
    read: Callable[[int, dict], Loaded] = dataclasses.field(repr=False)
    find: Callable[[], bool] = dataclasses.field(
        default=lambda: True, repr=False
    )
    how_to_get: str = ""

    @property
    def at_hand(self) -> bool:
        return self.find()


def _read_digits(seed: int, options: dict) -> Loaded:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # Whole numbers 0 to 16; 16 counts as full white.
    x = (bunch.images / 16).astype(np.float32)
    return from_arrays(x, bunch.target, **options), {}


def _table_reader(loader: str, labels: bool = True, **arguments):
    def read(seed: int, options: dict) -> Loaded:
        from sklearn import datasets

        bunch = getattr(datasets, loader)(**arguments)
        source = from_arrays(
            bunch.data,
            bunch.target if labels else None,
            kind="table",
            class_names=list(bunch.target_names) if labels else None,
            feature_names=bunch.feature_names,
            **options,
        )
        return source, {}

    return read


def _made_reader(name: str):
    def read(seed: int, options: dict) -> Loaded:
        sizes = {
            "train": MADE_TRAIN_ROWS[name],
            "validation": MADE_OTHER_ROWS,
            "test": MADE_OTHER_ROWS,
        }
        rng = np.random.default_rng(seed)
        x, y = getattr(synthetic, name)(sum(sizes.values()), rng)
        source = from_arrays(x.astype(np.float32), y, kind="points", **options)
        return source, _consecutive(sizes)

    return read


def _read_shapes(seed: int, options: dict) -> Loaded:
    images, factors = shapes.draw()
    source = from_arrays(
        images,
        factors[:, shapes.FACTOR_NAMES.index("shape")],
        class_names=shapes.SHAPES,
        factors=factors,
        factor_names=shapes.FACTOR_NAMES,
        **options,
    )
    return source, {}


def _read_fashion_mnist(seed: int, options: dict) -> Loaded:
    for folder in (FASHION_MNIST_FOLDER, _keras_cache() / "fashion-mnist"):
        if all((folder / file).is_file() for file in _IDX_FILES):
            parts = [_read_idx(folder / file) for file in _IDX_FILES]
            break
    else:
        parts = _download("fashion_mnist")
    return _official(parts, _FASHION_CLASSES, options)


def _keras_reader(name: str, class_names):
    def read(seed: int, options: dict) -> Loaded:
        return _official(_download(name), class_names, options)

    return read


def _stacked_reader(read_grey):
    def read(seed: int, options: dict) -> Loaded:
        return stacked.stack(*read_grey(seed, options), seed)

    return read


def _official(parts, class_names, options: dict) -> Loaded:
    x_train, y_train, x_test, y_test = parts
    source = from_arrays(
        np.concatenate([x_train, x_test]),
        np.concatenate([y_train, y_test]),
        class_names=class_names,
        **options,
    )
    return source, _consecutive({"train": len(x_train), "test": len(x_test)})


def _consecutive(sizes: dict[str, int]) -> dict[str, np.ndarray]:
    ends = np.cumsum(list(sizes.values()))
    return {
        name: np.arange(end - size, end)
        for (name, size), end in zip(sizes.items(), ends, strict=True)
    }


def _read_idx(path: pathlib.Path) -> np.ndarray:
    """Read a gzipped IDX file of unsigned bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
        rank = content[3]
        shape = np.frombuffer(content, ">u4", rank, offset=4)
        x = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
        return x.reshape(shape.astype(int))
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise ValueError(
            f"{path} is not a whole IDX file: install it anew."
        ) from error


def _download(name: str):
    module = importlib.import_module(f"keras.datasets.{name}")
    try:
        (x_train, y_train), (x_test, y_test) = module.load_data()
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise FileNotFoundError(
            f"Data set {name!r} is not at hand and Keras cannot download it "
            f"({reason}): {DATA_SETS[name].how_to_get}."
        ) from error
    return x_train, y_train, x_test, y_test


def _keras_cache() -> pathlib.Path:
    home = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
    return pathlib.Path(home).expanduser() / "datasets"


def _cached(*names: str) -> Callable[[], bool]:
    return lambda: any((_keras_cache() / name).exists() for name in names)


def _find_fashion_mnist() -> bool:
    return any(
        all((folder / file).is_file() for file in _IDX_FILES)
        for folder in (FASHION_MNIST_FOLDER, _keras_cache() / "fashion-mnist")
    )


_GET_FASHION_MNIST = (
    "install Debian's package dataset-fashion-mnist (apt-get install "
    "dataset-fashion-mnist), or put its four .gz files into "
    "~/.keras/datasets/fashion-mnist"
)
_GET_MNIST = "run once with a network, or put mnist.npz into ~/.keras/datasets"
_DATA_SETS = (
    KnownDataSet("digits", "1,797 handwritten digits, 8x8 grey", _read_digits),
    KnownDataSet(
        "fashion_mnist",
        "70,000 pieces of clothing, 28x28 grey",
        _read_fashion_mnist,
        _find_fashion_mnist,
        _GET_FASHION_MNIST,
    ),
    KnownDataSet(
        "mnist",
        "70,000 handwritten digits, 28x28 grey",
        _keras_reader("mnist", None),
        _cached("mnist.npz"),
        _GET_MNIST,
    ),
    KnownDataSet(
        "cifar10",
        "60,000 photographs, 32x32 colour",
        _keras_reader("cifar10", _CIFAR10_CLASSES),
        _cached("cifar-10-batches-py-target", "cifar-10-batches-py"),
        "run once with a network, or put the folder cifar-10-batches-py into "
        "~/.keras/datasets",
    ),
    KnownDataSet(
        "stacked_fashion_mnist",
        "three pieces of clothing as channels, 1,000 classes, 28x28 colour",
        _stacked_reader(_read_fashion_mnist),
        _find_fashion_mnist,
        _GET_FASHION_MNIST,
    ),
    KnownDataSet(
        "stacked_mnist",
        "three handwritten digits as channels, 1,000 classes, 28x28 colour",
        _stacked_reader(_keras_reader("mnist", None)),
        _cached("mnist.npz"),
        _GET_MNIST,
    ),
    KnownDataSet(
        "shapes",
        "14,400 drawings with known shape, size, rotation, x, y, 32x32 grey",
        _read_shapes,
    ),
    KnownDataSet("ring", "8 Gaussians on a circle", _made_reader("ring")),
    KnownDataSet("grid", "25 Gaussians on a grid", _made_reader("grid")),
    KnownDataSet("circles", "two circles", _made_reader("circles")),
    KnownDataSet("iris", "150 flowers, 4 columns", _table_reader("load_iris")),
    KnownDataSet("wine", "178 wines, 13 columns", _table_reader("load_wine")),
    KnownDataSet(
        "breast_cancer",
        "569 tumours, 30 columns",
        _table_reader("load_breast_cancer"),
    ),
    KnownDataSet(
        "diabetes",
        "442 patients, 10 columns",
        _table_reader("load_diabetes", labels=False, scaled=False),
    ),
)
DATA_SETS = {data_set.name: data_set for data_set in _DATA_SETS}


def names() -> tuple[str, ...]:
    """Return the names that `load` knows."""
    return tuple(DATA_SETS)


def known() -> tuple[KnownDataSet, ...]:
    """Return the known data sets; each says whether it is at hand."""
    return _DATA_SETS
