import keras

from tfgen.layers.batch_normalization import BatchNormalization
from tfgen.layers.class_affine import ClassAffine


@keras.saving.register_keras_serializable(package="tfgen")
class ConditionalBatchNormalization(ClassAffine):
    """Batch normalisation with scale and offset of each class's own.

    Formula: `gamma[y] * (x - mean) / sqrt(variance + epsilon) + beta[y]`,
    mean and variance as in `tfgen.layers.BatchNormalization`, over all
    classes.

    Args:
        momentum: of the moving statistics that inference uses.
        epsilon: added to the variance.

    Input: `[x, labels]`, `(rows, ..., channels)` and one-hot `(rows,
    num_classes)`. Output: as x.

    Reference:
        de Vries et al. (2017), "Modulating early visual processing by
        language"; Miyato and Koyama (2018), "cGANs with projection
        discriminator".
    """

    def __init__(self, momentum=0.99, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.normalization = BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
