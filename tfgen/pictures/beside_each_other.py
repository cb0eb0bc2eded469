import numpy as np

from tfgen.pictures import figures

NAME_HEIGHT = 28
MARGIN = 16
WHITE = 255


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
    """
    if not pictures:
        raise ValueError("there are no pictures: pass one or more by name.")
    height = NAME_HEIGHT + max(len(one) for one in pictures.values())
    width = MARGIN + sum(one.shape[1] + MARGIN for one in pictures.values())
    lefts = MARGIN + np.cumsum(
        [0, *(one.shape[1] + MARGIN for one in pictures.values())]
    )
    figure = figures.new_figure(width, height + MARGIN)
    for left, name in zip(lefts, pictures, strict=False):
        figure.text(
            left / width,
            1 - 0.5 * NAME_HEIGHT / (height + MARGIN),
            name,
            va="center",
            fontsize=11,
        )
    whole = figures.to_array(figure)
    for left, one in zip(lefts, pictures.values(), strict=False):
        end = NAME_HEIGHT + len(one), left + one.shape[1]
        whole[NAME_HEIGHT : end[0], left : end[1]] = one
    return whole
