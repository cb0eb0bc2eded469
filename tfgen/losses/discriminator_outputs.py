"""Outputs of a discriminator on data and on generated examples."""

import copy
import functools
import typing
from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgen.training.global_batch import GlobalBatch


class DiscriminatorOutputs:
    """Logits of a discriminator, and its gradients where penalties need them.

    Gradients at these very examples come from the pass that was made for the
    logits, so that `R1` and `R2` cost no second one.

    Args:
        discriminate: function of examples `(rows, ...)` to logits `(rows,)`.
        real: data, `(rows, ...)`.
        fake: generated examples, as many.
        batch: the `GlobalBatch` of these rows, for noise and means.

    Attributes:
        real_logits: logits of data, `(rows,)`.
        fake_logits: logits of generated examples, `(rows,)`.

    Example:
    >>> x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    >>> batch = tfgen.training.GlobalBatch(x, None, 0, tf.constant(0, tf.int64))
    >>> def discriminate(x):
    ...     return tf.reduce_sum(x**2, axis=1)
    >>> outputs = DiscriminatorOutputs(discriminate, x, 0.0 * x, batch)
    >>> outputs.real_logits.numpy()
    array([ 5., 25.], dtype=float32)
    >>> outputs.squared_slope_at_real().numpy()  # of the gradient 2 x
    array([ 20., 100.], dtype=float32)
    """

    def __init__(
        self,
        discriminate: Callable[[tf.Tensor], tf.Tensor],
        real: tf.Tensor,
        fake: tf.Tensor,
        batch: GlobalBatch,
    ):
        seen = [_Pass(discriminate, [x], batch) for x in (real, fake)]
        self._hold(discriminate, batch, *(one.kind(0) for one in seen))

    @classmethod
    def of_kinds(
        cls,
        discriminate: Callable[[tf.Tensor], tf.Tensor],
        real: tf.Tensor,
        fakes: Sequence[tf.Tensor],
        batch: GlobalBatch,
        at_once: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> list["DiscriminatorOutputs"]:
        """Outputs on the same data and on each kind of generated examples.

        Args:
            discriminate: as above.
            real: data, `(rows, ...)`.
            fakes: generated examples of each kind, as many.
            batch: the `GlobalBatch` of these rows.
            at_once: function of the data and all kinds one below the other,
                `(rows * (1 + kinds), ...)`, to logits, for one pass instead
                of one each; None where that would not be the same.
        """
        if at_once is None:
            first = cls(discriminate, real, fakes[0], batch)
            return [first, *map(first.with_fake, fakes[1:])]
        seen = _Pass(at_once, [real, *fakes], batch)
        every = [cls.__new__(cls) for _ in fakes]
        for kind, outputs in enumerate(every, start=1):
            outputs._hold(discriminate, batch, seen.kind(0), seen.kind(kind))
        return every

    def with_fake(self, fake: tf.Tensor) -> "DiscriminatorOutputs":
        """The outputs on the same data and on other generated examples."""
        other = copy.copy(self)
        seen = _Pass(self.discriminate, [fake], self.batch)
        other._hold(self.discriminate, self.batch, self._real, seen.kind(0))
        return other

    def squared_slope_at_real(self) -> tf.Tensor:
        """`||dD/dx||^2` at each of the data, `(rows,)`."""
        return self._real.squared_slope()

    def squared_slope_at_fake(self) -> tf.Tensor:
        """`||dD/dx||^2` at each generated example, `(rows,)`."""
        return self._fake.squared_slope()

    def distance_of_slope_from_one(self, x: tf.Tensor) -> tf.Tensor:
        """`(||dD/dx|| - 1)^2` at other examples, with a finite slope at 0."""
        seen = _Pass(self.discriminate, [x], self.batch)
        # The derivative of a square root at 0 is infinite, and 0 * inf is NaN.
        return (tf.sqrt(seen.kind(0).squared_slope() + 1e-12) - 1.0) ** 2

    def _hold(self, discriminate, batch, real, fake):
        self.discriminate, self.batch = discriminate, batch
        self._real, self._fake = real, fake
        self.real, self.real_logits = real.x, real.logits
        self.fake, self.fake_logits = fake.x, fake.logits


class _Kind(typing.NamedTuple):
    """Examples of one kind, and what the discriminator says of them."""

    x: tf.Tensor
    logits: tf.Tensor
    squared_slope: Callable[[], tf.Tensor]


class _Pass:
    """A pass of a discriminator over examples of several kinds."""

    def __init__(self, discriminate, kinds, batch):
        self._kinds = [tf.convert_to_tensor(x) for x in kinds]
        self._weights = batch.weights
        self._slopes = {}
        self._x = self._kinds[0]
        if len(kinds) > 1:
            self._x = tf.concat(self._kinds, axis=0)
        # Persistent, as several penalties may ask for the same gradient.
        with tf.GradientTape(persistent=True) as self._tape:
            self._tape.watch(self._x)
            self._logits = discriminate(self._x)
        self._parts = self._apart(self._logits)

    def kind(self, number):
        slope = functools.partial(self._squared_slope, number)
        return _Kind(self._kinds[number], self._parts[number], slope)

    def _squared_slope(self, number):
        # A branch of `tf.cond` is a graph, whose tensors no other may use.
        graph = tf.compat.v1.get_default_graph()
        if graph not in self._slopes:
            self._slopes[graph] = self._squared_slopes()
        return self._slopes[graph][number]

    def _squared_slopes(self):
        # Where layers mix rows, those of weight 0 have slopes at others too.
        weights = self._weights
        if weights is not None:
            weights = tf.tile(weights, [len(self._kinds)])
        gradient = self._tape.gradient(
            self._logits, self._x, output_gradients=weights
        )
        gradient = tf.cast(gradient, tf.float32)
        axes = range(1, len(gradient.shape))
        return self._apart(tf.reduce_sum(gradient**2, axis=axes))

    def _apart(self, values):
        count = len(self._kinds)
        return [values] if count == 1 else tf.split(values, count)


Critique = DiscriminatorOutputs
"""The name under which version 0.1 published it."""
