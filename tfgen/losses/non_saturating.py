import keras
import tensorflow as tf

from tfgen.losses.minimax import Minimax


@keras.saving.register_keras_serializable(package="tfgen")
class NonSaturating(Minimax):
    """Cross-entropy; the generator maximises the odds of being taken as data.

    Formula: D as in `Minimax`, `G: -log s(D(G(z)))`.

    Args:
        label_smoothing: the label of data is 1 minus this.

    Reference:
        Goodfellow et al. (2014), "Generative adversarial nets", section 3.
    """

    def generator_loss(self, real, fake):
        return tf.nn.softplus(-fake)
