"""Image folders: decoded into memory if they fit, else read on demand."""

import concurrent.futures
import functools
import os
import pathlib
import typing
from collections.abc import Sequence

import numpy as np

from tfgen.data.arrays import from_arrays, from_files
from tfgen.data.batches import MEMORY_LIMIT
from tfgen.data.checks import check_value_range, reason_of
from tfgen.data.images import channels_of, check_color_mode, check_image_size
from tfgen.data.source import Source
from tfgen.data.storage import Storage

if typing.TYPE_CHECKING:
    import hashlib

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
_SPLIT_NAMES = ("train", "training", "test", "val", "valid", "validation")
_EXIF_ORIENTATION = 0x0112
_DIGEST_FILES = 64
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N")


class ImageFolderStorage(Storage):
    """Images decoded when they are read, by a pool of threads.

    Args:
        root: the folder.
        files: image files in it.
        shape: height, width, channels that every image is brought to.
        labels: int64 class numbers, one a file, or None.
    """

    def __init__(
        self,
        root: pathlib.Path,
        files: Sequence[pathlib.Path],
        shape: tuple[int, int, int],
        labels: np.ndarray | None = None,
    ):
        self.root = root
        self.files = tuple(files)
        self.shape = shape
        self.dtype = np.dtype(np.uint8)
        self.labels = labels

    def __len__(self) -> int:
        return len(self.files)

    def read(self, indices: np.ndarray) -> np.ndarray:
        images = np.empty((len(indices), *self.shape), np.uint8)
        decoded = _threads().map(
            lambda i: decode(self.files[i], self.shape), indices
        )
        for row, image in enumerate(decoded):
            images[row] = image
        return images

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
) -> Source:
    """Return the images in a folder and its sub-folders.

    The first level of sub-folders is the classes if there are two or more
    and all images lie in them. Every header is read; images that fit into
    `memory_limit` bytes are decoded at once.

    Raises:
        ValueError: no images, an unreadable one, or images of different sizes
            or colours without `image_size` or `color_mode`; the message names
            the file.
    """
    size = check_image_size(image_size)
    check_color_mode(color_mode)
    value_range = check_value_range(value_range or (0, 1))
    files = _image_files(path)
    shape = _common_shape(files, size, color_mode)
    labels, class_names = _folder_classes(path, files)
    storage = ImageFolderStorage(path, files, shape, labels)
    if storage.row_bytes * len(storage) <= memory_limit:
        return from_arrays(
            storage.read(np.arange(len(storage))),
            labels,
            name=path.name,
            kind="image",
            value_range=value_range,
            class_names=class_names,
        )
    return from_files(
        storage, path.name, (0.0, 255.0), value_range, class_names
    )


def is_image(path: pathlib.Path) -> bool:
    """Say whether the name is that of an image."""
    return path.suffix.lower() in SUFFIXES


def decode(
    file: pathlib.Path | typing.BinaryIO,
    shape: tuple[int, int, int],
    name: object = None,
) -> np.ndarray:
    """Return an image as uint8 of this shape (height, width, channels).

    Transparent pixels are laid over white; the camera's orientation is
    applied.

    Args:
        file: a path or a binary file.
        shape: what the image is converted and resized to.
        name: what a message calls the file; by default `file`.
    """
    import PIL.Image
    import PIL.ImageOps

    try:
        with PIL.Image.open(file) as opened:
            image = PIL.ImageOps.exif_transpose(opened)
            image = _to_mode(image, "L" if shape[2] == 1 else "RGB")
    except Exception as error:
        raise _unreadable(name or file, error) from error
    if image.size != (shape[1], shape[0]):
        image = image.resize((shape[1], shape[0]), PIL.Image.Resampling.BICUBIC)
    return np.asarray(image, np.uint8).reshape(shape)


def header(
    file: pathlib.Path | typing.BinaryIO, name: object = None
) -> tuple[int, int, int]:
    """Return (height, width, channels) of an image without decoding it."""
    import PIL.Image

    try:
        with PIL.Image.open(file) as image:
            width, height = image.size
            if image.getexif().get(_EXIF_ORIENTATION, 1) >= 5:
                width, height = height, width
            if image.mode in ("I", "F"):
                raise ValueError(f"pixels of mode {image.mode}, save 8 bits")
            gray = image.mode in ("1", "L", "LA", *_DEEP_MODES)
            return height, width, 1 if gray else 3
    except Exception as error:
        raise _unreadable(name or file, error) from error


def _to_mode(image, mode: str):
    import PIL.Image

    if image.mode in _DEEP_MODES:
        image = PIL.Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(white, image)
    return image.convert(mode)


def _image_files(path: pathlib.Path) -> list[pathlib.Path]:
    files = []
    for folder, folders, names in os.walk(path, followlinks=True):
        folders[:] = [f for f in folders if f[0] != "." and f != "__MACOSX"]
        files += [pathlib.Path(folder, n) for n in names if n[0] != "."]
    images = sorted(file for file in files if is_image(file))
    if not images:
        raise ValueError(
            f"{str(path)!r} has no images among its {len(files)} files; "
            f"expected {', '.join(SUFFIXES)} or .tfrecord files."
        )
    return images


def _common_shape(files, size, color_mode) -> tuple[int, int, int]:
    first = header(files[0])
    for file, shape in zip(files, _threads().map(header, files), strict=True):
        if size is None and shape[:2] != first[:2]:
            raise ValueError(
                f"{str(file)!r} is {shape[0]}x{shape[1]}, but "
                f"{str(files[0])!r} is {first[0]}x{first[1]} (height x "
                "width): pass image_size to resize all images."
            )
        if color_mode is None and shape[2] != first[2]:
            kinds = {1: "grey", 3: "in colour"}
            raise ValueError(
                f"{str(file)!r} is {kinds[shape[2]]}, but {str(files[0])!r} "
                f"is {kinds[first[2]]}: pass color_mode='grayscale' or 'rgb'."
            )
    return *(size or first[:2]), channels_of(color_mode, first[2])


def _folder_classes(path: pathlib.Path, files):
    tops = [file.relative_to(path).parts for file in files]
    if any(len(parts) == 1 for parts in tops):
        return None, None
    names = sorted({parts[0] for parts in tops})
    splits = [name for name in names if name.lower() in _SPLIT_NAMES]
    if splits:
        raise ValueError(
            f"{str(path)!r} has the sub-folder {splits[0]!r}, which looks like "
            "a split, not a class: load "
            f"{str(path / splits[0])!r} (tfgen divides it), or rename it."
        )
    if len(names) == 1:
        return None, None
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[parts[0]] for parts in tops], np.int64)
    return labels, tuple(names)


def _unreadable(name, error: Exception) -> ValueError:
    return ValueError(
        f"{str(name)!r} cannot be read as an image ({reason_of(error)}): "
        "repair or remove it."
    )


# One pool for all folders; Pillow decodes outside of Python's lock.
@functools.cache
def _threads() -> concurrent.futures.ThreadPoolExecutor:
    return concurrent.futures.ThreadPoolExecutor(
        min(8, os.cpu_count() or 1), thread_name_prefix="tfgen-images"
    )
