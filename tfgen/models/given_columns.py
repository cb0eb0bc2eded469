"""A decoder that is told some columns of a row, to draw the others."""

import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts, ordered
from tfgen.layers.one_hot_codes import OneHotCodes
from tfgen.probability import Likelihood, Table
from tfgen.probability.table_row import Within
from tfgen.training import GlobalBatch

if typing.TYPE_CHECKING:
    from tfgen.models.with_encoder import WithEncoder

MOST_TURNS = 32


class GivenColumns:
    """What the decoder of a mixed table is told of a row.

    Its second input holds the values of the columns that are given, 0 for
    others, which these are, and whether the latents say nothing. Told nothing
    it is a VAE's decoder.

    Args:
        parts: the table's columns.

    Attributes:
        count: how many columns there are.
        size: numbers of that input.
        turns: in how many turns the columns of a row are drawn, each given
            those before: one by one, if there are not too many.

    Reference:
        Gulrajani et al. (2017), "PixelVAE", for a decoder that is told what
        it has drawn; Uria et al. (2014), "A deep and tractable density
        estimator", for any columns given any others.
    """

    def __init__(self, parts: TableParts):
        self._parts, self._column = parts, parts.column
        self._hot = OneHotCodes(parts.parts)
        self.count = count = len(parts.parts)
        # Of each number of the one-hot row, which number of a row it is of.
        hot = [[place] for place in parts.numbers]
        hot += [[p] * n for n, ps in parts.codes.items() for p in ps]
        self._hot_column = self._column[np.concatenate(hot).astype(int)]
        self.size = len(self._hot_column) + count + 1
        self.turns = min(count, MOST_TURNS)
        self._turn = np.arange(count) % self.turns

    def none(self, rows: tf.Tensor) -> tf.Tensor:
        """What the decoder is told where no column is given."""
        return tf.zeros((rows, self.size))

    def told(self, x: tf.Tensor, given: tf.Tensor, latents: bool) -> tf.Tensor:
        """What the decoder is told of rows.

        Args:
            x: `(rows, width)`.
            given: `(rows, columns)`, 1 for columns that are given, else 0.
            latents: whether its latents say something of the row.

        Returns:
            `(rows, size)`.
        """
        return self._told(self._hot(x), given, latents)

    def told_before(self, seen: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
        """The same of rows with codes one-hot, of the columns before a turn."""
        given = tf.cast(tf.constant(self._turn, tf.int32) < turn, tf.float32)
        given += tf.zeros((tf.shape(seen)[0], 1))
        return self._told(seen, given, latents=True)

    def in_turn(
        self, drawn: tf.Tensor, seen: tf.Tensor, turn: tf.Tensor
    ) -> tf.Tensor:
        """Rows with codes one-hot, the columns of a turn as they are drawn."""
        own = tf.constant(self._turn[self._hot_column], tf.int32)
        return tf.where(tf.equal(own, turn), drawn, seen)

    def _told(self, hot, given, latents):
        of_hot = tf.gather(given, self._hot_column, axis=-1)
        # What is not given may be anything, also no number at all.
        hot = tf.where(of_hot > 0.5, hot, 0.0)
        none = tf.fill((tf.shape(hot)[0], 1), 0.0 if latents else 1.0)
        return tf.concat([hot, given, none], axis=-1)

    def earlier(self, batch: GlobalBatch) -> tf.Tensor:
        """The columns of earlier turns than one, as likely as another."""
        turn = tf.floor(batch.uniform((1,), "turn") * self.turns)
        return tf.cast(tf.constant(self._turn, tf.float32) < turn, tf.float32)

    def asked(self, batch: GlobalBatch) -> tf.Tensor:
        """Columns that somebody may give, at random, `(rows, columns)`.

        For half of the rows one, such as a condition, for the others any
        number of them as often, such as what is there beside gaps. For every
        second row the columns of earlier turns, too.
        """
        noise = batch.uniform((self.count + 4,), "given columns")
        kind, early, turn, rate = tf.split(noise[:, :4], 4, axis=1)
        place = tf.constant(np.arange(self.count), tf.float32)
        one = tf.equal(tf.floor(rate * self.count), place)
        others = tf.where(kind < 0.5, one, noise[:, 4:] < rate)
        turn = tf.where(early < 0.5, tf.floor(turn * self.turns), 0.0)
        earlier = tf.constant(self._turn, tf.float32) < turn
        return tf.cast(others | earlier, tf.float32)

    def hidden(self, given: tf.Tensor) -> tf.Tensor:
        """1 for the numbers of columns that are not given, `(rows, width)`."""
        return 1.0 - tf.gather(given, self._column, axis=-1)

    def weights(
        self, batch: GlobalBatch, x: tf.Tensor, given: tf.Tensor
    ) -> tf.Tensor:
        """How often rows count, so that rare codes are learned as given ones.

        By what is given alone, which leaves the others' distribution as it
        is: as if rows had been drawn with each code of a given column as often
        as the logarithm of its rows (Xu et al., 2019, "Modeling tabular data
        using conditional GAN", section 4.3), on average over these columns.
        """
        total, count = 0.0, 0.0
        for levels, places in self._parts.codes.items():
            codes = tf.cast(tf.round(tf.gather(x, places, axis=-1)), tf.int32)
            hot = tf.one_hot(codes, levels)
            rows = batch.global_mean(hot) * batch.size
            often = tf.math.log1p(rows)
            share = often / tf.reduce_sum(often, axis=-1, keepdims=True)
            each = share / tf.maximum(rows, 1.0) * batch.size
            weight = tf.reduce_sum(hot * each, axis=-1)
            is_given = tf.gather(given, self._column[places], axis=-1)
            total += tf.reduce_sum(weight * is_given, axis=-1)
            count += tf.reduce_sum(is_given, axis=-1)
        if not self._parts.codes:
            return batch.each(1.0)
        return tf.where(count > 0.5, total / tf.maximum(count, 1.0), 1.0)

    def fill(
        self,
        draw: typing.Callable,
        x: tf.Tensor,
        given: tf.Tensor,
        latents: bool,
        only: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws the other columns of rows, turn by turn.

        Args:
            draw: `(told, x, given) -> (rows, width)`, draws of all numbers.
            x: `(rows, width)`.
            given: `(rows, columns)`, which of them are given.
            latents: whether the decoder's latents say something.
            only: 1 for the columns to draw; None for all.

        Returns:
            The rows, and which of their columns are given now.
        """
        turn = tf.constant(self._turn, tf.int32)
        wanted = tf.ones_like(given) if only is None else only

        def take(i, x, given):
            drawn = draw(self.told(x, given, latents), x, given)
            new = tf.cast(tf.equal(turn, i), tf.float32) * wanted
            new *= 1.0 - given
            is_new = tf.gather(new, self._column, axis=-1) > 0.5
            return i + 1, tf.where(is_new, drawn, x), given + new

        return tf.while_loop(
            lambda i, *_: i < self.turns,
            take,
            (0, x, given),
            parallel_iterations=1,
        )[1:]

    def certain(self, within: Within) -> tf.Tensor:
        """Columns of which one value may be: 1, else 0, `(rows, columns)`."""
        point = tf.equal(within.low, within.high)
        one = lambda allowed: tf.reduce_sum(allowed, axis=-1) < 1.5  # noqa: E731
        # A code that says that the number does not count settles it, too.
        no_number = lambda allowed: allowed[..., 0] < 0.5  # noqa: E731
        first, code = self._places_of(self._each(within, point, one), True)
        none = tf.zeros_like(point)
        _, settled = self._places_of(self._each(within, none, no_number), False)
        return tf.cast(code & (first | settled), tf.float32)

    def free(self, within: Within) -> tf.Tensor:
        """Columns of which any value may be: 1, else 0, `(rows, columns)`."""
        is_open = tf.math.is_inf(within.low) & tf.math.is_inf(within.high)
        every = lambda allowed: tf.reduce_min(allowed, axis=-1) > 0.5  # noqa: E731
        first, code = self._places_of(self._each(within, is_open, every), True)
        return tf.cast(first & code, tf.float32)

    def _each(self, within, of_numbers, of_codes):
        """Of each number of rows something; of codes by those allowed."""
        ends = np.cumsum([0, *self._parts.levels])
        found = [tf.gather(of_numbers, self._parts.numbers, axis=-1)]
        for levels, places in self._parts.codes.items():
            index = [[ends[p] + code for code in range(levels)] for p in places]
            found.append(of_codes(tf.gather(within.allowed, index, axis=-1)))
        groups = [self._parts.numbers, *self._parts.codes.values()]
        return tf.gather(tf.concat(found, axis=-1), ordered(groups), axis=-1)

    def _places_of(self, each, absent):
        """Of each column its first number's, and that of the code beside."""
        first = np.unique(self._column, return_index=True)[1]
        padded = tf.concat([each, tf.fill(tf.shape(each[:, :1]), absent)], -1)
        code = self._parts.beside[first]
        return tf.gather(each, first, axis=-1), tf.gather(padded, code, axis=-1)


def given_loss(
    model: "WithEncoder", batch: GlobalBatch, training: bool, weighs: bool
) -> tf.Tensor:
    """-log-likelihood of columns given others, as samples are drawn.

    Formula: `-log p(x_later|z, x_earlier) - log p(x_other|x_given)`,
        `(rows,)`, in nats: with latents of q(z|x), which it leaves alone, and
        without.

    Args:
        model: whose decoder is told columns.
        batch: its rows.
        training: whether layers compute as in training.
        weighs: the latter by what is given, see `GivenColumns.weights`.
    """
    columns = model.given_columns
    x = model.likelihood.targets(batch.x, batch)
    noise = batch.normal((model.latent_dim,), "latents of given columns")
    latents, _ = model.draw(model.posterior(x, None, training), noise)
    latents = tf.stop_gradient(latents)

    def loss(latents, given, says_something):
        told = columns.told(x, given, says_something)
        parameters = model.decoder([latents, told], training=training)
        each = model.likelihood.log_prob_of_values(x, parameters)
        return -tf.reduce_sum(columns.hidden(given) * each, axis=-1)

    given = columns.asked(batch)
    others = loss(tf.zeros_like(latents), given, False)
    if weighs:
        others *= columns.weights(batch, x, given)
    return loss(latents, columns.earlier(batch), True) + others


def find_given_columns(
    decoder: keras.Model, likelihood: Likelihood, num_classes: int | None
) -> GivenColumns | None:
    """What the decoder of a table is told, if it has an input for it."""
    if num_classes or len(decoder.inputs) != 2:
        return None
    if not isinstance(likelihood, Table) or likelihood.columns is None:
        return None
    return GivenColumns(TableParts(likelihood.columns))
