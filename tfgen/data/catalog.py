"""The data sets known by name."""

import dataclasses
import gzip
import importlib
import os
import pathlib
from collections.abc import Callable
from functools import partial

import numpy as np

from tfgen.data import stacked, synthetic
from tfgen.data.arrays import from_arrays
from tfgen.data.checks import reason_of
from tfgen.data.source import Source
from tfgen.data.splits import consecutive

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
        read: `(seed, options) -> Loaded`; options, which hold the name, go to
            `from_arrays`.
        find: gives something true where it loads without a download.
        how_to_get: what to do where it is not at hand.

    Example:
    >>> {data_set.name: data_set for data_set in known()}["digits"].at_hand
    True
    """

    name: str
    description: str
    read: Callable[[int, dict], Loaded] = dataclasses.field(repr=False)
    find: Callable[[], object] = dataclasses.field(
        default=lambda: True, repr=False
    )
    how_to_get: str = ""

    @property
    def at_hand(self) -> bool:
        """Whether it loads without a download."""
        return bool(self.find())


def _read_digits(seed: int, options: dict) -> Loaded:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # Whole numbers 0 to 16; 16 counts as full white.
    x = (bunch.images / 16).astype(np.float32)
    return from_arrays(x, bunch.target, **options), {}


def _read_table(
    seed: int, options: dict, labels: bool = True, **arguments
) -> Loaded:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{options['name']}")(**arguments)
    source = from_arrays(
        bunch.data,
        bunch.target if labels else None,
        kind="table",
        class_names=list(bunch.target_names) if labels else None,
        feature_names=bunch.feature_names,
        **options,
    )
    return source, {}


def _read_points(seed: int, options: dict) -> Loaded:
    name = options["name"]
    sizes = {
        "train": MADE_TRAIN_ROWS[name],
        "validation": MADE_OTHER_ROWS,
        "test": MADE_OTHER_ROWS,
    }
    rng = np.random.default_rng(seed)
    x, y = getattr(synthetic, name)(sum(sizes.values()), rng)
    source = from_arrays(x.astype(np.float32), y, kind="points", **options)
    return source, consecutive(sizes)


def _read_shapes(seed: int, options: dict) -> Loaded:
    images, factors = synthetic.draw_shapes()
    source = from_arrays(
        images,
        factors[:, synthetic.FACTOR_NAMES.index("shape")],
        class_names=synthetic.SHAPES,
        factors=factors,
        factor_names=synthetic.FACTOR_NAMES,
        **options,
    )
    return source, {}


def _read_fashion_mnist(seed: int, options: dict) -> Loaded:
    folder = _fashion_mnist_folder()
    if folder:
        parts = [_read_idx(folder / file) for file in _IDX_FILES]
    else:
        parts = _download("fashion_mnist")
    return _official(parts, _FASHION_CLASSES, options)


def _read_mnist(seed: int, options: dict) -> Loaded:
    return _official(_download("mnist"), None, options)


def _read_cifar10(seed: int, options: dict) -> Loaded:
    return _official(_download("cifar10"), _CIFAR10_CLASSES, options)


def _read_stacked(read_grey: Callable, seed: int, options: dict) -> Loaded:
    return stacked.stack(*read_grey(seed, options), seed)


def _official(parts, class_names, options: dict) -> Loaded:
    x_train, y_train, x_test, y_test = parts
    source = from_arrays(
        np.concatenate([x_train, x_test]),
        np.concatenate([y_train, y_test]),
        class_names=class_names,
        **options,
    )
    return source, consecutive({"train": len(x_train), "test": len(x_test)})


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
        raise FileNotFoundError(
            f"Data set {name!r} is not at hand and Keras cannot download it "
            f"({reason_of(error)}): {DATA_SETS[name].how_to_get}."
        ) from error
    return x_train, y_train, x_test, y_test


def _keras_cache() -> pathlib.Path:
    home = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
    return pathlib.Path(home).expanduser() / "datasets"


def _cached(*names: str) -> Callable[[], bool]:
    return lambda: any((_keras_cache() / name).exists() for name in names)


def _fashion_mnist_folder() -> pathlib.Path | None:
    for folder in (FASHION_MNIST_FOLDER, _keras_cache() / "fashion-mnist"):
        if all((folder / file).is_file() for file in _IDX_FILES):
            return folder
    return None


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
        _fashion_mnist_folder,
        _GET_FASHION_MNIST,
    ),
    KnownDataSet(
        "mnist",
        "70,000 handwritten digits, 28x28 grey",
        _read_mnist,
        _cached("mnist.npz"),
        _GET_MNIST,
    ),
    KnownDataSet(
        "cifar10",
        "60,000 photographs, 32x32 colour",
        _read_cifar10,
        _cached("cifar-10-batches-py-target", "cifar-10-batches-py"),
        "run once with a network, or put the folder cifar-10-batches-py into "
        "~/.keras/datasets",
    ),
    KnownDataSet(
        "stacked_fashion_mnist",
        "three pieces of clothing as channels, 1,000 classes, 28x28 colour",
        partial(_read_stacked, _read_fashion_mnist),
        _fashion_mnist_folder,
        _GET_FASHION_MNIST,
    ),
    KnownDataSet(
        "stacked_mnist",
        "three handwritten digits as channels, 1,000 classes, 28x28 colour",
        partial(_read_stacked, _read_mnist),
        _cached("mnist.npz"),
        _GET_MNIST,
    ),
    KnownDataSet(
        "shapes",
        "14,400 drawings with known shape, size, rotation, x, y, 32x32 grey",
        _read_shapes,
    ),
    KnownDataSet("ring", "8 Gaussians on a circle", _read_points),
    KnownDataSet("grid", "25 Gaussians on a grid", _read_points),
    KnownDataSet("circles", "two circles", _read_points),
    KnownDataSet("iris", "150 flowers, 4 columns", _read_table),
    KnownDataSet("wine", "178 wines, 13 columns", _read_table),
    KnownDataSet("breast_cancer", "569 tumours, 30 columns", _read_table),
    KnownDataSet(
        "diabetes",
        "442 patients, 10 columns",
        partial(_read_table, labels=False, scaled=False),
    ),
)
DATA_SETS = {data_set.name: data_set for data_set in _DATA_SETS}


def names() -> tuple[str, ...]:
    """Return the names that `load` knows.

    Example:
    >>> "iris" in tfgen.data.names()
    True
    """
    return tuple(DATA_SETS)


def known() -> tuple[KnownDataSet, ...]:
    """Return the known data sets; each says whether it is at hand.

    Example:
    >>> tfgen.data.known()[0].description
    '1,797 handwritten digits, 8x8 grey'
    """
    return _DATA_SETS
