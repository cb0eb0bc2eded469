import keras
import tensorflow as tf

from tfgen.training.global_batch import GlobalBatch


@keras.saving.register_keras_serializable(package="tfgen")
class Dropout(keras.layers.Layer):
    """Dropout whose mask belongs to the row, not to the device.

    Formula, in training: `x * (u >= rate) / (1 - rate)`, u uniform in [0, 1),
    drawn by the training step from (seed, layer's name, step, row): the same
    on one replica and on several, and after a resume. There is no random
    state to save. Each use in a step draws anew. Layers of one model that
    share a name draw one after the other, so names matter only in that they
    stay the same: give one.

    Outside of a training step `training=True` is an error: a stream of its
    own would be state that no checkpoint holds.

    Args:
        rate: share of values that are set to zero, from 0 to below 1.
        **kwargs: other arguments of `keras.layers.Layer`.

    Raises:
        ValueError: for another rate, and for `training=True` outside of a
            training step.

    Reference:
        Srivastava et al. (2014), "Dropout".

    Example:
    >>> layer = tfgen.layers.Dropout(0.5, name="dropout")
    >>> x = tf.ones((4, 100))
    >>> batch = tfgen.training.GlobalBatch(x, None, 0, tf.constant(0, tf.int64))
    >>> with batch:
    ...     np.unique(layer(x, training=True)).tolist()
    [0.0, 2.0]
    """

    def __init__(self, rate: float, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"rate is {rate}, expected from 0 to below 1.")
        self.rate = rate
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or not self.rate:
            return inputs
        batch = GlobalBatch.current()
        if batch is None:
            raise ValueError(
                f"layer {self.name!r} was called with training=True outside of "
                "a training step, from which it draws: call it within `with "
                "batch:`, a tfgen.training.GlobalBatch, or with "
                "training=False."
            )
        # A purpose of its own: two uses in a step must not share a mask.
        noise = batch.uniform(inputs.shape[1:], batch.next_purpose(self.name))
        kept = tf.cast(noise >= self.rate, inputs.dtype)
        return inputs * kept / (1.0 - self.rate)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}
