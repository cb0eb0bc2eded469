"""Layers whose kernel has spectral norm 1."""

from collections.abc import MutableMapping

import keras
import numpy as np
import tensorflow as tf

INFERENCE_ITERATIONS = 10
"""An averaged kernel is not quite the one that `u` belongs to."""


class SpectralNorm:
    """Mixin for a Keras layer with a `kernel` and an `activation`.

    Formula, with the kernel W as a matrix whose columns are the outputs:
    `v = W u / |W u|`, `sigma = v^T W u`; the layer works with `W / sigma`.
    The gradient goes through W in sigma, not through u and v. The trainable
    `kernel` is never overwritten. A call with `training=True` first takes one
    step of the power iteration, `u <- W^T v / |W^T v|`; u is a weight that
    starts as the exact singular vector. Everything of it is in float32.

    The same W gives the same u on every replica, so each keeps its own.

    Reference:
        Miyato et al. (2018), "Spectral normalization for generative
        adversarial networks", algorithm 1.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.autocast = False  # sigma is for float32; `call` casts
        if getattr(self, "data_format", None) == "channels_first":
            raise ValueError(
                f"{type(self).__name__} got data_format='channels_first', "
                "expected 'channels_last'."
            )

    def build(self, input_shape: tuple) -> None:
        super().build(input_shape)
        self.u = self.add_weight(
            shape=(self._matrix(self.kernel).shape[-1],),
            initializer=lambda shape, dtype: self._first_right_vector(),
            trainable=False,
            name="u",
        )

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        inputs = tf.cast(inputs, self.compute_dtype)
        if training:
            self.u.assign(self._power_iterations(1))
            kernel = self._divided_by_sigma(tf.convert_to_tensor(self.u))
        else:
            kernel = self.normalized_kernel()
        outputs = self.linear(inputs, tf.cast(kernel, self.compute_dtype))
        if self.use_bias:
            outputs += tf.cast(self.bias, outputs.dtype)
        return self.activation(outputs)

    def normalized_kernel(self) -> tf.Tensor:
        """`W / sigma`, float32, as inference uses it."""
        return self._divided_by_sigma(
            self._power_iterations(INFERENCE_ITERATIONS)
        )

    def enable_lora(self, *args, **kwargs) -> None:
        """Refused: the norm of an adapted kernel would not be 1."""
        raise ValueError(
            f"layer {self.name!r} ({type(self).__name__}) has no low-rank "
            "adaptation, since its kernel must keep spectral norm 1: leave it "
            "as it is, or freeze it by trainable = False."
        )

    def quantize(self, *args, **kwargs) -> None:
        """Refused: `u` belongs to the kernel as it is."""
        raise ValueError(
            f"layer {self.name!r} ({type(self).__name__}) cannot be quantised: "
            "quantise other layers, by filters."
        )

    def linear(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The layer's own operation, without bias and activation."""
        raise NotImplementedError(type(self).__name__)

    def matrix(self, kernel: tf.Tensor) -> tf.Tensor:
        """The kernel as a matrix, `(everything else, outputs)`."""
        return tf.reshape(kernel, (-1, kernel.shape[-1]))

    def _matrix(self, kernel):
        return self.matrix(tf.convert_to_tensor(kernel))

    def _power_iterations(self, count):
        matrix = tf.stop_gradient(self._matrix(self.kernel))
        u = tf.convert_to_tensor(self.u)
        for _ in range(count):
            v = _unit(tf.linalg.matvec(matrix, u))
            u = _unit(tf.linalg.matvec(matrix, v, transpose_a=True))
        return u

    def _divided_by_sigma(self, u):
        kernel = tf.convert_to_tensor(self.kernel)
        u = tf.stop_gradient(u)
        product = tf.linalg.matvec(self.matrix(kernel), u)
        v = tf.stop_gradient(_unit(product))
        return kernel / tf.reduce_sum(v * product)

    def _first_right_vector(self):
        matrix = np.float64(self._matrix(self.kernel))
        if not matrix.any():
            raise ValueError(
                f"the kernel of {self.name!r} starts as zeros, which no "
                "factor brings to norm 1: give another kernel_initializer."
            )
        # Of the small matrix W^T W or W W^T, whichever is smaller.
        if matrix.shape[1] <= matrix.shape[0]:
            u = np.linalg.eigh(matrix.T @ matrix)[1][:, -1]
        else:
            v = np.linalg.eigh(matrix @ matrix.T)[1][:, -1]
            u = matrix.T @ v
        return keras.ops.convert_to_tensor(u / np.linalg.norm(u), "float32")

    # Keras' own would save kernel and bias alone.

    def save_own_variables(self, store: MutableMapping) -> None:
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: MutableMapping) -> None:
        keras.layers.Layer.load_own_variables(self, store)


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralDense(SpectralNorm, keras.layers.Dense):
    """`keras.layers.Dense` whose used kernel has spectral norm 1.

    See `tfgen.layers.spectral_norm.SpectralNorm` for formula and paper;
    arguments and shapes are those of `keras.layers.Dense`.

    Example:
    >>> layer = tfgen.layers.SpectralDense(3)
    >>> layer(np.ones((2, 5), "float32")).shape
    TensorShape([2, 3])
    >>> kernel = layer.normalized_kernel().numpy()
    >>> round(float(np.linalg.norm(kernel, 2)), 4)
    1.0
    """

    def linear(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.matmul(inputs, kernel)


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralConv2D(SpectralNorm, keras.layers.Conv2D):
    """`keras.layers.Conv2D` whose used kernel has spectral norm 1.

    The norm is that of the matrix `(height * width * channels, filters)`, as
    in the paper; that of the convolution itself may be larger.

    See `tfgen.layers.spectral_norm.SpectralNorm` for formula and paper;
    arguments and shapes are those of `keras.layers.Conv2D`.

    Example:
    >>> layer = tfgen.layers.SpectralConv2D(6, 3, strides=2, padding="same")
    >>> layer(np.ones((2, 5, 5, 1), "float32")).shape
    TensorShape([2, 3, 3, 6])
    """

    def linear(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return self.convolution_op(inputs, kernel)


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralConv2DTranspose(SpectralNorm, keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` whose used kernel has spectral norm 1.

    The norm is that of the matrix `(height * width * channels, filters)`.

    See `tfgen.layers.spectral_norm.SpectralNorm` for formula and paper;
    arguments and shapes are those of `keras.layers.Conv2DTranspose`.

    Example:
    >>> layer = tfgen.layers.SpectralConv2DTranspose(6, 3, strides=2)
    >>> layer(np.ones((2, 5, 5, 1), "float32")).shape
    TensorShape([2, 11, 11, 6])
    """

    def linear(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return keras.ops.conv_transpose(
            inputs,
            kernel,
            strides=list(self.strides),
            padding=self.padding,
            output_padding=self.output_padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )

    def matrix(self, kernel: tf.Tensor) -> tf.Tensor:
        # Transposed convolutions keep (height, width, filters, channels).
        return super().matrix(tf.linalg.matrix_transpose(kernel))


def _unit(x):
    return x / tf.maximum(tf.norm(x), 1e-12)
