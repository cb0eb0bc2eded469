import keras

from tfgen.layers.spectral_norm import SpectralNorm


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralConv2D(SpectralNorm, keras.layers.Conv2D):
    """`keras.layers.Conv2D` whose used kernel has spectral norm 1.

    The norm is that of the matrix `(height * width * channels, filters)`, as
    in the paper; that of the convolution itself may be larger.

    See `tfgen.layers.spectral_norm.SpectralNorm` for formula and paper;
    arguments and shapes are those of `keras.layers.Conv2D`.

    >>> layer = tfgen.layers.SpectralConv2D(6, 3, strides=2, padding="same")
    >>> layer(np.ones((2, 5, 5, 1), "float32")).shape
    TensorShape([2, 3, 3, 6])
    """

    def linear(self, inputs, kernel):
        return self.convolution_op(inputs, kernel)
