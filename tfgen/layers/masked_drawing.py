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
    layers = [
        _Layer(convolution, lead, schedule)
        for convolution, lead in zip(convolutions, schedule.leads, strict=True)
    ]
    conditions = _Conditions(condition, schedule.lanes)
    drawing = _Drawing(layers, embed, choose, schedule, conditions)
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
        # As `(lanes, rows, kept, channels)`.
        self.is_inside = np.float32(inside)[:, :, None, None, None]
        self.places = np.int32(np.where(inside, rows * width + columns, 0))
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
            # Tenfold faster than tf.roll.
            lanes = np.arange(self.lanes) - (up + int(is_first))
            part = kept[:, :, end - size : end]
            seen.append(tf.gather(part, lanes % self.lanes))
        return tf.concat(seen, axis=2)


class _Conditions:
    """The condition of the places of a time, `(lanes * rows, channels)`."""

    def __init__(self, condition, lanes):
        self._is_map = condition is not None and len(condition.shape) == 4
        if self._is_map:
            *_, height, width, channels = condition.shape
            places = tf.reshape(condition, (-1, height * width, channels))
            condition = tf.transpose(places, (1, 0, 2))
        elif condition is not None:
            condition = tf.tile(condition, (lanes, 1))
        self._condition = condition

    def at(self, places):
        if not self._is_map:
            return self._condition
        here = tf.gather(self._condition, places)
        return tf.reshape(here, (-1, here.shape[-1]))


class _Layer:
    """A layer at the places of one time, `(lanes, rows, 1, channels)`."""

    def __init__(self, convolution, lead, schedule):
        self.filters, self.lead = convolution.filters, lead
        self._is_first = convolution.is_first
        self._at_places = convolution.at_places()
        self._schedule = schedule

    def above(self, kept, condition):
        seen = self._schedule.seen_above(kept, self._is_first)
        v, added = self._at_places.of_above(seen, condition)
        return self._by_lane(v), self._by_lane(added)

    def left(self, kept, added):
        kept = tf.reshape(kept, (-1, *kept.shape[2:]))
        added = tf.reshape(added, (-1, added.shape[-1]))
        return self._by_lane(self._at_places.of_left(kept, added))

    def _by_lane(self, values):
        shape = (self._schedule.lanes, -1, 1, values.shape[-1])
        return tf.reshape(values, shape)


class _Drawing:
    """The loop over times; tensors are `(lanes, rows, kept, channels)`.

    It goes with what layers keep, for each its input as the vertical stack
    sees it, and as the horizontal one does, and what it adds to the latter.
    """

    def __init__(self, layers, embed, choose, schedule, conditions):
        self._layers, self._schedule = layers, schedule
        self._conditions = conditions
        self._embed, self._choose = embed, choose
        self._places = tf.constant(schedule.places)

    def image(self, blank):
        schedule = self._schedule
        lanes, rows = schedule.lanes, tf.shape(blank)[0]
        first = self._embed(blank)
        self._inside = tf.constant(schedule.is_inside, first.dtype)

        def nothing(size, channels):
            return tf.zeros((lanes, rows, size, channels), first.dtype)

        values = nothing(schedule.kept, first.shape[-1])
        between = [
            (
                nothing(schedule.kept, layer.filters),
                nothing(schedule.half, layer.filters),
                nothing(layer.lead, 2 * layer.filters),
            )
            for layer in self._layers[:-1]
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
        above, left = values, values[:, :, -(self._schedule.half + 1) :]
        inside, kept = tf.gather(self._inside, step), []
        for layer, (above_next, left_next, queue) in zip(
            self._layers, between, strict=False
        ):
            time = step + layer.lead
            condition = self._conditions.at(tf.gather(self._places, time))
            v, added = layer.above(above, condition)
            above = _pushed(above_next, v * tf.gather(self._inside, time))
            queue = tf.concat([queue, added], axis=2)
            h = layer.left(left, queue[:, :, 0])
            left = tf.concat([left_next, h * inside], axis=2)
            kept.append((above, left[:, :, 1:], queue[:, :, 1:]))
        places, last = tf.gather(self._places, step), self._layers[-1]
        _, added = last.above(above, self._conditions.at(places))
        chosen = self._choose(last.left(left, added)[:, :, 0], places)
        e = self._embed(chosen)[:, :, None] * inside
        return step + 1, _pushed(values, e), kept, drawn.write(step, chosen)


def _pushed(kept, new):
    return tf.concat([kept[:, :, 1:], new], axis=2)
