"""Pictures one after the other."""

from collections.abc import Sequence

import numpy as np

from tfgen.training.files import written_whole

LONGEST_SIDE = 600
SECONDS = 6.0
SHORTEST, LONGEST = 0.1, 0.5
LAST = 2.0
STRIP = 22


def write_gif(path, frames, titles: Sequence[str] | None = None) -> None:
    """Writes an animation without end, whole or not at all.

    It takes about 6 seconds, and the last frame 2 seconds more. Large frames
    are scaled down to 600 pixels; all get the size of the last.

    Args:
        path: of the GIF file.
        frames: uint8 arrays `(height, width, 1 or 3)`.
        titles: a text for each frame, written above it.

    Raises:
        ValueError: if there are no frames.
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
    each = float(np.clip(SECONDS / len(images), SHORTEST, LONGEST))
    seconds = [each] * (len(images) - 1) + [LAST]
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
            image.mode, (size[0], size[1] + STRIP), white
        )
        with_strip.paste(image, (0, STRIP))
        PIL.ImageDraw.Draw(with_strip).text((6, 5), title, fill=0)
        image = with_strip
    if image.mode == "RGB":
        image = image.quantize(256, dither=PIL.Image.Dither.NONE)
    return image
