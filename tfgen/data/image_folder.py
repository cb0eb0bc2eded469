"""Image folders: decoded into memory if they fit, else read on demand."""

import collections
import functools
import os
import pathlib
import typing
from collections.abc import Iterator, Sequence

import numpy as np

from tfgen.data.arrays import from_files
from tfgen.data.checks import check_value_range
from tfgen.data.encoded import EncodedImages, Header, in_threads, read_header
from tfgen.data.images import ImageOptions
from tfgen.data.notes import say
from tfgen.data.progress import followed
from tfgen.data.source import Source
from tfgen.data.storage import MEMORY_LIMIT, ArrayStorage

if typing.TYPE_CHECKING:
    import hashlib

_SPLIT_NAMES = ("train", "training", "test", "val", "valid", "validation")
_DIGEST_FILES = 64


class ImageFolderStorage(EncodedImages):
    """Images in the files of a folder.

    Args:
        root: the folder.
        files: image files in it.
        headers: what they say of themselves.
        labels: int64 class numbers, one a file, or None.
        **options: those of `EncodedImages`.
    """

    def __init__(
        self,
        root: pathlib.Path,
        files: Sequence[pathlib.Path],
        headers: Sequence[Header],
        labels: np.ndarray | None = None,
        **options,
    ):
        self.root = root
        self.files = tuple(files)
        self.labels = labels
        super().__init__(headers, **options)

    def __len__(self) -> int:
        return len(self.files)

    def where(self, index: int) -> str:
        return str(self.files[index])

    def open(self, indices: np.ndarray) -> Iterator[pathlib.Path]:
        return (self.files[i] for i in indices)

    def digest(self, indices: np.ndarray, sha256: "hashlib._Hash") -> None:
        for i in indices:
            name = self.files[i].relative_to(self.root).as_posix()
            sha256.update(f"{name} {self.files[i].stat().st_size}\n".encode())
        for i in indices[:: -(-len(indices) // _DIGEST_FILES)]:
            sha256.update(self.files[i].read_bytes())


def read_image_folder(
    path: pathlib.Path,
    value_range: tuple[float, float] | None = None,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
    memory_limit: int = MEMORY_LIMIT,
    fit: str | None = None,
    background: str | None = None,
    bit_depth: int | None = None,
) -> Source:
    """Return the images in a folder and its sub-folders.

    The first level of sub-folders is the classes if there are two or more;
    images beside them are left out if they are few. Every header is read;
    images that fit into `memory_limit` bytes are decoded at once. What is
    left out is said.

    Raises:
        ValueError: no images, an unreadable one, or images of different sizes
            or colours without `image_size` or `color_mode`; the message names
            the file.
    """
    options = ImageOptions(image_size, color_mode, fit, background)
    if value_range is not None:
        value_range = check_value_range(value_range)
    files = _image_files(path)
    files, labels, class_names = _folder_classes(path, files)
    storage = ImageFolderStorage(
        path,
        files,
        _headers(files, path.name),
        labels,
        options=options,
        name=path.name,
        value_range=value_range,
        bit_depth=bit_depth,
    )
    return source_of(storage, value_range, class_names, memory_limit)


def source_of(
    storage: EncodedImages,
    value_range: tuple[float, float] | None,
    class_names: Sequence[str] | None,
    memory_limit: int,
) -> Source:
    """Return a source of encoded images, decoded if they fit the memory."""
    name, stored_range = storage.name, storage.stored_range
    image_options = storage.options.to_dict(storage.bit_depth)
    if storage.row_bytes * len(storage) <= memory_limit:
        x = np.empty((len(storage), *storage.shape), storage.dtype)
        done = 0
        for rows in storage.chunks(np.arange(len(x)), f"decoding {name}"):
            x[done : done + len(rows)] = rows
            done += len(rows)
        files, storage = storage.files, ArrayStorage(x, storage.labels)
        storage.files = files
    return from_files(
        storage, name, stored_range, value_range, class_names, image_options
    )


@functools.cache
def suffixes() -> frozenset[str]:
    """Names' endings of what Pillow opens, in lower case."""
    import PIL.Image
    import PIL.ImageFile

    found = PIL.Image.registered_extensions()
    factories = {
        s: PIL.Image.OPEN[f][0] for s, f in found.items() if f in PIL.Image.OPEN
    }
    # A stub knows a format's name, but cannot decode it.
    stub = PIL.ImageFile.StubImageFile
    return frozenset(
        suffix
        for suffix, factory in factories.items()
        if not (isinstance(factory, type) and issubclass(factory, stub))
    )


def is_image(path: pathlib.Path) -> bool:
    """Say whether the name is that of an image that Pillow reads."""
    return path.suffix.lower() in suffixes()


def _headers(files: Sequence[pathlib.Path], name: str) -> list[Header]:
    found = map(Header.kept, in_threads(read_header, files))
    doing = f"looking at {name}"
    return list(followed(found, doing, len(files), size=lambda header: 1))


def _image_files(path: pathlib.Path) -> list[pathlib.Path]:
    files = []
    for folder, folders, names in os.walk(path, followlinks=True):
        folders[:] = [f for f in folders if f[0] != "." and f != "__MACOSX"]
        files += [pathlib.Path(folder, n) for n in names if n[0] != "."]
    images = sorted(file for file in files if is_image(file))
    others = collections.Counter(
        file.suffix.lower() or "no suffix"
        for file in files
        if not is_image(file)
    )
    most = sorted(others.items(), key=lambda item: (-item[1], item[0]))[:5]
    counts = ", ".join(f"{count} {suffix}" for suffix, count in most)
    if not images:
        raise ValueError(
            f"{str(path)!r} has no images among its {len(files)} files"
            f"{f' ({counts})' if counts else ''}; expected .png, .jpg, .tif "
            "or what else Pillow reads, or .tfrecord files."
        )
    if others:
        say(
            f"{path.name}: {len(images)} images are read, {others.total()} "
            f"other files are not ({counts})."
        )
    return images


def _folder_classes(path: pathlib.Path, files: list[pathlib.Path]):
    """The files that count, their class numbers or None, the classes."""
    tops = [file.relative_to(path).parts for file in files]
    beside = [parts[0] for parts in tops if len(parts) == 1]
    names = sorted({parts[0] for parts in tops if len(parts) > 1})
    if len(names) < 2 and (beside or names[0].lower() not in _SPLIT_NAMES):
        return files, None, None
    shown = ", ".join(repr(name) for name in beside[:3])
    if len(beside) > max(1, len(files) // 10):
        say(
            f"{path.name} has no classes, as {len(beside)} of {len(files)} "
            f"images lie beside its folders ({shown})."
        )
        return files, None, None
    splits = [name for name in names if name.lower() in _SPLIT_NAMES]
    if splits:
        raise ValueError(
            f"{str(path)!r} has the sub-folder {splits[0]!r}, which looks like "
            "a split, not a class: load "
            f"{str(path / splits[0])!r} (tfgen divides it), or rename it."
        )
    if beside:
        say(
            f"{path.name}: left out, as they lie beside the folders of the "
            f"classes: {shown}{' ...' if len(beside) > 3 else ''} "
            f"({len(beside)} of {len(files)} images)."
        )
    numbers = {name: number for number, name in enumerate(names)}
    inside = [
        (file, numbers[parts[0]])
        for file, parts in zip(files, tops, strict=True)
        if len(parts) > 1
    ]
    files, labels = zip(*inside, strict=True)
    return list(files), np.array(labels, np.int64), tuple(names)
