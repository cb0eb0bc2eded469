"""Images brought to one size and colour mode, files and arrays alike."""

import dataclasses

import numpy as np

COLOR_MODES = ("grayscale", "rgb")
FITS = ("crop", "pad", "squash")
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601-2
_PROPORTIONS = 1.05


@dataclasses.dataclass(frozen=True)
class ImageOptions:
    """How images are brought to one shape.

    Attributes:
        image_size: height and width, or both in one number; None for their
            own.
        color_mode: `"grayscale"`, `"rgb"`, or None for their own.
        fit: what becomes of images of other proportions: `"crop"` takes the
            middle, `"pad"` puts the background beside them, `"squash"`
            stretches them. None is the first.
        background: colour behind transparent pixels and beside padded images,
            by name or as `#rrggbb`; None is white.
    """

    image_size: int | tuple[int, int] | None = None
    color_mode: str | None = None
    fit: str | None = None
    background: str | None = None

    def __post_init__(self):
        found = {
            "image_size": check_image_size(self.image_size),
            "fit": self.fit or "crop",
            "background": self.background or "white",
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)
        check_color_mode(self.color_mode)
        if self.fit not in FITS:
            raise ValueError(
                f"fit is {self.fit!r}; expected one of {', '.join(FITS)}."
            )
        _ = self.color

    @property
    def color(self) -> tuple[int, int, int]:
        """The background's red, green and blue, 0 to 255."""
        import PIL.ImageColor

        try:
            return PIL.ImageColor.getrgb(self.background)[:3]
        except (ValueError, AttributeError, TypeError) as error:
            raise ValueError(
                f"background is {self.background!r}; expected a colour such "
                "as white, black or #808080."
            ) from error

    def to_dict(self, bit_depth: int | None) -> dict:
        """Return the options of `load` that size and colours do not tell."""
        found = {"fit": self.fit, "background": self.background}
        return found | ({"bit_depth": bit_depth} if bit_depth else {})

    def fill(self, channels: int) -> list[int]:
        """The background in this number of channels, 0 to 255 each."""
        if channels == 3:
            return list(self.color)
        return [int(np.rint(np.float32(self.color) @ _LUMINANCE))]

    def shape_of(
        self, height: int, width: int, channels: int
    ) -> tuple[int, int, int]:
        """Return the shape that an image is brought to."""
        size = self.image_size or (height, width)
        return *size, channels_of(self.color_mode, channels)

    def differs(self, height: int, width: int) -> bool:
        """Say whether an image's proportions are others, by 5% or more."""
        if self.image_size is None:
            return False
        ratio = width / height * self.image_size[0] / self.image_size[1]
        return max(ratio, 1 / ratio) >= _PROPORTIONS

    def note(self, count: int, total: int) -> str:
        """What is said of `count` images of other proportions."""
        done = {
            "crop": "their middle is cropped (fit='pad' or 'squash' keeps all)",
            "pad": f"padded in {self.background}",
            "squash": "stretched (fit='crop' or 'pad' keeps proportions)",
        }
        height, width = self.image_size
        return (
            f"{count} of {total} images have other proportions than "
            f"{height}x{width}: {done[self.fit]}."
        )


def check_image_size(
    image_size: int | tuple[int, int] | None,
) -> tuple[int, int] | None:
    """Return `(height, width)`, or None for None."""
    if image_size is None:
        return None
    pair = (
        tuple(image_size)
        if isinstance(image_size, (tuple, list))
        else (image_size, image_size)
    )
    if len(pair) != 2 or not all(
        isinstance(size, (int, np.integer)) and size > 0 for size in pair
    ):
        raise ValueError(
            f"image_size is {image_size!r}; expected a positive whole number, "
            "or (height, width)."
        )
    return int(pair[0]), int(pair[1])


def channels_of(color_mode: str | None, otherwise: int) -> int:
    """Return the channels of a colour mode, or of None those of the data."""
    return {None: otherwise, "grayscale": 1, "rgb": 3}[color_mode]


def check_color_mode(color_mode: str | None) -> str | None:
    """Return the colour mode; ValueError unless known."""
    if color_mode is not None and color_mode not in COLOR_MODES:
        raise ValueError(
            f"color_mode is {color_mode!r}; expected 'grayscale' or 'rgb'."
        )
    return color_mode


def convert_arrays(
    x: np.ndarray,
    options: ImageOptions,
    stored_range: tuple[float, float],
    dtype: np.dtype,
) -> np.ndarray:
    """Return images `(n, h, w, c)` in the options' shape and this type."""
    shape = options.shape_of(*x.shape[1:])
    converted = np.empty((len(x), *shape), dtype)
    for row, image in enumerate(x):
        pixels = np.asarray(image).astype(dtype, copy=False)
        converted[row] = to_shape(pixels, shape, options, stored_range)
    return converted


def to_shape(
    pixels: np.ndarray,
    shape: tuple[int, int, int],
    options: ImageOptions,
    stored_range: tuple[float, float],
) -> np.ndarray:
    """Return an image in this shape, by Pillow's bicubic filter.

    Args:
        pixels: `(height, width, channels)`. Of uint8 Pillow makes bytes,
            of other types 32-bit floats, rounded to whole numbers again.
        shape: height, width and channels to come.
        options: how an image of other proportions is fitted.
        stored_range: what black and white are; the filter's overshoot is
            clipped to it.
    """
    if pixels.shape == shape:
        return pixels
    channels = shape[2]
    if pixels.dtype == np.uint8 and stored_range[1] == 255:
        fill = options.fill(channels)
        fill = tuple(fill) if channels == 3 else fill[0]
        image = _converted(pixels, channels)
        return np.asarray(_fitted(image, shape, options.fit, fill)).reshape(
            shape
        )
    low, high = stored_range
    planes = np.moveaxis(_colors(pixels, channels), 2, 0)
    fills = [low + c / 255 * (high - low) for c in options.fill(channels)]
    fitted = [
        _fitted(_float_image(plane), shape, options.fit, fill)
        for plane, fill in zip(planes, fills, strict=True)
    ]
    # Cubic weights overshoot.
    image = np.clip(np.dstack(fitted), low, high)
    if pixels.dtype.kind in "bui":
        image = np.rint(image)
    return image.astype(pixels.dtype)


def _converted(pixels: np.ndarray, channels: int):
    import PIL.Image

    image = PIL.Image.fromarray(
        pixels[..., 0] if pixels.shape[2] == 1 else pixels
    )
    return image.convert("L" if channels == 1 else "RGB")


def _float_image(plane: np.ndarray):
    import PIL.Image

    return PIL.Image.fromarray(np.ascontiguousarray(plane))


def _colors(pixels: np.ndarray, channels: int) -> np.ndarray:
    pixels = pixels.astype(np.float32)
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    return (pixels @ _LUMINANCE)[..., None]


def _fitted(image, shape: tuple[int, int, int], fit: str, fill):
    import PIL.Image
    import PIL.ImageOps

    size = shape[1], shape[0]
    bicubic = PIL.Image.Resampling.BICUBIC
    if image.size == size:
        return image
    if fit == "crop":
        return PIL.ImageOps.fit(image, size, bicubic)
    if fit == "pad":
        return PIL.ImageOps.pad(image, size, bicubic, fill)
    return image.resize(size, bicubic)
