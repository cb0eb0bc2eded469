"""Encoded images: PNG, JPEG, TIFF and whatever else Pillow opens."""

import abc
import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import io
import itertools
import math
import os
import pathlib
import struct
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from tfgen.data.checks import check_finite, reason_of
from tfgen.data.images import ImageOptions, to_shape
from tfgen.data.notes import say
from tfgen.data.progress import followed
from tfgen.data.ranges import Values, bit_depth_of, stored_range
from tfgen.data.storage import Storage

if typing.TYPE_CHECKING:
    import PIL.Image

File = pathlib.Path | io.BytesIO
_known: dict[bytes, "Header"] = {}

_EXIF_ORIENTATION = 0x0112
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
_GRAY_MODES = ("1", "L", "LA", "I", "F", *_DEEP_MODES)
_DTYPES = {"I": np.int32, "F": np.float32}
_LOOKED_AT = 64
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_KNOWN = 1000
_AHEAD = 8
_GROUP = 4


class Header(typing.NamedTuple):
    """What an image says of itself before its pixels are decoded.

    Attributes:
        height: pixels, turned as the camera says.
        width: pixels.
        channels: 1 for grey, else 3.
        dtype: type of the pixels: uint8, or one that holds more.
        has_alpha: whether pixels may be transparent.
        has_frames: whether there are further images in the file.
        is_cut: whether Pillow makes 8 bits of more.
    """

    height: int
    width: int
    channels: int
    dtype: np.dtype
    has_alpha: bool
    has_frames: bool
    is_cut: bool

    @classmethod
    @functools.lru_cache(4096)
    def kept(cls, header: "Header") -> "Header":
        """The header, one object for all that are equal: there are many."""
        return header


