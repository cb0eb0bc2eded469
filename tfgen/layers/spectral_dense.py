import keras
import tensorflow as tf

from tfgen.layers.spectral_norm import SpectralNorm


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralDense(SpectralNorm, keras.layers.Dense):
    """`keras.layers.Dense` whose used kernel has spectral norm 1.

    See `tfgen.layers.spectral_norm.SpectralNorm` for formula and paper;
    arguments and shapes are those of `keras.layers.Dense`.

    >>> layer = tfgen.layers.SpectralDense(3)
    >>> layer(np.ones((2, 5), "float32")).shape
    TensorShape([2, 3])
    """

    def linear(self, inputs, kernel):
        return tf.matmul(inputs, kernel)
