"""Normalisation with scale and offset of each class's own."""

import keras
import tensorflow as tf

from tfgen.layers.batch_normalization import BatchNormalization
from tfgen.layers.group_normalization import GroupNormalization
from tfgen.named_parts import constructor_arguments


class ClassAffine(keras.layers.Layer):
    """Abstract: `gamma(y) * normalization(x) + beta(y)`.

    Takes `[x, one-hot labels]`; gamma and beta hold one row a class, ones and
    zeros at the start. A subclass gives `normalization`, a layer without
    scale and offset of its own.
    """

    normalization: keras.layers.Layer

    def build(self, input_shape: list[tuple]) -> None:
        shape, labels = input_shape
        self.normalization.build(shape)
        self.gamma, self.beta = (
            self.add_weight(
                shape=(labels[-1], shape[-1]),
                initializer=initializer,
                autocast=False,
                name=name,
            )
            for name, initializer in (("gamma", "ones"), ("beta", "zeros"))
        )

    def call(
        self, inputs: list[tf.Tensor], training: bool = False
    ) -> tf.Tensor:
        x, labels = inputs
        # In float32 whatever the policy: bfloat16 scales would be coarse.
        h = tf.cast(self.normalization(x, training=training), tf.float32)
        labels = tf.cast(labels, tf.float32)
        shape = [-1] + [1] * (len(x.shape) - 2) + [x.shape[-1]]
        gamma, beta = (
            tf.reshape(tf.matmul(labels, table), shape)
            for table in (self.gamma, self.beta)
        )
        return tf.cast(gamma * h + beta, self.compute_dtype)

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        return tuple(input_shape[0])

    def get_config(self) -> dict:
        own = constructor_arguments(self, ClassAffine)
        return {**super().get_config(), **own}

    def _without_affine(self) -> dict:
        """Arguments of the layer that normalises."""
        return {
            "epsilon": self.epsilon,
            "center": False,
            "scale": False,
            "dtype": self.dtype_policy,
            "name": "normalization",
        }


@keras.saving.register_keras_serializable(package="tfgen")
class ConditionalBatchNormalization(ClassAffine):
    """Batch normalisation with scale and offset of each class's own.

    Formula: `gamma[y] * (x - mean) / sqrt(variance + epsilon) + beta[y]`,
    mean and variance as in `tfgen.layers.BatchNormalization`, over all
    classes.

    Args:
        momentum: share of the moving statistics, which inference uses, that
            a step keeps.
        epsilon: added to the variance.
        **kwargs: other arguments of `keras.layers.Layer`.

    Input: `[x, labels]`, `(rows, ..., channels)` and one-hot `(rows,
    num_classes)`. Output: as x.

    Reference:
        de Vries et al. (2017), "Modulating early visual processing by
        language"; Miyato and Koyama (2018), "cGANs with projection
        discriminator".

    Example:
    >>> layer = tfgen.layers.ConditionalBatchNormalization()
    >>> x, labels = np.ones((2, 4, 4, 3), "float32"), np.eye(5)[:2]
    >>> layer([x, labels]).shape, layer.gamma.numpy().shape
    (TensorShape([2, 4, 4, 3]), (5, 3))
    """

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.normalization = BatchNormalization(
            momentum=momentum, **self._without_affine()
        )


@keras.saving.register_keras_serializable(package="tfgen")
class ConditionalGroupNormalization(ClassAffine):
    """Group normalisation with scale and offset of each class's own.

    Formula: `gamma[y] * (x - mean) / sqrt(variance + epsilon) + beta[y]`,
    mean and variance of each row's own channels and pixels, by groups.

    Args:
        groups: number of groups of channels.
        epsilon: added to the variance.
        **kwargs: other arguments of `keras.layers.Layer`.

    Input: `[x, labels]`, `(rows, ..., channels)` and one-hot `(rows,
    num_classes)`. Output: as x.

    Reference:
        Wu and He (2018), "Group normalization"; de Vries et al. (2017),
        "Modulating early visual processing by language".

    Example:
    >>> layer = tfgen.layers.ConditionalGroupNormalization(groups=2)
    >>> x, labels = np.float32([[1, 3, 5, 9]]), np.eye(3)[:1]
    >>> layer([x, labels]).numpy().round(2)
    array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    def __init__(self, groups: int = 8, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups
        self.epsilon = epsilon
        self.normalization = GroupNormalization(
            groups, **self._without_affine()
        )
