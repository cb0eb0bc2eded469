"""Images side by side and one after the other, and their files."""

import math
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.pictures import figures
from tfgen.training.files import written_whole

SEPARATOR_WIDTH = 2
SEPARATOR_VALUE = 128
READABLE_SIDE = 48
LARGEST_WIDTH = 1600
NAME_HEIGHT = 28
MARGIN = 16
# Of an animation: pixels, and seconds.
LONGEST_SIDE = 600
TITLE_HEIGHT = 22
ALL_FRAMES, SHORTEST_FRAME, LONGEST_FRAME, LAST_FRAME = 6.0, 0.1, 0.5, 2.0


def image_grid(
    images: np.ndarray,
    columns: int | None = None,
    value_range: tuple[float, float] | None = (0, 1),
    scale: int | None = None,
) -> np.ndarray:
    """Arranges images in a grid, row by row, with thin grey lines between.

    Args:
        images: `(n, height, width, 1 or 3)`, grey or colour.
        columns: images in a row; default: as square as it gets.
        value_range: the values shown as black and white; what lies outside
            is clipped. None: the images' smallest and largest value.
        scale: whole factor by which pixels are enlarged; default: so that
            an image is at least 48 pixels wide and high.

    Returns:
        uint8 `(rows * height + ..., columns * width + ..., 1 or 3)`.

    Raises:
        ValueError: if these are no grey or colour images, or a number is not
            positive.

    Example:
    >>> x = np.random.default_rng(0).random((6, 8, 8, 1))
    >>> tfgen.pictures.image_grid(x, columns=3, scale=1).shape
    (18, 28, 1)
    """
    images = np.asarray(images)
    if images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"images have shape {images.shape}, expected (n, height, width, 1) "
            "for grey or (n, height, width, 3) for colour images."
        )
    count, height, width, channels = images.shape
    columns = _positive(columns, math.ceil(math.sqrt(count)), "columns")
    scale = _positive(scale, _readable(height, width, columns), "scale")
    pixels = to_pixels(images, value_range)
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    rows = math.ceil(count / columns)
    step_down = height * scale + SEPARATOR_WIDTH
    step_right = width * scale + SEPARATOR_WIDTH
    shape = (
        rows * step_down - SEPARATOR_WIDTH,
        columns * step_right - SEPARATOR_WIDTH,
        channels,
    )
    grid = np.full(shape, SEPARATOR_VALUE, np.uint8)
    for i, image in enumerate(pixels):
        top, left = i // columns * step_down, i % columns * step_right
        grid[top : top + height * scale, left : left + width * scale] = image
    return grid


def beside_each_other(pictures: dict[str, np.ndarray]) -> np.ndarray:
    """Puts pictures in a row, each below its name.

    The pictures' pixels stay as they are; lower ones are filled up with
    white.

    Args:
        pictures: uint8 `(height, width, 1 or 3)` by name.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        ValueError: if there are none.

    Example:
    >>> grey = np.full((64, 64, 1), 128, np.uint8)
    >>> tfgen.pictures.beside_each_other({"one": grey, "two": grey}).shape
    (108, 176, 3)
    """
    if not pictures:
        raise ValueError("there are no pictures: pass one or more by name.")
    steps = [MARGIN + one.shape[1] for one in pictures.values()]
    *lefts, width = np.cumsum([MARGIN, *steps])
    tallest = max(len(one) for one in pictures.values())
    figure = figures.new_figure(width, NAME_HEIGHT + tallest + MARGIN)
    for left, name in zip(lefts, pictures, strict=True):
        figures.write(figure, name, left, NAME_HEIGHT / 2, fontsize=11)
    whole = figures.to_array(figure)
    for left, one in zip(lefts, pictures.values(), strict=True):
        figures.paste(whole, one, left, NAME_HEIGHT)
    return whole


