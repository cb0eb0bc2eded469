"""Likelihood of the rows of a mixed table."""

import math
import typing
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import NUMBER, TableParts, ordered
from tfgen.probability.level_likelihoods import choose
from tfgen.probability.likelihood import Likelihood

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


@keras.saving.register_keras_serializable(package="tfgen")
class Table(Likelihood):
    """Rows of a table of numbers, codes of categories, and gaps.

    Each column has a likelihood of its own, given the latents: a mixture of
    Gaussians for a real number, a categorical one for a code. A number that
    may be missing, or have frequent values, has a code beside it, that says
    so (a Bernoulli likelihood, if gaps are all); where it does, the number
    itself counts for nothing.

    Formula: `sum(log(softmax(logits)[code])) +
    sum(log(sum_k(weight_k N(x; mean_k, scale_k))))`, the latter over the
    numbers that count.

    It is a mass for codes, frequent values and gaps, and a density for other
    numbers, in the units that they are standardized to.

    Args:
        columns: for each column `"number"`, `"number or 1"` or how many codes
            there are; see `tfgen.data.table_parts.TableParts`. None:
            all are numbers. `tfgen.build("vae", data=source)` finds them.
        components: Gaussians in the mixture of a number.
        min_scale: floor of their scales, which bounds the density.

    Raises:
        ValueError: for columns that are none, no component, or data that are
            no rows of such columns.

    Reference:
        Bishop (1994), "Mixture density networks"; Xu et al. (2019), "Modeling
        tabular data using conditional GAN", section 4.4.

    Example:
    >>> likelihood = tfgen.probability.Table([4])
    >>> x, logits = np.float32([[3]]), np.zeros((1, 4), "float32")
    >>> likelihood.log_prob(x, logits).numpy()  # log(1 / 4)
    array([-1.3862944], dtype=float32)
    """

    def __init__(
        self,
        columns: Sequence[int | str] | None = None,
        components: int = 5,
        min_scale: float = 1e-2,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if components < 1:
            raise ValueError(
                f"Table components is {components!r}, expected 1, 2, 3, ..."
            )
        self.columns = None if columns is None else tuple(columns)
        self.components = components
        self.min_scale = min_scale
        self._parts = None if columns is None else TableParts(tuple(columns))

    def decoder_shape(self, data_shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(data_shape) != 1:
            raise ValueError(
                "Table is of the columns of a table, got data of shape "
                f"{tuple(data_shape)}: take the likelihood 'gaussian'."
            )
        parts = self._parts or TableParts((NUMBER,) * data_shape[0])
        if data_shape != (parts.width,):
            raise ValueError(
                f"Table of these columns has {parts.width} numbers a row, got "
                f"data of shape {tuple(data_shape)}: build the model with "
                "data=source, which tells its columns."
            )
        codes = sum(n * len(places) for n, places in parts.codes.items())
        return (3 * self.components * len(parts.numbers) + codes,)

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        parts = self._parts
        if parts is None:
            size = parameters.shape[-1] // (3 * self.components)
            parts = TableParts((NUMBER,) * size)
        return _Row(parts, parameters, self.components, self.min_scale)

    def sample_filled(
        self, parameters: tf.Tensor, uniform: tf.Tensor, has_gaps: np.ndarray
    ) -> tf.Tensor:
        """One draw of rows without a gap; see `sample`.

        Args:
            parameters: decoder output.
            uniform: noise in [0, 1), in the data's shape.
            has_gaps: whether the last code of each number of a row is a gap's,
                which is not drawn then.
        """
        inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
        row = self.distribution(tf.cast(parameters, tf.float32))
        return row.quantile(inside, has_gaps)

    def check_values(self, x: np.ndarray) -> None:
        for place, levels in enumerate(
            self._parts.levels if self._parts else ()
        ):
            codes = x[:, place]
            known = (codes == np.rint(codes)) & (codes >= 0) & (codes < levels)
            if levels and not known.all():
                raise ValueError(
                    f"x has {codes[~known][0]:g} in column {place}, expected "
                    f"one of the codes 0 to {levels - 1}: read rows by "
                    "tfgen.data.load(file, like=model)."
                )


class _Row:
    """The numbers of a row, each by itself.

    Args:
        parts: what they are.
        parameters: `(..., outputs)`; those of the mixtures, then the logits
            of codes by how many there are.
        components: of each mixture.
        min_scale: floor of their scales.
    """

    def __init__(self, parts, parameters, components, min_scale):
        self._parts = parts
        numbers = len(parts.numbers)
        sizes = [numbers * components] * 3
        sizes += [n * len(places) for n, places in parts.codes.items()]
        logits, means, raws, *codes = tf.split(parameters, sizes, axis=-1)
        if numbers:
            # Outputs near 0 spread the components over the data.
            middles = (
                np.linspace(-1.5, 1.5, components) if components > 1 else 0.0
            )
            self._log_weights = tf.nn.log_softmax(_parted(logits, components))
            self._means = _parted(means, components) + tf.constant(
                middles, tf.float32
            )
            self._scales = min_scale + tf.math.softplus(
                _parted(raws, components)
            )
        self._codes = [
            tf.nn.log_softmax(_parted(part, levels))
            for part, levels in zip(codes, parts.codes, strict=True)
        ]

    def log_prob(self, x):
        found = []
        if len(self._parts.numbers):
            number = tf.gather(x, self._parts.numbers, axis=-1)[..., None]
            normal = (number - self._means) / self._scales
            each = (
                self._log_weights
                - tf.square(normal) / 2.0
                - tf.math.log(self._scales)
                - math.log(2.0 * math.pi) / 2.0
            )
            found.append(tf.reduce_logsumexp(each, axis=-1))
        for (levels, places), log_probs in self._code_groups():
            codes = tf.cast(tf.round(tf.gather(x, places, axis=-1)), tf.int32)
            chosen = tf.one_hot(codes, levels)
            found.append(tf.reduce_sum(chosen * log_probs, axis=-1))
        each = self._in_order(found)
        return each * self._counts(x)

    def mean(self):
        """Expected numbers, and the most probable codes."""
        found = []
        if len(self._parts.numbers):
            weights = tf.exp(self._log_weights)
            found.append(tf.reduce_sum(weights * self._means, axis=-1))
        for _, log_probs in self._code_groups():
            found.append(tf.cast(tf.argmax(log_probs, axis=-1), tf.float32))
        x = self._in_order(found)
        return x * self._counts(x)

    def quantile(self, uniform, has_gaps=None):
        """A number's own chooses its component: what is left is uniform."""
        found = []
        if len(self._parts.numbers):
            own = tf.gather(uniform, self._parts.numbers, axis=-1)[..., None]
            chosen, left = choose(tf.exp(self._log_weights), own)
            normal = tf.math.ndtri(
                tf.clip_by_value(left[..., 0], 1e-6, 1 - 1e-6)
            )
            mean = tf.reduce_sum(chosen * self._means, axis=-1)
            scale = tf.reduce_sum(chosen * self._scales, axis=-1)
            found.append(mean + scale * normal)
        for (_, places), log_probs in self._code_groups():
            own = tf.gather(uniform, places, axis=-1)[..., None]
            probabilities = tf.exp(log_probs)
            if has_gaps is not None:
                last = np.eye(log_probs.shape[-1], dtype="float32")[-1]
                never = has_gaps[places].astype("float32")[:, None] * last
                # Where nothing else is likely at all: any of the others.
                probabilities = (probabilities + 1e-12) * (1.0 - never)
            chosen, _ = choose(probabilities, own)
            found.append(tf.cast(tf.argmax(chosen, axis=-1), tf.float32))
        x = self._in_order(found)
        return x * self._counts(x)

    def _code_groups(self):
        return zip(self._parts.codes.items(), self._codes, strict=True)

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
    shape = tf.concat([tf.shape(x)[:-1], (parts, size)], axis=0)
    return tf.reshape(x, shape)
