"""Likelihood: what a decoder's output says about the data."""

import math
import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.named_parts import constructor_arguments
from tfgen.training.global_batch import GlobalBatch

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


class Likelihood(keras.layers.Layer):
    """Abstract: distribution p(x|z) of the data, given the decoder's output.

    The decoder's output has the shape of the data with its last axis
    `parameters_per_value` times as long, or what `decoder_shape` says. It is a
    layer so that a scale can be learned and is saved with the model. A subclass
    gives `distribution`, and keeps its constructor's arguments as attributes
    of the same names (else it gives `get_config`).

    Attributes:
        data_range: `(low, high)` that the data must lie in, or None.
        parameters_per_value: decoder outputs for each value of the data.
        levels: number of equally spaced values in `data_range` that it gives
            the probabilities of; None for a density of real data.

    Example:
    >>> from tfgen.probability import tfd
    >>> class Laplace(tfgen.probability.Likelihood):
    ...     def distribution(self, parameters):
    ...         return tfd.Laplace(parameters, 1.0)
    >>> x = np.zeros((1, 3), "float32")
    >>> Laplace().log_prob(x, x).numpy().round(4)  # 3 log(1 / 2)
    array([-2.0794], dtype=float32)
    """

    data_range: tuple[float, float] | None = None
    parameters_per_value = 1
    levels: int | None = None
    is_drawn = False

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def decoder_shape(self, data_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of what the decoder gives of one example.

        Args:
            data_shape: of one example.

        Raises:
            ValueError: for data that it is no likelihood of.
        """
        *place, channels = data_shape
        return (*place, channels * self.parameters_per_value)

    def set_shape(self, data_shape: tuple[int, ...]) -> None:
        """Creates weights that go by the shape of one example, if it has any.

        In the place of `build`, which Keras calls when it reads a file, before
        the model is there.
        """

    def numbers_held(self, data_shape: tuple[int, ...]) -> int:
        """Numbers that the probability of an example has in memory at a time.

        Whoever asks for many goes by it: the decoder's output, for most.

        Args:
            data_shape: of one example.
        """
        return math.prod(self.decoder_shape(data_shape))

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        """The TensorFlow Probability distribution, one value an entry.

        Where values depend on each other an entry is of all of them: a pixel's
        channels, a row's columns.

        Args:
            parameters: decoder output, `(batch, ..., channels *
                parameters_per_value)`, or by `decoder_shape`.
        """
        raise NotImplementedError(type(self).__name__)

    def log_prob(self, x: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        """Log-likelihood of each example in nats, shape `(batch,)`."""
        return self._sum_log_prob(x, parameters, first_axis=1)

    def log_prob_of_draws(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        """Log-likelihood of each example under several decoder outputs.

        Args:
            x: `(batch, ...)`.
            parameters: `(batch, draws, ...)`.

        Returns:
            float32 `(batch, draws)`, in nats.
        """
        return self._sum_log_prob(
            tf.cast(x, tf.float32)[:, None], parameters, first_axis=2
        )

    def log_prob_of_values(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        """Log-likelihood of each value in nats, in the data's shape.

        Those of a pixel whose channels depend on each other are shares of the
        pixel's, of equal size; those of dependent columns are given all other
        columns, those of an `AutoregressiveImage` the pixels before them.

        Args:
            x: `(batch, *data_shape)`.
            parameters: decoder output.

        Raises:
            ValueError: if all values of an example depend on each other.
        """
        x, parameters = tf.cast(x, tf.float32), tf.cast(parameters, tf.float32)
        each = self.distribution(parameters).log_prob(x)
        rank = len(each.shape)
        if rank == len(x.shape):
            return each
        if rank == len(x.shape) - 1 > 1:
            channels = x.shape[-1]
            return tf.repeat(each[..., None] / channels, channels, axis=-1)
        raise ValueError(
            f"{type(self).__name__} gives the likelihood of whole examples, "
            "not of each value: take a likelihood of independent values, such "
            "as 'gaussian'."
        )

    def mean(self, parameters: tf.Tensor) -> tf.Tensor:
        """Expected data, in the data's shape and range."""
        return self.distribution(tf.cast(parameters, tf.float32)).mean()

    def typical(self, parameters: tf.Tensor) -> tf.Tensor:
        """The example that stands for a decoder output.

        Expected data, for most; where it `is_drawn`, a draw with noise that is
        the same for all rows, so that rows differ by their latents alone.
        """
        return self.mean(parameters)

    def sample(self, parameters: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """One draw of the data, by the inverse distribution function.

        Args:
            parameters: decoder output.
            uniform: noise in [0, 1), in the data's shape.
        """
        # At 0 and 1 the quantiles of most distributions are infinite.
        inside = tf.clip_by_value(uniform, 1e-7, 1.0 - 1e-7)
        distribution = self.distribution(tf.cast(parameters, tf.float32))
        return distribution.quantile(inside)

    def targets(self, x: tf.Tensor, batch: GlobalBatch) -> tf.Tensor:
        """Data whose likelihood a training step takes: x, for most."""
        return x

    def check_values(self, x: np.ndarray) -> None:
        """Raises ValueError if `log_prob` of these is not of any data."""

    def check_decoder(self, decoder: keras.Model) -> None:
        """Raises ValueError if the decoder's last layer cannot be right."""

    def get_config(self) -> dict:
        own = constructor_arguments(self, Likelihood)
        return {**super().get_config(), **own}

    def _sum_log_prob(self, x, parameters, first_axis):
        # A NumPy x would become an integer where the distribution is discrete.
        x, parameters = tf.cast(x, tf.float32), tf.cast(parameters, tf.float32)
        each = self.distribution(parameters).log_prob(x)
        return tf.reduce_sum(each, axis=range(first_axis, len(each.shape)))