def write_png(path: pathlib.Path | str, array: np.ndarray) -> None:
    """Writes a PNG file, whole or not at all.

    Args:
        path: path of the file.
        array: uint8 `(height, width, 1 or 3)`, or `(height, width)`.

    Raises:
        ValueError: if the array is no such picture.

    Example:
    >>> grey = np.full((64, 64, 1), 128, np.uint8)
    >>> tfgen.pictures.write_png("grey.png", grey)
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    is_picture = array.ndim == 3 and array.shape[-1] in (1, 3)
    if not is_picture or array.dtype != np.uint8:
        raise ValueError(
            f"the picture is {array.dtype} of shape {array.shape}, expected "
            "uint8 of shape (height, width, 1 or 3): tfgen.pictures.image_grid "
            "makes one of images."
        )
    with written_whole(path) as temporary:
        temporary.write_bytes(tf.io.encode_png(array).numpy())


def write_gif(
    path: pathlib.Path | str,
    frames: Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
) -> None:
    """Writes an animation without end, whole or not at all.

    It takes about 6 seconds, and the last frame 2 seconds more. Large frames
    are scaled down to 600 pixels; all get the size of the last.

    Args:
        path: path of the GIF file.
        frames: uint8 arrays `(height, width, 1 or 3)`.
        titles: a text for each frame, written above it.

    Raises:
        ValueError: if there are no frames.

    Example:
    >>> frames = [np.full((64, 64, 1), grey, np.uint8) for grey in (0, 255)]
    >>> tfgen.pictures.write_gif("blink.gif", frames, ["off", "on"])
    """
    frames = [np.asarray(frame) for frame in frames]
    if not frames:
        raise ValueError("there are no frames: pass one or more pictures.")
    size = _size(frames[-1])
    titles = titles or [None] * len(frames)
    images = [
        _image(frame, size, title)
        for frame, title in zip(frames, titles, strict=True)
    ]
    each = ALL_FRAMES / len(images)
    each = min(max(each, SHORTEST_FRAME), LONGEST_FRAME)
    seconds = [each] * (len(images) - 1) + [LAST_FRAME]
    with written_whole(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            # Pillow merges equal frames and adds up their durations.
            duration=[round(1000 * s) for s in seconds],
            loop=0,
        )


def to_pixels(
    images: np.ndarray, value_range: tuple[float, float] | None = None
) -> np.ndarray:
    """Brings values to uint8, clipped; values that are not numbers to black.

    Raises:
        ValueError: if the range is empty.
    """
    images = np.asarray(images, np.float64)
    if value_range is None:
        finite = images[np.isfinite(images)]
        low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
        high = high if high > low else low + 1
    else:
        low, high = value_range
    if not low < high:
        raise ValueError(
            f"value_range is {value_range}, expected (low, high) with low "
            "below high."
        )
    shares = np.nan_to_num((images - low) / (high - low), posinf=1, neginf=0)
    return np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _readable(height, width, columns):
    wanted = math.ceil(READABLE_SIDE / min(height, width))
    return max(1, min(wanted, LARGEST_WIDTH // (columns * width)))


def _positive(number, default, name):
    number = default if number is None else number
    if number != int(number) or number < 1:
        raise ValueError(f"{name} is {number}, expected a whole number from 1.")
    return int(number)


def _size(frame):
    height, width = frame.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    return round(width * scale), round(height * scale)


def _image(frame, size, title):
    import PIL.Image
    import PIL.ImageDraw

    image = PIL.Image.fromarray(
        frame[..., 0] if frame.shape[-1] == 1 else frame
    )
    if image.size != size:
        image = image.resize(size, PIL.Image.Resampling.LANCZOS)
    if title is not None:
        white = 255 if image.mode == "L" else (255, 255, 255)
        with_strip = PIL.Image.new(
            image.mode, (size[0], size[1] + TITLE_HEIGHT), white
        )
        with_strip.paste(image, (0, TITLE_HEIGHT))
        PIL.ImageDraw.Draw(with_strip).text((6, 5), title, fill=0)
        image = with_strip
    if image.mode == "RGB":
        image = image.quantize(256, dither=PIL.Image.Dither.NONE)
    return image
