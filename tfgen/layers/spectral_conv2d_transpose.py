import keras
import tensorflow as tf

from tfgen.layers.spectral_norm import SpectralNorm


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralConv2DTranspose(SpectralNorm, keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` whose used kernel has spectral norm 1.

    The norm is that of the matrix `(height * width * channels, filters)`.

    See `tfgen.layers.spectral_norm.SpectralNorm` for formula and paper;
    arguments and shapes are those of `keras.layers.Conv2DTranspose`.

    >>> layer = tfgen.layers.SpectralConv2DTranspose(6, 3, strides=2)
    >>> layer(np.ones((2, 5, 5, 1), "float32")).shape
    TensorShape([2, 11, 11, 6])
    """

    def linear(self, inputs, kernel):
        return keras.ops.conv_transpose(
            inputs,
            kernel,
            strides=list(self.strides),
            padding=self.padding,
            output_padding=self.output_padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )

    def matrix(self, kernel):
        # Transposed convolutions keep (height, width, filters, channels).
        return super().matrix(tf.linalg.matrix_transpose(kernel))
