"""Drawing by masked convolutions, at about the cost of one pass."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgen.layers.masked_convolution import GatedMaskedConv2D


def draw_in_order(
    convolutions: Sequence[GatedMaskedConv2D],
    embed: Callable[[tf.Tensor], tf.Tensor],
    choose: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    grid: tuple[int, int],
    blank: tf.Tensor,
    condition: tf.Tensor | None = None,
) -> tf.Tensor:
    """Values that are drawn one after the other, row by row, as tensors.

    Each layer keeps what the places to come see of it, so that all places
    together cost about one pass of the network, where asking the network anew
    for each costs a pass a place.

    Args:
        convolutions: one behind the other, the first with `is_first`.
        embed: what the first of them sees of values `(rows, places, *value)`,
            `(rows, places, channels)`.
        choose: from what the last gives at one place, `(rows, filters)`, and
            the number of the place to values `(rows, *value)`.
        grid: height and width.
        blank: any values of one place, `(rows, *value)`, by which shape and
            type are known.
        condition: one-hot classes, or a map `(rows, height, width, channels)`.

    Returns:
        `(rows, height, width, *value)`.
    """
    return _Drawing(
        list(convolutions), embed, choose, grid, blank, condition
    ).image()


class _Drawing:
    """The loops over rows and over a row's places.

    Of each layer's input they keep the rows above that it sees, `windows` of
    the vertical stack, and the pixels to the left, those of the horizontal.
    """

    def __init__(self, convolutions, embed, choose, grid, blank, condition):
        self._convolutions, self._embed = convolutions, embed
        self._choose, self._condition = choose, condition
        self._height, self._width = grid
        self._half = convolutions[0].kernel_size // 2
        self._value, self._type = (None, *blank.shape[1:]), blank.dtype
        self._rows = tf.shape(blank)[0]
        first = embed(blank[:, None])
        self._channels, self._dtype = first.shape[-1], first.dtype

    def image(self):
        _, _, image = tf.while_loop(
            lambda row, *_: row < self._height,
            self._draw_row,
            (
                0,
                self._nothing_seen(lambda size: (size, self._width)),
                self._array(
                    self._height, (None, self._width, *self._value[1:])
                ),
            ),
            maximum_iterations=self._height,
        )
        return _rows_first(image.stack())

    def _draw_row(self, row, windows, image):
        window, kept, additions = windows[0], [], []
        condition = self._condition_of(row)
        for convolution, earlier in self._with_next(windows):
            v, added = convolution.of_row(window, condition)
            additions.append(added)
            if earlier is not None:
                window = tf.concat([earlier, v], axis=1)
                kept.append(window[:, 1:])
        _, _, drawn = tf.while_loop(
            lambda column, *_: column < self._width,
            lambda *state: self._draw_place(row, additions, *state),
            (
                0,
                self._nothing_seen(lambda size: (1, size)),
                self._array(self._width, self._value),
            ),
            maximum_iterations=self._width,
        )
        drawn = _rows_first(drawn.stack())
        e = self._embed(drawn)[:, None]
        first = tf.concat([windows[0][:, 1:], e], axis=1)
        return row + 1, [first, *kept], image.write(row, drawn)

    def _draw_place(self, row, additions, column, windows, drawn):
        window, kept = windows[0], []
        here = iter(additions)
        for convolution, earlier in self._with_next(windows):
            added = tf.gather(next(here), [column], axis=2)
            h = convolution.of_place(window, added)
            if earlier is not None:
                window = tf.concat([earlier, h], axis=2)
                kept.append(window[:, :, 1:])
        value = self._choose(h[:, 0, 0], row * self._width + column)
        value = tf.ensure_shape(value, self._value)
        e = self._embed(value[:, None])[:, None]
        first = tf.concat([windows[0][:, :, 1:], e], axis=2)
        return column + 1, [first, *kept], drawn.write(column, value)

    def _with_next(self, windows):
        """Each layer with what the next one keeps, which the last has not."""
        return zip(self._convolutions, [*windows[1:], None], strict=True)

    def _nothing_seen(self, shape):
        """What layers keep where they look beyond the image."""
        channels = [self._channels, *(c.filters for c in self._convolutions)]
        sizes = [self._half + 1] + [self._half] * len(self._convolutions[1:])
        return [
            tf.zeros((self._rows, *shape(size), channel), self._dtype)
            for size, channel in zip(sizes, channels, strict=False)
        ]

    def _condition_of(self, row):
        if self._condition is None or len(self._condition.shape) == 2:
            return self._condition
        return tf.gather(self._condition, [row], axis=1)

    def _array(self, size, shape):
        return tf.TensorArray(self._type, size, element_shape=shape)


def _rows_first(stacked):
    """From `(places, rows, ...)` to `(rows, places, ...)`."""
    rest = range(2, len(stacked.shape))
    return tf.transpose(stacked, (1, 0, *rest))
