"""Drawing by masked convolutions, at about the cost of one pass."""

from collections.abc import Callable, Sequence

import numpy as np
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
    """Values that are drawn each given those before it, as tensors.

    Layers keep what the places to come see of them, so that all places together
    cost about one pass of the network, where asking the network anew for each
    costs a pass a place. And a place needs no more of the row above it than
    `delay` places beyond its own: each row starts so many places behind
    the one above, and what several rows are at is drawn in one step.

    Args:
        convolutions: one behind the other, of one kernel size, the first with
            `is_first`.
        embed: what the first of them sees of values `(..., *value)`, `(...,
            channels)`.
        choose: from what the last gives, `(places, rows, filters)`, and the
            numbers of the places, row by row, `(places,)`, to values
            `(places, rows, *value)`.
        grid: height and width.
        blank: any values of one place, `(rows, *value)`, by which shape and
            type are known.
        condition: one-hot classes, or a map `(rows, height, width, channels)`.

    Returns:
        `(rows, height, width, *value)`.
    """
    schedule = _Schedule(
        *grid, convolutions[0].kernel_size // 2, len(convolutions)
    )
    told = [_told(layer, condition, grid) for layer in convolutions]
    drawing = _Drawing(list(convolutions), embed, choose, schedule, told)
    return drawing.image(blank)


class _Schedule:
    """When which place is drawn, and computed by the layers above it.

    The place of row r and column c has the time `c + delay r`. Row r is in the
    lane `r mod lanes`, where the row `lanes` above has ended by then, and a
    layer's zeros between them are what lies beyond the image. What a layer
    knows of the rows above goes ahead of the drawing, by its `lead`, since the
    next layer sees pixels to the right.
    """

    def __init__(self, height, width, half, layers):
        self.half = half
        self.leads = [half * (layers - 1 - i) for i in range(layers)]
        self.delay = half * layers + 1
        self.lanes = -(-(width + half + 1) // self.delay)
        first = self.leads[0]
        self.steps = first + width + self.delay * (height - 1)
        times = np.arange(-first, self.steps)[:, None]
        lanes = np.arange(self.lanes)
        laps, columns = np.divmod(
            times - self.delay * lanes, self.delay * self.lanes
        )
        rows = lanes + self.lanes * laps
        inside = (columns < width) & (rows >= 0) & (rows < height)
        self.is_inside = inside
        self.places = np.where(inside, rows * width + columns, 0)
        rows, columns = np.mgrid[:height, :width]
        self.step_of_place = first + columns + self.delay * rows
        self.lane_of_place = rows % self.lanes
        self.kept = half * self.delay + 2 * half + 1

    def seen_above(self, kept, is_first):
        """What a kernel's rows and columns see, from top to bottom.

        Of `(lanes, rows, kept, channels)`, where the last of `kept` is the
        rightmost that is seen in the lowest row: the row above in the first
        layer, the lane's own in others.
        """
        size = 2 * self.half + 1
        seen = []
        for up in range(self.half, -1, -1):
            end = self.kept - up * self.delay
            lanes = up + int(is_first)
            seen.append(tf.roll(kept[:, :, end - size : end], lanes, axis=0))
        return tf.concat(seen, axis=2)


class _Drawing:
    """The loop over times; tensors are `(lanes, rows, ...)`.

    It goes with what layers keep, for each its input as the vertical stack
    sees it, and as the horizontal one does, and what it adds to the latter.
    """

    def __init__(self, convolutions, embed, choose, schedule, told):
        self._convolutions, self._told = convolutions, told
        self._embed, self._choose, self._schedule = embed, choose, schedule
        self._places = tf.constant(schedule.places, tf.int32)

    def image(self, blank):
        schedule = self._schedule
        lanes, rows = schedule.lanes, tf.shape(blank)[0]
        first = self._embed(blank[None])
        self._inside = tf.constant(schedule.is_inside, first.dtype)

        def nothing(size, channels):
            return tf.zeros((lanes, rows, size, channels), first.dtype)

        values = nothing(schedule.kept, first.shape[-1])
        between = [
            (
                nothing(schedule.kept, layer.filters),
                nothing(schedule.half, layer.filters),
                nothing(lead, 2 * layer.filters),
            )
            for layer, lead in zip(
                self._convolutions[:-1], schedule.leads, strict=False
            )
        ]
        shape = (lanes, None, *blank.shape[1:])
        drawn = tf.TensorArray(blank.dtype, schedule.steps, element_shape=shape)
        *_, drawn = tf.while_loop(
            lambda step, *_: step < schedule.steps,
            self._step,
            (0, values, between, drawn),
            maximum_iterations=schedule.steps,
        )
        where = (schedule.step_of_place, schedule.lane_of_place)
        image = tf.gather_nd(drawn.stack(), np.stack(where, axis=-1))
        return tf.transpose(image, (2, 0, 1, *range(3, len(image.shape))))

    def _step(self, step, values, between, drawn):
        schedule, half = self._schedule, self._schedule.half
        above, left = values, values[:, :, -(half + 1) :]
        kept = []
        for layer, told, lead, state in zip(
            self._convolutions,
            self._told,
            schedule.leads,
            [*between, None],
            strict=True,
        ):
            time = step + lead
            here = None if told is None else told(self._places[time])
            seen = schedule.seen_above(above, layer.is_first)
            v, added = layer.of_above(seen, here)
            if state is None:
                h = layer.of_left(left, added)
                continue
            above, before, queue = state
            v *= self._inside[time][:, None, None]
            above = tf.concat([above[:, :, 1:], v[:, :, None]], axis=2)
            queue = tf.concat([queue, added[:, :, None]], axis=2)
            h = layer.of_left(left, queue[:, :, 0])
            h *= self._inside[step][:, None, None]
            left = tf.concat([before, h[:, :, None]], axis=2)
            kept.append((above, left[:, :, 1:], queue[:, :, 1:]))
        chosen = self._choose(h, self._places[step])
        e = self._embed(chosen) * self._inside[step][:, None, None]
        values = tf.concat([values[:, :, 1:], e[:, :, None]], axis=2)
        return step + 1, values, kept, drawn.write(step, chosen)


def _told(layer, condition, grid):
    """From places to what a condition adds there, None without one."""
    if condition is None:
        return None
    told = layer.told(condition)
    if len(told.shape) == 2:
        return lambda places: told[None]
    places = grid[0] * grid[1]
    told = tf.reshape(told, (-1, places, told.shape[-1]))
    told = tf.transpose(told, (1, 0, 2))
    return lambda places: tf.gather(told, places)
