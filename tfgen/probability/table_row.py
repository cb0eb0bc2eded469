"""The numbers of a table's row given the latents: likelihood and draws."""

import math
import typing

import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import TableParts, ordered
from tfgen.probability.intervals import log_mass, normal_between
from tfgen.probability.level_likelihoods import choose

_NEVER = 1e6


class Within(typing.NamedTuple):
    """What the numbers of rows may be.

    Attributes:
        low: `(rows, width)`, in the units that the likelihood takes; -inf for
            no bound. For codes it says nothing.
        high: as many, not below `low`; where equal, the number is that one.
        allowed: `(rows, codes)`: of each code of a row, in the row's order,
            whether it may be. 0 or 1.
    """

    low: tf.Tensor
    high: tf.Tensor
    allowed: tf.Tensor


class TableRow:
    """The numbers of a row, each by itself.

    Args:
        parts: what they are.
        parameters: `(..., outputs)`; those of the mixtures, then the logits
            of codes by how many there are.
        components: of each mixture.
        min_scale: floor of their scales.

    Attributes:
        log_weights: of the components of numbers, `(..., numbers, components)`.
        means: as many.
        scales: as many.
        codes: logarithms of the probabilities of codes, `(..., places,
            levels)` for each number of levels.
    """

    def __init__(
        self,
        parts: TableParts,
        parameters: tf.Tensor,
        components: int,
        min_scale: float,
    ):
        self._parts = parts
        numbers = len(parts.numbers)
        sizes = [numbers * components] * 3
        sizes += [n * len(places) for n, places in parts.codes.items()]
        logits, means, raws, *codes = tf.split(parameters, sizes, axis=-1)
        # Outputs near 0 spread the components over the data.
        middles = np.linspace(-1.5, 1.5, components) if components > 1 else 0.0
        middles = tf.constant(middles, tf.float32)
        self.log_weights = tf.nn.log_softmax(_parted(logits, components))
        self.means = _parted(means, components) + middles
        self.scales = min_scale + tf.math.softplus(_parted(raws, components))
        self.codes = [
            tf.nn.log_softmax(_parted(part, levels))
            for part, levels in zip(codes, parts.codes, strict=True)
        ]

    def log_prob(self, x: tf.Tensor) -> tf.Tensor:
        """Of each number of rows, in nats."""
        found = []
        if len(self._parts.numbers):
            number = tf.gather(x, self._parts.numbers, axis=-1)
            found.append(self._log_density(number[..., None]))
        for (levels, places), log_probs in self._code_groups():
            codes = tf.cast(tf.round(tf.gather(x, places, axis=-1)), tf.int32)
            chosen = tf.one_hot(codes, levels)
            found.append(tf.reduce_sum(chosen * log_probs, axis=-1))
        each = self._in_order(found)
        return each * self._counts(x)

    def mean(self) -> tf.Tensor:
        """Expected numbers, and the most probable codes."""
        found = []
        if len(self._parts.numbers):
            weights = tf.exp(self.log_weights)
            found.append(tf.reduce_sum(weights * self.means, axis=-1))
        for _, log_probs in self._code_groups():
            found.append(tf.cast(tf.argmax(log_probs, axis=-1), tf.float32))
        x = self._in_order(found)
        return x * self._counts(x)

    def quantile(
        self, uniform: tf.Tensor, within: Within | None = None
    ) -> tf.Tensor:
        """A number's own chooses its component: what is left is uniform."""
        found, codes = [], self.codes
        numbers = None
        if within is not None:
            numbers = self._log_within(within)
            codes = self._codes_within(within, numbers)
        if len(self._parts.numbers):
            own = tf.gather(uniform, self._parts.numbers, axis=-1)[..., None]
            found.append(self._number(own, within))
        for places, log_probs in zip(
            self._parts.codes.values(), codes, strict=True
        ):
            own = tf.gather(uniform, places, axis=-1)[..., None]
            chosen, _ = choose(tf.nn.softmax(log_probs), own)
            found.append(tf.cast(tf.argmax(chosen, axis=-1), tf.float32))
        x = self._in_order(found)
        return x * self._counts(x)

    def _number(self, uniform, within):
        """Numbers of the mixtures at their quantiles, within their bounds."""
        weights = tf.exp(self.log_weights)
        if within is not None:
            low, high = self._ends(within)
            mass = log_mass(*self._normal(low, high))
            weights = tf.nn.softmax(self.log_weights + mass)
        chosen, left = choose(weights, uniform)
        mean = tf.reduce_sum(chosen * self.means, axis=-1)
        scale = tf.reduce_sum(chosen * self.scales, axis=-1)
        left = tf.clip_by_value(left[..., 0], 1e-6, 1.0 - 1e-6)
        if within is None:
            return mean + scale * tf.math.ndtri(left)
        low, high = low[..., 0], high[..., 0]
        ends = ((low - mean) / scale, (high - mean) / scale)
        number = mean + scale * normal_between(left, *ends)
        return tf.clip_by_value(number, low, high)

    def _log_within(self, within):
        """That numbers lie where they may, `(..., numbers)`."""
        if not len(self._parts.numbers):
            return tf.zeros_like(self.codes[0][..., 0, :0])
        low, high = self._ends(within)
        mass = self.log_weights + log_mass(*self._normal(low, high))
        # Numbers that are open need no rounding.
        is_open = tf.math.is_inf(low[..., 0]) & tf.math.is_inf(high[..., 0])
        is_point = tf.equal(low, high)[..., 0]
        log_mass_of = tf.where(is_open, 0.0, tf.reduce_logsumexp(mass, axis=-1))
        point = tf.where(tf.math.is_finite(low), low, 0.0)
        return tf.where(is_point, self._log_density(point), log_mass_of)

    def _codes_within(self, within, numbers):
        """Logarithms of the masses of codes that may be, by their groups.

        Of code 0 beside a number they are those of the number, too.
        """
        if not self.codes:
            return []
        open_place = len(self._parts.numbers)
        # One more column of 0, also where there are no numbers.
        none = tf.zeros_like(self.codes[0][..., 0, :1])
        extra = tf.concat([numbers, none], axis=-1)
        beside = {
            self._parts.beside[p]: i for i, p in enumerate(self._parts.numbers)
        }
        ends = np.cumsum([0, *self._parts.levels])
        found = []
        for (levels, group), log_probs in self._code_groups():
            which = [beside.get(place, open_place) for place in group]
            of_number = tf.gather(extra, which, axis=-1)[..., None]
            first = np.eye(levels, dtype="float32")[0]
            index = [[ends[p] + code for code in range(levels)] for p in group]
            allowed = tf.gather(within.allowed, index, axis=-1)
            # Where nothing else is likely at all: any of those allowed.
            never = tf.where(allowed > 0.5, 0.0, -_NEVER)
            likely = tf.maximum(log_probs + of_number * first, -_NEVER / 2.0)
            found.append(likely + never)
        return found

    def _ends(self, within):
        return (
            tf.gather(end, self._parts.numbers, axis=-1)[..., None]
            for end in (within.low, within.high)
        )

    def _normal(self, *numbers):
        """Numbers `(..., numbers, 1)` in each component's own units."""
        return ((n - self.means) / self.scales for n in numbers)

    def _log_density(self, number):
        (normal,) = self._normal(number)
        each = (
            self.log_weights
            - tf.square(normal) / 2.0
            - tf.math.log(self.scales)
            - math.log(2.0 * math.pi) / 2.0
        )
        return tf.reduce_logsumexp(each, axis=-1)

    def _code_groups(self):
        return zip(self._parts.codes.items(), self.codes, strict=True)

    def _in_order(self, found):
        """Values of the groups in the places that they have in a row."""
        groups = [self._parts.numbers, *self._parts.codes.values()]
        groups = [group for group in groups if len(group)]
        return tf.gather(tf.concat(found, axis=-1), ordered(groups), axis=-1)

    def _counts(self, x):
        """1, but 0 for numbers of which a code says that they do not count."""
        none = tf.zeros_like(x[..., :1])
        padded = tf.concat([x, none], axis=-1)
        codes = tf.gather(padded, self._parts.beside, axis=-1)
        return tf.cast(codes < 0.5, tf.float32)


def _parted(x, size):
    """The last axis in parts of a size, `(..., parts, size)`."""
    parts = x.shape[-1] // size
    if parts and x.shape.rank == 2:
        # A step of few rows takes as long as its operations are many.
        return tf.reshape(x, (-1, parts, size))
    shape = tf.concat([tf.shape(x)[:-1], (parts, size)], axis=0)
    return tf.reshape(x, shape)
