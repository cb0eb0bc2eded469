"""from_arrays: a Source out of the user's own arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.checks import (
    affine,
    check_finite,
    check_value_range,
    stored_range,
    to_array,
)
from tfgen.data.columns import Column, find_columns, say_squashed
from tfgen.data.images import convert_arrays
from tfgen.data.labels import check_factors, encode_labels
from tfgen.data.reading import reading_of, takes_classes
from tfgen.data.source import Source
from tfgen.data.storage import ArrayStorage, Storage

_KINDS = ("image", "table", "points")
_CHECK_BYTES = 2**26


def from_arrays(
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    name: str = "arrays",
    kind: str | None = None,
    value_range: tuple[float, float] | None = None,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
    class_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    factors: npt.ArrayLike | None = None,
    factor_names: Sequence[str] | None = None,
    columns: Sequence[Column] | None = None,
    transform: str = "auto",
    split: str = "all",
    like: object = None,
) -> Source:
    """Return a source of arrays.

    Images of whole numbers 0 to 255 are scaled, images of fractions are
    recognised as [0, 1] or [-1, 1]. A table is standardized by its own rows:
    to keep validation rows out of these statistics, pass everything here and
    call `divide`, or bring new rows along with
    `from_arrays(new).standardized_by(train)`. Points are left as they are.

    Args:
        x: `(n, height, width)` or `(n, height, width, channels)` for images
            with 1 or 3 channels, `(n, features)` for a table or points.
            A `numpy.memmap` of images or points stays on disk.
        y: one label a row, whole numbers or texts, shape `(n,)`; or None.
        name: name of the source.
        kind: `"image"`, `"table"` or `"points"`; by default an image for rank
            3 and 4, a table for rank 2.
        value_range: `(0, 1)` or `(-1, 1)`; by default `(0, 1)` for whole
            numbers and the range found for fractions. A table or points with
            a range given are scaled like images.
        image_size: height and width, or both in one number, to resize to.
        color_mode: `"grayscale"` or `"rgb"` to convert to.
        class_names: names of the classes in their order.
        feature_names: names of the columns.
        factors: whole numbers that are known to have made the examples, shape
            `(n, num_factors)`, for metrics of disentanglement; or None.
        factor_names: names of the factors.
        columns: what is known of a table's columns; default: what is found.
        transform: which columns of a table have their tails squashed:
            `"auto"` those that ask for it, `"standard"` none, `"asinh"` all.
        split: what the source calls its split.
        like: a model, or a source, to read these like its training data. The
            options that are not given are its own.

    Returns:
        A `Source`.

    Raises:
        ValueError: arrays that are no finite numbers, or of another shape,
            range or length.

    Example:
    >>> images = np.zeros((10, 8, 8), np.uint8)
    >>> from_arrays(images, np.arange(10) % 2)
    <Source arrays, all: 10 images of 8x8x1 in [0, 1], 2 classes>
    """
    if like is not None:
        reading = reading_of(like)
        kind = kind or reading.kind
        if kind == "image":
            image_size = image_size or reading.shape[:2]
            color_mode = color_mode or reading.color_mode
            value_range = value_range or reading.value_range
    array = to_array(x, "x")
    kind = kind or ("table" if array.ndim == 2 else "image")
    _check_kind(array, kind)
    if kind == "image":
        array = array[..., None] if array.ndim == 3 else array
        array = convert_arrays(array, image_size, color_mode)
    elif image_size is not None or color_mode is not None:
        raise ValueError(
            f"image_size and color_mode are for images; {name!r} is a {kind}."
        )
    _check_finite_in_pieces(array)
    labels = names = None
    if y is not None:
        labels, names = encode_labels(y, len(array), class_names=class_names)
    if factors is not None:
        factors, factor_names = check_factors(factors, len(array), factor_names)
    feature_names = _feature_names(feature_names, array, kind)
    scaling = {}
    if kind == "image" or value_range is not None:
        array, scaling = _scaling(array, value_range)
    source = Source(
        ArrayStorage(array, labels, factors),
        kind,
        name=name,
        split=split,
        class_names=names,
        feature_names=feature_names,
        factor_names=factor_names,
        columns=_columns(columns, array, feature_names, kind),
        transform=transform,
        **scaling,
    )
    if like is not None:
        return source.read_like(reading, takes_classes(like, source))
    if kind == "table" and value_range is None:
        source = source.standardized_by(source)
        say_squashed(source.columns)
    return source


def from_files(
    storage: Storage,
    name: str,
    value_range: tuple[float, float] | None,
    class_names: Sequence[str] | None,
) -> Source:
    """Return a source of 8-bit images that stay in their files."""
    target = check_value_range(value_range or (0, 1))
    shift, scale = affine((0.0, 255.0), target)
    return Source(
        storage,
        "image",
        name=name,
        value_range=target,
        class_names=class_names,
        shift=shift,
        scale=scale,
        stored_range=(0.0, 255.0),
    )


def _check_kind(array: np.ndarray, kind: str) -> None:
    if kind not in _KINDS:
        raise ValueError(
            f"kind is {kind!r}; expected 'image', 'table' or 'points'."
        )
    if kind != "image":
        if array.ndim != 2:
            raise ValueError(
                f"x has shape {array.shape}; expected (n, features) for "
                f"{kind}: reshape it, as in x.reshape(len(x), -1)."
            )
        return
    if array.ndim not in (3, 4):
        raise ValueError(
            f"x has shape {array.shape}; expected (n, height, width, channels) "
            "for images or (n, features) for a table: reshape it."
        )
    if array.ndim == 4 and array.shape[3] not in (1, 3):
        advice = "convert the images to grey or RGB"
        if array.shape[1] in (1, 3):
            advice = "put channels last with np.moveaxis(x, 1, -1)"
        raise ValueError(
            f"x has shape {array.shape}; expected images with 1 or 3 channels "
            f"in the last axis: {advice}."
        )


def _check_finite_in_pieces(array: np.ndarray) -> None:
    # A memory-mapped file may be larger than the memory.
    rows = max(1, _CHECK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        piece = array[start : start + rows]
        check_finite(piece, "x" if start == 0 else f"x from row {start} on")


def _scaling(array: np.ndarray, value_range):
    found = stored_range(array, "x")
    # As bytes they are exact and small; a memory-mapped file stays on disk.
    if found == (0.0, 255.0) and not isinstance(array, np.memmap):
        array = array.astype(np.uint8, copy=False)
    if value_range is not None:
        target = check_value_range(value_range)
    else:
        target = (-1.0, 1.0) if found == (-1.0, 1.0) else (0.0, 1.0)
    shift, scale = affine(found, target)
    return array, {
        "value_range": target,
        "shift": shift,
        "scale": scale,
        "stored_range": found,
    }


def _columns(columns, array: np.ndarray, names, kind: str):
    if kind != "table":
        return None
    return tuple(columns or find_columns(array, names))


def _feature_names(feature_names, array: np.ndarray, kind: str):
    if feature_names is None:
        return None
    names = tuple(str(text) for text in feature_names)
    if kind == "image" or len(names) != array.shape[1]:
        raise ValueError(
            f"{len(names)} feature_names for x of shape {array.shape}; "
            "expected one name for each column of a table."
        )
    return names
