"""Readers of files and folders, chosen by what stands at a path."""

import pathlib
import zipfile

import numpy as np

from tfgen.data.arrays import from_arrays
from tfgen.data.image_folder import is_image, read_image_folder
from tfgen.data.source import Source
from tfgen.data.tables import read_csv, read_parquet
from tfgen.data.tfrecords import is_tfrecord, read_tfrecords


def read_path(path: pathlib.Path, options: dict, label_column) -> Source:
    """Return all rows at an existing path.

    Args:
        path: a file or folder.
        options: `value_range`, `image_size`, `color_mode`, as in `load`.
        label_column: the column with the classes, or None.

    Raises:
        ValueError: a kind of file that is not read here, or options that do
            not go with it.
    """
    is_table = path.suffix.lower() in (".csv", ".parquet")
    if label_column is not None and not is_table:
        raise ValueError(
            f"label_column is for .csv and .parquet files; got {str(path)!r}."
        )
    if path.is_dir():
        return _read_folder(path, options)
    if is_table:
        return _read_table(path, options, label_column)
    if is_tfrecord(path):
        return read_tfrecords([path], path.name, **options)
    if path.suffix.lower() == ".npz":
        return _read_npz(path, options)
    if path.suffix.lower() == ".npy":
        return _from_arrays(path, _load(path), None, options)
    advice = "convert it"
    if is_image(path):
        advice = "pass the folder the images are in"
    raise ValueError(
        f"{str(path)!r} is no kind of file tfgen reads; expected .npz, .npy, "
        f".csv, .parquet, .tfrecord or a folder of images: {advice}."
    )


def _read_folder(path: pathlib.Path, options: dict) -> Source:
    records = sorted(file for file in path.iterdir() if is_tfrecord(file))
    if records:
        return read_tfrecords(records, path.name, **options)
    return read_image_folder(path, **options)


def _read_table(path: pathlib.Path, options: dict, label_column) -> Source:
    reader = read_csv if path.suffix.lower() == ".csv" else read_parquet
    table = reader(path, label_column)
    return from_arrays(
        table.x,
        table.labels,
        name=path.name,
        kind="table",
        feature_names=table.names,
        **options,
    )


def _read_npz(path: pathlib.Path, options: dict) -> Source:
    with _load(path) as file:
        if "x" not in file.files:
            raise ValueError(
                f"{str(path)!r} has the keys {', '.join(file.files) or 'none'}"
                "; expected x, and y for labels: save it with "
                "np.savez(path, x=..., y=...)."
            )
        x = _array(file, "x", path)
        y = _array(file, "y", path) if "y" in file.files else None
    return _from_arrays(path, x, y, options)


def _from_arrays(path: pathlib.Path, x, y, options: dict) -> Source:
    try:
        return from_arrays(x, y, name=path.name, **options)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from error


def _load(path: pathlib.Path):
    """Open a NumPy file; `.npy` stays on disk."""
    try:
        mapped = path.suffix.lower() == ".npy"
        return np.load(path, mmap_mode="r" if mapped else None)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error


def _array(file, key: str, path: pathlib.Path) -> np.ndarray:
    try:
        return file[key]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error, f" at key {key!r}") from error


def _unreadable(path: pathlib.Path, error: Exception, where: str = ""):
    if "allow_pickle" in str(error) or "pickled" in str(error):
        reason = "it holds Python objects, or is no NumPy file"
    else:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
    return ValueError(
        f"{str(path)!r} cannot be read as NumPy arrays of numbers{where} "
        f"({reason}): save it anew with np.save or np.savez."
    )
