"""from_arrays: a Source out of the user's own arrays."""

import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfgen.data.checks import (
    affine,
    check_finite,
    check_value_range,
    to_array,
)
from tfgen.data.columns import Column, find_columns
from tfgen.data.frames import (
    as_pandas,
    check_frame,
    encoded_frame,
    from_frame,
    is_frame,
    row_place,
)
from tfgen.data.images import ImageOptions, convert_arrays
from tfgen.data.labels import check_factors, encode_labels
from tfgen.data.mixed_tables import mixed_source
from tfgen.data.notes import say
from tfgen.data.progress import followed
from tfgen.data.ranges import Values, bit_depth_of, in_pieces, stored_range
from tfgen.data.reading import name_of, reading_of, takes_classes
from tfgen.data.schema import Schema, called, say_few_valued, say_schema
from tfgen.data.source import UNNAMED, Source
from tfgen.data.splits import hashed
from tfgen.data.squashing import say_squashed
from tfgen.data.storage import ArrayStorage, ClippedStorage, Storage
from tfgen.data.unknown_values import check_on_unknown, say_unknown

_KINDS = ("image", "table", "points")


def from_arrays(
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    name: str = UNNAMED,
    kind: str | None = None,
    value_range: tuple[float, float] | None = None,
    image_size: int | tuple[int, int] | None = None,
    color_mode: str | None = None,
    fit: str | None = None,
    background: str | None = None,
    bit_depth: int | None = None,
    class_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    factors: npt.ArrayLike | None = None,
    factor_names: Sequence[str] | None = None,
    columns: Sequence[Column] | None = None,
    transform: str = "auto",
    standardize: bool = True,
    split: str = "all",
    schema: Schema | Mapping | str | os.PathLike | None = None,
    like: object = None,
    on_unknown: str = "refuse",
) -> Source:
    """Return a source of arrays, or of a pandas frame of any columns.

    Images of whole numbers are scaled by the smallest of 8, 10, 12, 14 and 16
    bits that holds the largest of all, those of 0 and 1 alone are masks.
    Floats up to 1 lie in [-1, 1] if 2% or more of them are negative, else in
    [0, 1]; 1e-3 beyond either end is rounding, and clipped. What is found is
    said where it is no plain matter (`tfgen.data.DataNote`).

    A table is standardized by its own rows: to keep validation rows out of
    these statistics, pass everything here and call `divide`, or bring new rows
    along with `from_arrays(new).standardized_by(train)`. Points are left as
    they are.

    Args:
        x: a frame of pandas or polars, or an array:
            `(n, height, width)` or `(n, height, width, channels)` for images
            with 1 or 3 channels, `(n, features)` for a table or points.
            A `numpy.memmap` of images or points stays on disk.
        y: one label a row, whole numbers or texts, shape `(n,)`; or None.
        name: name of the source.
        kind: `"image"`, `"table"` or `"points"`; by default an image for rank
            3 and 4, a table for rank 2.
        value_range: `(0, 1)` or `(-1, 1)`, the range that comes out; by
            default `(0, 1)` for whole numbers and the range found for
            floats. It also decides for floats of which few are negative. A
            table or points with a range given are scaled like images.
        image_size: height and width, or both in one number, to resize to by
            Pillow's bicubic filter.
        color_mode: `"grayscale"` or `"rgb"` to convert to.
        fit: images of other proportions than `image_size` are cropped to
            their middle (`"crop"`, default), padded in the background
            (`"pad"`) or stretched (`"squash"`).
        background: colour beside padded images, such as `"#808080"`; default:
            white.
        bit_depth: bits of stored whole numbers: white is `2**bit_depth - 1`.
        class_names: names of the classes in their order.
        feature_names: names of the columns; default: those of a frame, if
            they are texts.
        factors: whole numbers that are known to have made the examples, shape
            `(n, num_factors)`, for metrics of disentanglement; or None.
        factor_names: names of the factors.
        columns: what is known of a table's columns; default: what is found.
        transform: which columns of a table have their tails squashed:
            `"auto"` those that ask for it, `"standard"` none, `"asinh"` all.
        standardize: whether a table is standardized by its own rows; if not,
            they are left as they are.
        split: what the source calls its split.
        schema: what the columns of a frame are, as far as they are not to be
            found: a `Schema`, its JSON file or what that holds.
        like: a model, or a source, to read these like its training data. The
            options that are not given are its own.
        on_unknown: of a frame's rows with a text or a gap that the training
            data of `like` had not, `"refuse"` or `"flag"`; see `load`.

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
    check_on_unknown(on_unknown, like)
    if like is not None:
        reading = reading_of(like)
        kind = kind or reading.kind
        if kind == "image":
            image_size = image_size or reading.shape[:2]
            color_mode = color_mode or reading.color_mode
            value_range = value_range or reading.value_range
            fit = fit or reading.image_options.get("fit")
            background = background or reading.image_options.get("background")
            bit_depth = bit_depth or reading.image_options.get("bit_depth")
    x = as_pandas(x)
    if feature_names is None:
        feature_names = _names_in(x)
    dtypes, of_frame = None, is_frame(x)
    if of_frame:
        schema = None if schema is None else Schema.read(schema)
        is_mixed = schema is not None and schema.is_mixed
        numbers = None if is_mixed else from_frame(x)
        if numbers is None:
            return _from_mixed_frame(
                x,
                y,
                name,
                split,
                class_names,
                transform,
                schema,
                like,
                keeps_unknown=on_unknown == "flag",
            )
        x, dtypes = numbers
    elif schema is not None:
        raise ValueError(
            "schema is for frames of pandas or polars, whose columns have "
            f"names; x is of type {type(x).__name__}: leave it out."
        )
    array = to_array(x, "x")
    kind = kind or ("table" if array.ndim == 2 else "image")
    _check_kind(array, kind)
    options = ImageOptions(image_size, color_mode, fit, background)
    if kind == "image":
        array = array[..., None] if array.ndim == 3 else array
    elif any((image_size, color_mode, fit, background)):
        raise ValueError(
            "image_size, color_mode, fit and background are for images; "
            f"{name!r} is a {kind}."
        )
    labels = names = None
    if y is not None:
        labels, names = encode_labels(y, len(array), class_names=class_names)
    if factors is not None:
        factors, factor_names = check_factors(factors, len(array), factor_names)
    feature_names = _feature_names(feature_names, array, kind)
    scaling, clip = {}, None
    if kind == "image" or value_range is not None:
        array, scaling, clip = _scaled(
            array, name, kind, value_range, bit_depth, options
        )
    elif bit_depth is not None:
        raise ValueError(f"bit_depth is for images; {name!r} is a {kind}.")
    else:
        for _ in _checked(array, name):
            pass
    columns = _columns(columns, array, feature_names, kind, dtypes)
    rules = ()
    if of_frame and columns:
        columns, rules, reasons = called(columns, schema, array, row_place)
        check_frame(reasons)
    storage = ArrayStorage(array, labels, factors)
    source = Source(
        ClippedStorage(storage, clip) if clip else storage,
        kind,
        name=name,
        split=split,
        class_names=names,
        feature_names=feature_names,
        factor_names=factor_names,
        columns=columns,
        rules=rules,
        transform=transform,
        **scaling,
    )
    if like is not None:
        # Without labels they are for what needs none.
        with_classes = y is not None and takes_classes(like, source)
        return source.read_like(reading, with_classes, name_of(like))
    if of_frame and kind == "table" and schema is None:
        say_few_valued(name, source.columns, array)
    if kind == "table" and value_range is None and standardize:
        source = source.standardized_by(source)
        say_squashed(source.columns)
    return source


def _from_mixed_frame(
    frame, y, name, split, class_names, transform, schema, like, keeps_unknown
) -> Source:
    reading = None if like is None else reading_of(like)
    if reading is not None and reading.columns:
        needed = [column for column in reading.columns if column.width]
        schema = Schema(tuple(needed), keeps_unknown=keeps_unknown)
        here = [c.name for c in needed if c.name in frame.columns]
        # Without a name: told by the message of those that miss.
        frame = frame[here] if here else frame
    found = encoded_frame(frame, schema)
    if schema is None or schema.leaves_all_open:
        say_schema(name, found.columns)
    labels = names = None
    if y is not None:
        labels, names = encode_labels(y, len(frame), class_names=class_names)
    source = mixed_source(
        found.columns,
        found.arrays,
        labels,
        names,
        name=name,
        split=split,
        transform=transform,
        rules=found.rules,
        unknown=found.unknown,
    )
    if reading is None:
        return source.standardized_by(source)
    with_classes = y is not None and takes_classes(like, source)
    found = source.read_like(reading, with_classes, name_of(like))
    say_unknown(found)
    return found


def from_file(
    path: pathlib.Path, x: np.ndarray, y: np.ndarray | None, options: dict
) -> Source:
    """Return a source of arrays out of a file, which errors name."""
    try:
        return from_arrays(x, y, **{"name": path.name, **options})
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from error


def from_files(
    storage: Storage,
    name: str,
    stored_range: tuple[float, float],
    value_range: tuple[float, float] | None,
    class_names: Sequence[str] | None,
    image_options: dict,
) -> Source:
    """Return a source of images out of files."""
    return Source(
        storage,
        "image",
        name=name,
        class_names=class_names,
        image_options=image_options,
        **scaling_of(stored_range, value_range),
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


def _checked(array: np.ndarray, name: str) -> Iterator[np.ndarray]:
    """Yields rows in pieces, all of them finite numbers."""
    start = 0
    for piece in followed(in_pieces(array), f"reading {name}", len(array)):
        check_finite(piece, "x" if start == 0 else f"x from row {start} on")
        yield piece
        start += len(piece)


def _scaled(
    array: np.ndarray,
    name: str,
    kind: str,
    value_range,
    bit_depth: int | None,
    options: ImageOptions,
):
    """The array as it is kept, its scaling, and what to clip it to or None."""
    name = "x" if name == UNNAMED else name
    if value_range is not None:
        value_range = check_value_range(value_range)
    is_mapped = isinstance(array, np.memmap)
    pieces = _checked(array, name)
    values = Values.of(hashed(pieces) if is_mapped else pieces, array.size)
    found = stored_range(
        values, name, value_range=value_range, bit_depth=bit_depth
    )
    dtype = _small_dtype(values, found)
    clip = _clip(array, values, found, name)
    if (
        kind == "image"
        and options.shape_of(*array.shape[1:]) != array.shape[1:]
    ):
        if options.differs(*array.shape[1:3]):
            say(options.note(len(array), len(array)))
        array = convert_arrays(array, options, found, dtype)
    elif not is_mapped:
        # As bytes they are exact and small; a mapped file stays on disk.
        array = array.astype(dtype, copy=False)
    if clip and not isinstance(array, np.memmap):
        array, clip = np.clip(array, *clip), None
    scaling = scaling_of(found, value_range)
    if kind == "image":
        depth = bit_depth_of(values, found)
        scaling["image_options"] = options.to_dict(depth)
    return array, scaling, clip


def _small_dtype(values: Values, found: tuple[float, float]) -> np.dtype:
    white = found[1]
    if values.whole and 255 <= white < 2**16:
        return np.dtype(np.uint8 if white == 255 else np.uint16)
    return values.dtype


def _clip(array: np.ndarray, values: Values, found, name: str):
    """The range to clip to, which is said, or None."""
    low, high = found
    if low <= values.low and values.high <= high:
        return None
    count = sum(
        int(np.count_nonzero((piece < low) | (piece > high)))
        for piece in in_pieces(array)
    )
    beyond = max(low - values.low, values.high - high)
    plural = "s" if count > 1 else ""
    say(
        f"{name} has {count} value{plural} beyond [{low:g}, {high:g}], by up "
        f"to {beyond:.2g}: clipped."
    )
    return found


def scaling_of(
    found: tuple[float, float], value_range: tuple[float, float] | None
) -> dict:
    """Return attributes of a source that is stored in a range.

    Args:
        found: the range that stored values lie in.
        value_range: what they are brought to, or None.
    """
    target = (min(found[0], 0.0), 1.0)
    if value_range is not None:
        target = check_value_range(value_range)
    shift, scale = affine(found, target)
    return {
        "value_range": target,
        "shift": shift,
        "scale": scale,
        "stored_range": found,
    }


def _columns(columns, array: np.ndarray, names, kind: str, dtypes):
    if kind != "table":
        return None
    return tuple(columns or find_columns(array, names, dtypes=dtypes))


def _names_in(x) -> list[str] | None:
    """Names of the columns of a pandas DataFrame, or None."""
    names = list(getattr(x, "columns", ()))
    are_texts = names and all(isinstance(name, str) for name in names)
    return names if are_texts else None


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