class EncodedImages(Storage):
    """Abstract: images decoded when they are read, by a pool of threads.

    Images of 8 bits are stored as bytes. If some hold more, all are stored in
    their type, and those of 8 bits are brought to the range of the others,
    which one pass over them finds.

    Args:
        headers: of all images.
        options: how they are brought to one shape.
        name: what notes call the set.
        value_range: what values are to be brought to, or None.
        bit_depth: bits of a stored value, or None to find them.

    Raises:
        ValueError: images that cannot be brought to one shape, type or range;
            the message names the file.
    """

    def __init__(
        self,
        headers: Sequence[Header],
        options: ImageOptions,
        name: str,
        value_range: tuple[float, float] | None = None,
        bit_depth: int | None = None,
    ):
        self.options = options
        self.name = name
        self.shape = self._common_shape(headers)
        self.dtype = self._common_dtype(headers)
        _say_of_headers(headers, options, name)
        values = self._values(headers, bit_depth)
        self.stored_range = stored_range(
            values,
            name,
            called=name,
            value_range=value_range,
            bit_depth=bit_depth,
        )
        self.bit_depth = bit_depth_of(values, self.stored_range)
        low, high = self.stored_range
        if values.low < low or values.high > high:
            beyond = max(low - values.low, values.high - high)
            say(
                f"{name} has values beyond [{low:g}, {high:g}], by up to "
                f"{beyond:.2g}: clipped."
            )
        if self.dtype == np.int32 and high < 2**16:
            self.dtype = np.dtype(np.uint16)

    @abc.abstractmethod
    def where(self, index: int) -> str:
        """What a message calls an image."""

    @abc.abstractmethod
    def open(self, indices: np.ndarray) -> Iterator[File]:
        """Yield the images at `indices`, encoded."""

    def read(self, indices: np.ndarray) -> np.ndarray:
        images = np.empty((len(indices), *self.shape), self.dtype)
        for row, image in enumerate(self._decoded(indices, self._to_shape)):
            images[row] = image
        return images

    def _decoded(self, indices: np.ndarray, finish=None) -> Iterator:
        """Yield pixels as they are in the files, or what `finish` makes."""

        def decode(file, index):
            pixels = read_pixels(file, self.options, self.where(index))
            check_finite(pixels, self.where(index))
            return finish(pixels) if finish else pixels

        yield from in_threads(decode, self.open(indices), indices)

    def _to_shape(self, pixels: np.ndarray) -> np.ndarray:
        low, high = self.stored_range
        if pixels.dtype == np.uint8 and self.dtype != np.uint8:
            pixels = low + pixels / 255 * (high - low)
            pixels = np.rint(pixels) if self.dtype.kind in "ui" else pixels
        elif pixels.dtype == np.float32:
            pixels = np.clip(pixels, low, high)
        pixels = pixels.astype(self.dtype, copy=False)
        return to_shape(pixels, self.shape, self.options, self.stored_range)

    def _common_shape(self, headers: Sequence[Header]) -> tuple[int, int, int]:
        first, options = headers[0], self.options
        sizes = [i for i, h in enumerate(headers) if h[:2] != first[:2]]
        colors = [i for i, h in enumerate(headers) if h[2] != first[2]]
        reasons = []
        if options.image_size is None and sizes:
            other = headers[sizes[0]]
            reasons.append(
                f"{self._named(sizes)} {other.height}x{other.width}, "
                f"but {self.where(0)!r} is {first.height}x{first.width} "
                "(height x width): pass image_size to resize all images"
            )
        if options.color_mode is None and colors:
            kinds = {1: "grey", 3: "in colour"}
            reasons.append(
                f"{self._named(colors)} {kinds[headers[colors[0]].channels]}, "
                f"but {self.where(0)!r} is {kinds[first.channels]}: pass "
                "color_mode='grayscale' or 'rgb'"
            )
        if reasons:
            raise ValueError(f"{'; '.join(reasons)}.")
        return options.shape_of(*first[:3])

    def _named(self, indices: Sequence[int]) -> str:
        """The first of some images, and how many are like it in that."""
        more = f" (and {len(indices) - 1:,} more differ)" * (len(indices) > 1)
        return f"{self.where(indices[0])!r}{more} is"

    def _common_dtype(self, headers: Sequence[Header]) -> np.dtype:
        """The type that holds all, of bytes only where there is no other."""
        deep = {}
        for index, header in enumerate(headers):
            if header.dtype != np.uint8:
                deep.setdefault(header.dtype, index)
        if len({dtype.kind for dtype in deep}) > 1:
            files = [f"{self.where(i)!r} holds {t}" for t, i in deep.items()]
            raise ValueError(
                f"{', '.join(files)}: keep whole numbers, or floats."
            )
        return np.result_type(*deep) if deep else np.dtype(np.uint8)

    def _values(self, headers: Sequence[Header], bit_depth) -> Values:
        """What the pixels are, before they are resized."""
        deep = [i for i, h in enumerate(headers) if h.dtype != np.uint8]
        if deep:
            return self._looked_at(headers, deep)
        some = range(0, len(headers), -(-len(headers) // _LOOKED_AT))
        values = self._looked_at(headers, some)
        # Bytes need a pass over all only if they may be fewer bits.
        if values.high > 1 and (bit_depth or 8) >= 8:
            return values
        return self._looked_at(headers, range(len(headers)))

    def _looked_at(self, headers, indices: Sequence[int]) -> Values:
        size = sum(math.prod(headers[i][:3]) for i in indices)
        pixels = followed(
            self._decoded(np.array(indices)),
            f"looking at {self.name}",
            len(indices),
            size=lambda image: 1,
        )
        values = Values.of(pixels, size)
        return dataclasses.replace(values, dtype=self.dtype)


def read_header(file: File, name: object = None) -> Header:
    """Return what an image says of itself."""
    try:
        before = _before_pixels(file)
        if before not in _known:
            header = _read_header(file, decodes=before is None)
            if before is None or len(_known) > _MOST_KNOWN:
                return header
            _known[before] = header
        return _known[before]
    except Exception as error:
        raise _unreadable(name or file, error) from error


@contextlib.contextmanager
def _opened(file: File) -> Iterator["PIL.Image.Image"]:
    """An image that is small enough to be decoded."""
    import PIL.Image

    with PIL.Image.open(file) as image:
        most = PIL.Image.MAX_IMAGE_PIXELS
        if most is not None and math.prod(image.size) > most:
            raise ValueError(
                f"it has {math.prod(image.size):,} pixels, expected at most "
                f"PIL.Image.MAX_IMAGE_PIXELS, {most:,}"
            )
        yield image


def _read_header(file: File, decodes: bool) -> Header:
    import PIL.Image

    with _opened(file) as image:
        # Both before the EXIF data are asked for, which may decode a PNG.
        is_deep, is_gray = _is_deep(image), _is_gray(image)
        width, height = image.size
        kind = type(image) if decodes else PIL.Image.Image
        if kind.getexif(image).get(_EXIF_ORIENTATION, 1) >= 5:
            width, height = height, width
        dtype = _DTYPES.get(image.mode, np.uint8)
        if image.mode in _DEEP_MODES or is_deep and image.format == "PNG":
            dtype = np.uint16
        return Header(
            height,
            width,
            1 if is_gray else 3,
            np.dtype(dtype),
            image.has_transparency_data,
            getattr(image, "is_animated", False),
            is_deep and image.format != "PNG",
        )


def read_pixels(
    file: File, options: ImageOptions, name: object = None
) -> np.ndarray:
    """Return an image `(height, width, 1 or 3)` in the type of its pixels.

    The camera's orientation is applied; transparent pixels are laid over the
    background.
    """
    import PIL.Image
    import PIL.ImageOps

    try:
        with _opened(file) as image:
            if image.format == "PNG" and _is_deep(image):
                return _deep_png(file, image, options)
            channels = 1 if _is_gray(image) else 3
            PIL.ImageOps.exif_transpose(image, in_place=True)
            if image.mode in (*_DEEP_MODES, *_DTYPES):
                dtype = _DTYPES.get(image.mode, np.uint16)
                return np.asarray(image).astype(dtype)[..., None]
            if image.has_transparency_data:
                image = image.convert("RGBA")
                behind = PIL.Image.new("RGBA", image.size, options.color)
                image = PIL.Image.alpha_composite(behind, image)
            mode = "L" if channels == 1 else "RGB"
            pixels = np.asarray(
                image if image.mode == mode else image.convert(mode)
            )
            return pixels.reshape(*pixels.shape[:2], channels)
    except Exception as error:
        raise _unreadable(name or file, error) from error


def _before_pixels(file: File) -> bytes | None:
    """What stands before the pixels of a PNG, if nothing does behind them.

    Images of which it is equal have equal headers.

    Raises:
        EOFError: if it ends too early.
    """
    is_path = isinstance(file, pathlib.Path)
    with file.open("rb") if is_path else io.BytesIO(file.getvalue()) as png:
        before, kind, is_late = bytearray(png.read(8)), b"", False
        if before != _PNG:
            return None
        while kind != b"IEND":
            last, head = kind, _exactly(png, 8)
            length, kind = struct.unpack(">I4s", head)
            if kind != b"IDAT" and last != b"IDAT":
                before += head + _exactly(png, length + 4)
                continue
            is_late |= last == b"IDAT" and kind not in (b"IDAT", b"IEND")
            png.seek(length, os.SEEK_CUR)
            _exactly(png, 4)
    return None if is_late else bytes(before)


def _exactly(file: typing.BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise EOFError("it ends too early")
    return found


def _is_gray(image) -> bool:
    raw = str(image.tile[0].args) if image.tile else ""
    # Pillow makes RGBA of 16-bit grey with alpha.
    return raw.startswith("LA;16") or image.mode in _GRAY_MODES


def _is_deep(image) -> bool:
    """Whether there are 16 bits a colour, of which Pillow keeps 8."""
    is_color = image.mode in ("RGB", "RGBA", "RGBX", "CMYK", "LA")
    return is_color and bool(image.tile) and ";16" in str(image.tile[0].args)


def _deep_png(file: File, opened, options: ImageOptions) -> np.ndarray:
    import PIL.Image
    import PIL.ImageOps

    from tfgen import _quiet

    tf = _quiet.import_tensorflow()
    content = (
        file.getvalue() if isinstance(file, io.BytesIO) else file.read_bytes()
    )
    pixels = tf.io.decode_png(content, dtype=tf.uint16).numpy()
    if pixels.shape[2] in (2, 4):
        alpha = pixels[..., -1:] / 65535
        behind = 257 * np.array(options.fill(pixels.shape[2] - 1))
        pixels = pixels[..., :-1] * alpha + behind * (1 - alpha)
        pixels = np.rint(pixels).astype(np.uint16)
    planes = []
    for plane in np.moveaxis(pixels, 2, 0):
        image = PIL.Image.fromarray(plane)
        image.info["exif"] = opened.info.get("exif")
        planes.append(np.asarray(PIL.ImageOps.exif_transpose(image)))
    return np.dstack(planes)


def _say_of_headers(
    headers: Sequence[Header], options: ImageOptions, name: str
) -> None:
    total = len(headers)
    if count := sum(header.has_alpha for header in headers):
        say(
            f"{name}: {count} of {total} images have an alpha channel; what is "
            f"transparent is laid over {options.background}; background= sets "
            "another colour."
        )
    if count := sum(header.has_frames for header in headers):
        say(
            f"{name}: {count} of {total} files hold further frames or layers; "
            "the first of each is read."
        )
    if count := sum(header.is_cut for header in headers):
        say(
            f"{name}: {count} of {total} images have 16 bits a colour in a "
            "format of which 8 are read; save them as PNG to have all."
        )
    if count := sum(options.differs(*header[:2]) for header in headers):
        say(f"{name}: {options.note(count, total)}")


def _unreadable(name, error: Exception) -> ValueError:
    return ValueError(
        f"{str(name)!r} cannot be read as an image ({reason_of(error)}): "
        "repair or remove it."
    )


def in_threads(function: Callable, *arguments: Iterable) -> Iterator:
    """Yield what a function gives, in order, with a bounded read-ahead."""
    items, waiting = zip(*arguments, strict=True), collections.deque()
    # A thread takes some: handing one over takes as long as a small image.
    while some := list(itertools.islice(items, _GROUP)):
        waiting.append(threads().submit(_each, function, some))
        if len(waiting) == _AHEAD:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()


def _each(function: Callable, items: Sequence[tuple]) -> list:
    return [function(*values) for values in items]


# One pool for all folders; Pillow decodes outside of Python's lock.
@functools.cache
def threads() -> concurrent.futures.ThreadPoolExecutor:
    """The threads that decode images."""
    return concurrent.futures.ThreadPoolExecutor(
        min(8, os.cpu_count() or 1), thread_name_prefix="tfgen-images"
    )
