"""Likelihood of images whose pixels depend on the pixels before them."""

import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen.layers import GatedMaskedConv2D
from tfgen.layers.masked_drawing import draw_in_order
from tfgen.probability.likelihood import Likelihood
from tfgen.training import random
from tfgen.training.global_batch import GlobalBatch

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution


@keras.saving.register_keras_serializable(package="tfgen")
class AutoregressiveImage(Likelihood):
    """Images drawn pixel by pixel, each given the latents and those before it.

    Gated masked convolutions go along the image, row by row; what the decoder
    gives, a map of `features` numbers a pixel, adds to each of them. Latents
    need to say what neighbours do not tell: the image's plan, not its texture.
    The probability of an image takes one pass of that network; a draw, in which
    layers keep what they know, costs a few.

    Formula: `log p(x|z) = sum_i(log p(x_i | x_<i, decoder(z)))`, the terms
    those of `of`.

    What `decode` and `reconstruct` give is a draw with noise that is the same
    for all rows, `typical`: pixels that are means of all that could be drawn
    would be no image of the likelihood's.

    The more a pixel sees, the less the latents are asked: where `kl_loss` goes
    to 0, pass `free_bits` to the model, or fewer `blocks`. A pixel sees
    `blocks (kernel_size // 2) + 1` rows above it and as many pixels to its
    left, and one less than that to the right of it in the rows above.

    Args:
        of: likelihood of a pixel, whose parameters the network gives: a name
            or a `Likelihood`. `"logistic_mixture"` for 8-bit images, whose
            channels depend on each other; `Categorical(levels)` for few
            levels; `Bernoulli("dynamic")` or `("threshold")` for binary ones.
            Under other than a mixture a pixel's channels are independent given
            what is before the pixel.
        filters: channels of the convolutions.
        blocks: their number.
        kernel_size: theirs, odd.
        features: numbers that the decoder gives for each pixel.

    Raises:
        ValueError: for numbers below 1, an even kernel, data that are no
            images, and a likelihood that is none of single pixels.

    Reference:
        van den Oord et al. (2016), "Conditional image generation with
        PixelCNN decoders", section 2.3; Gulrajani et al. (2017), "PixelVAE: a
        latent variable model for natural images".

    Example:
    >>> likelihood = tfgen.probability.AutoregressiveImage(
    ...     tfgen.probability.Bernoulli("threshold"), filters=4, blocks=2
    ... )
    >>> likelihood.set_shape((2, 2, 1))
    >>> x, features = np.ones((1, 2, 2, 1)), np.zeros((1, 2, 2, 16))
    >>> likelihood.log_prob(x, features).numpy()  # it starts at -4 log(2)
    array([-2.7725887], dtype=float32)
    """

    is_drawn = True

    def __init__(
        self,
        of: str | dict | Likelihood = "logistic_mixture",
        filters: int = 32,
        blocks: int = 3,
        kernel_size: int = 3,
        features: int = 16,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # Here, since that module lists this class.
        from tfgen.probability.likelihoods import get

        self.of = _of_pixels(get(of))
        self.filters = filters
        self.blocks = blocks
        self.kernel_size = kernel_size
        self.features = features
        for name in ("filters", "blocks", "kernel_size", "features"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"AutoregressiveImage {name} is {getattr(self, name)}, "
                    "expected 1, 2, 3, ..."
                )
        self.data_range, self.levels = self.of.data_range, self.of.levels
        self._channels = None
        self._convolutions = [
            GatedMaskedConv2D(
                filters,
                kernel_size,
                is_first=not block,
                dtype=self.dtype_policy,
            )
            for block in range(blocks)
        ]

    def decoder_shape(self, data_shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(data_shape) != 3:
            raise ValueError(
                "AutoregressiveImage is of images (height, width, channels), "
                f"got data of shape {tuple(data_shape)}: take the likelihood "
                "'gaussian', or 'full_gaussian' for tables."
            )
        return (*data_shape[:2], self.features)

    def set_shape(self, data_shape: tuple[int, ...]) -> None:
        *place, channels = data_shape
        if self._channels not in (None, channels):
            raise ValueError(
                f"this AutoregressiveImage is of images of {self._channels} "
                f"channels, got {channels}: make one for each model."
            )
        if self._channels is None:
            self._channels = channels
            self._make_layers(self.of.decoder_shape(data_shape)[-1])
            self.of.set_shape(data_shape)
            self.built = True

    def numbers_held(self, data_shape: tuple[int, ...]) -> int:
        # Both stacks, each before and behind its gates.
        height, width, _ = data_shape
        return height * width * (self.features + 6 * self.filters)

    def distribution(self, parameters: tf.Tensor) -> "Distribution":
        raise ValueError(
            "the pixels of an AutoregressiveImage have no distribution but "
            "that given those before them: take pixel_parameters, log_prob, "
            "sample or typical."
        )

    def pixel_parameters(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        """Parameters of `of` for each pixel, by the pixels of x before it.

        Args:
            x: `(batch, height, width, channels)`.
            parameters: decoder output.

        Returns:
            float32 `(batch, *of.decoder_shape(data_shape))`.
        """
        features = tf.cast(parameters, tf.float32)
        v = h = self._embed(tf.cast(x, tf.float32))
        for convolution in self._convolutions:
            v, h = convolution([v, h, features])
        return self._last(h)

    def log_prob(self, x: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        return self.of.log_prob(x, self.pixel_parameters(x, parameters))

    def log_prob_of_draws(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        rows, draws = tf.unstack(tf.shape(parameters)[:2])
        each = self.log_prob(
            tf.repeat(x, draws, axis=0),
            tf.reshape(parameters, (-1, *parameters.shape[2:])),
        )
        return tf.reshape(each, (rows, draws))

    def log_prob_of_values(
        self, x: tf.Tensor, parameters: tf.Tensor
    ) -> tf.Tensor:
        parameters = self.pixel_parameters(x, parameters)
        return self.of.log_prob_of_values(x, parameters)

    def sample(self, parameters: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        features = tf.cast(parameters, tf.float32)
        height, width = features.shape[1:3]
        # Each place's numbers side by side.
        uniform = tf.reshape(uniform, (-1, height * width, self._channels))
        by_place = tf.transpose(uniform, (1, 0, 2))
        outputs = self._numbers.units

        def choose(h, places):
            here = tf.gather(by_place, places)[:, :, None]
            numbers = self._last(tf.reshape(h, (-1, self.filters)))
            numbers = tf.reshape(numbers, (*h.shape[:1], -1, 1, outputs))
            return self.of.sample(numbers, here)[:, :, 0]

        return draw_in_order(
            self._convolutions,
            self._embed,
            choose,
            (height, width),
            uniform[:, 0],
            features,
        )

    def typical(self, parameters: tf.Tensor) -> tf.Tensor:
        """A draw with noise that is the same for all rows."""
        shape = (*parameters.shape[1:3], self._channels)
        # A constant: other runtimes than TensorFlow's have no such numbers.
        with tf.init_scope():
            noise = random.uniform_rows(
                random.stream(0, "typical"), 0, 1, shape
            )
        noise = tf.constant(noise.numpy())
        rows = tf.shape(parameters)[:1]
        return self.sample(parameters, tf.repeat(noise, rows, axis=0))

    def targets(self, x: tf.Tensor, batch: GlobalBatch) -> tf.Tensor:
        return self.of.targets(x, batch)

    def check_values(self, x: np.ndarray) -> None:
        self.of.check_values(x)

    def get_config(self) -> dict:
        of = keras.saving.serialize_keras_object(self.of)
        return {**super().get_config(), "of": of}

    def _make_layers(self, outputs):
        common = {"dtype": self.dtype_policy}
        seen = self._channels + 1
        for convolution in self._convolutions:
            shapes = [(None, None, None, seen)] * 2
            convolution.build([*shapes, (None, None, None, self.features)])
            seen = self.filters
        self._hidden = keras.layers.Dense(
            2 * self.filters, activation="relu", **common
        )
        # All pixels start alike, as the likelihood of a decoder's zeros.
        self._numbers = keras.layers.Dense(
            outputs, kernel_initializer="zeros", **common
        )
        self._hidden.build((None, self.filters))
        self._numbers.build((None, 2 * self.filters))

    def _embed(self, x):
        """Values around 0, with a 1 that tells them from beyond the image."""
        if self.data_range is not None:
            low, high = self.data_range
            x = x * (2.0 / (high - low)) - (high + low) / (high - low)
        beside = [[0, 0]] * (len(x.shape) - 1)
        return tf.pad(x, [*beside, [0, 1]], constant_values=1.0)

    def _last(self, h):
        return self._numbers(self._hidden(tf.nn.relu(h)))


def _of_pixels(likelihood):
    """Refuses what has no probability of a pixel given other pixels."""
    name = type(likelihood).__name__
    reason = None
    if likelihood.is_drawn:
        reason = "is of whole images"
    elif likelihood.get_config().get("targets") == "soft":
        reason = "takes grey values in training, but draws black and white"
    elif not getattr(likelihood, "from_logits", True):
        reason = "takes probabilities, but the network gives logits"
    if reason:
        raise ValueError(
            f"AutoregressiveImage is of a likelihood of pixels, got {name}, "
            f"which {reason}: pass tfgen.probability.Bernoulli('dynamic') for "
            "binary images, 'logistic_mixture' for 8-bit ones, or "
            "tfgen.probability.Categorical(levels=...)."
        )
    return likelihood
