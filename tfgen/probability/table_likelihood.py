"""Likelihood of the rows of a mixed table."""

import typing
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.table_parts import NUMBER, TableParts
from tfgen.probability.likelihood import Likelihood
from tfgen.probability.table_row import TableRow, Within

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
        return TableRow(parts, parameters, self.components, self.min_scale)

    def sample_within(
        self, parameters: tf.Tensor, uniform: tf.Tensor, within: Within
    ) -> tf.Tensor:
        """One draw of rows given what their numbers may be; see `sample`.

        Args:
            parameters: decoder output.
            uniform: noise in [0, 1), in the data's shape.
            within: what the numbers may be.
        """
        inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
        row = self.distribution(tf.cast(parameters, tf.float32))
        return row.quantile(inside, within)

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
