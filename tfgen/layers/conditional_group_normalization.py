import keras

from tfgen.layers.class_affine import ClassAffine


@keras.saving.register_keras_serializable(package="tfgen")
class ConditionalGroupNormalization(ClassAffine):
    """Group normalisation with scale and offset of each class's own.

    Formula: `gamma[y] * (x - mean) / sqrt(variance + epsilon) + beta[y]`,
    mean and variance of each row's own channels and pixels, by groups.

    Args:
        groups: number of groups of channels.
        epsilon: added to the variance.

    Input: `[x, labels]`, `(rows, ..., channels)` and one-hot `(rows,
    num_classes)`. Output: as x.

    Reference:
        Wu and He (2018), "Group normalization"; de Vries et al. (2017),
        "Modulating early visual processing by language".
    """

    def __init__(self, groups=8, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups
        self.epsilon = epsilon
        self.normalization = keras.layers.GroupNormalization(
            groups,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def get_config(self):
        return {
            **super().get_config(),
            "groups": self.groups,
            "epsilon": self.epsilon,
        }
