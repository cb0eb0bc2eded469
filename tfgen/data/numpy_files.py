"""NumPy's files: .npy, and .npz in the layouts that people save."""

import contextlib
import math
import pathlib

import numpy as np

from tfgen.data.arrays import from_file
from tfgen.data.checks import check_memory, reason_of
from tfgen.data.notes import say
from tfgen.data.source import Source
from tfgen.data.splits import consecutive, found_hashes

_EXAMPLES = ("x", "images", "image", "imgs", "data", "arr_0", "")
_LABELS = ("y", "labels", "label", "targets", "target", "arr_1")
_CLASS_NAMES = ("class_names", "label_names", "target_names")
_SPLITS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_ORDER = (None, "train", "validation", "test")


def read_npy(path: pathlib.Path, options: dict) -> Source:
    """Return a source of a .npy, which stays on disk.

    Args:
        path: the file.
        options: of `from_arrays`.

    Raises:
        ValueError: no file of NumPy, or what `from_arrays` refuses.
    """
    with _readable(path):
        x = np.load(path, mmap_mode="r", allow_pickle=False)
    _check_array(path, x)
    source = from_file(path, x, None, options)
    # Where rows are read as they lie in the file.
    if isinstance(getattr(source.storage, "x", None), np.memmap):
        source.storage.hashes = found_hashes(len(x))
    return source


def read_npz(
    path: pathlib.Path, options: dict
) -> tuple[Source, dict[str, np.ndarray]]:
    """Return a source of a .npz, and the rows of the splits that it has.

    Examples are in `x`, `X`, `images`, `image`, `imgs`, `data` or `arr_0`,
    classes in `y`, `labels`, `label`, `targets`, `target` or `arr_1`, each by
    itself or with the name of a split: `x_train` or `train_images`, with
    `test` and perhaps `val`. Names of classes may be in `class_names`. What is
    left out is said.

    Raises:
        ValueError: no file of NumPy, other keys, splits of unlike arrays, or
            what `from_arrays` refuses.
    """
    with path.open("rb") as opened:
        with _readable(path):
            # A file that is no archive is none of its kind.
            file = np.lib.npyio.NpzFile(opened, allow_pickle=False)
        keys = _keys(path, file.files)
        sizes = {info.filename: info.file_size for info in file.zip.infolist()}
        needed = sum(sizes.get(f"{k}.npy", sizes.get(k)) for k in keys.values())
        check_memory(needed, str(path), "save x as .npy, which stays on disk")
        arrays = {}
        for role, key in keys.items():
            with _readable(path, f" at key {key!r}"):
                _check_header(file, key, sizes)
                arrays[role] = file[key]
            _check_array(path, arrays[role])
    splits = [split for split in _ORDER if ("x", split) in keys]
    x = _joined(path, keys, arrays, "x", splits)
    y = _joined(path, keys, arrays, "y", splits)
    if ("names", None) in arrays and y is not None:
        options = options | {"class_names": list(arrays["names", None])}
    source = from_file(path, x, y, options)
    if len(splits) < 2:
        return source, {}
    rows = consecutive(
        {split or "train": len(arrays["x", split]) for split in splits}
    )
    return source, {"test": np.zeros(0, np.int64), **rows}


def _keys(path: pathlib.Path, keys: list[str]) -> dict[tuple, str]:
    """The key of each part: `("x" or "y", split or None)`."""
    found = {}
    for role, names in (("x", _EXAMPLES), ("y", _LABELS)):
        for name in names:
            for key in keys:
                rest, split = _parts_of(key)
                if rest == name and (name or split):
                    found.setdefault((role, split), key)
    for key in keys:
        if key.lower() in _CLASS_NAMES:
            found.setdefault(("names", None), key)
    if not any(role == "x" for role, _ in found) and len(keys) == 1:
        found["x", None] = keys[0]
    if not any(role == "x" for role, _ in found):
        raise ValueError(
            f"{str(path)!r} has the keys {', '.join(keys) or 'none'}; expected "
            "x, images, data or arr_0, or x_train and x_test, and y or labels "
            "for the classes: save it with np.savez(path, x=..., y=...)."
        )
    if ("x", None) in found and ("x", "train") in found:
        # Whole or in parts, not both.
        del found["x", None]
        found.pop(("y", None), None)
    left_out = [key for key in keys if key not in found.values()]
    if left_out:
        say(
            f"{path.name}: {', '.join(found.values())} are read, "
            f"{', '.join(left_out)} left out."
        )
    return found


def _parts_of(key: str) -> tuple[str, str | None]:
    """A key without the name of a split, and that split or None."""
    words = key.lower().split("_")
    for word in (words[0], words[-1]):
        if word in _SPLITS:
            words.remove(word)
            return "_".join(words), _SPLITS[word]
    return key.lower(), None


def _joined(path: pathlib.Path, keys, arrays, role: str, splits):
    """The arrays of all splits as one, or None where none has any."""
    named = {
        keys[role, split]: arrays[role, split]
        for split in splits
        if (role, split) in keys
    }
    if not named:
        return None
    if len(named) < len(splits):
        raise ValueError(
            f"{str(path)!r} has {', '.join(named)} for the splits "
            f"{', '.join(split or 'train' for split in splits)}: add the "
            "labels of the others, or leave all out."
        )
    # Of texts the type holds the length.
    if (
        len(
            {
                (a.shape[1:], a.dtype.kind, a.dtype.kind == "U" or a.dtype)
                for a in named.values()
            }
        )
        > 1
    ):
        parts = [f"{k} is {a.dtype} of {a.shape}" for k, a in named.items()]
        raise ValueError(
            f"{str(path)!r}: {', '.join(parts)}; expected splits of one type "
            "and shape: store all alike."
        )
    return np.concatenate(list(named.values()))


def _check_header(file, key: str, sizes: dict) -> None:
    """An array that says it is larger than what there is of it."""
    member = key if key in sizes else f"{key}.npy"
    with file.zip.open(member) as array:
        version = np.lib.format.read_magic(array)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, dtype = read(array)
    if math.prod(shape) * dtype.itemsize > sizes[member]:
        raise ValueError(f"it says {shape} of {dtype}, and holds less")


def _check_array(path: pathlib.Path, array: object) -> None:
    if not isinstance(array, np.ndarray):
        raise ValueError(
            f"{str(path)!r} holds a {type(array).__name__}, expected arrays of "
            "numbers: save it anew with np.save or np.savez."
        )


@contextlib.contextmanager
def _readable(path: pathlib.Path, where: str = ""):
    """Errors of NumPy in the block say which file cannot be read."""
    try:
        yield
    # A damaged header is Python, of which NumPy raises whatever there is.
    except Exception as error:
        reason = reason_of(error)
        if "allow_pickle" in str(error) or "pickled" in str(error):
            reason = "it holds Python objects, or is no NumPy file"
        raise ValueError(
            f"{str(path)!r} cannot be read as NumPy arrays of numbers{where} "
            f"({reason}): save it anew with np.save or np.savez."
        ) from error
