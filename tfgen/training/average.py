"""Exponential moving averages of a network's weights."""

import keras
import tensorflow as tf


def average_of(network):
    """A network of the same weights, for their moving average."""
    average = keras.models.clone_model(network)
    average.set_weights(network.get_weights())
    average.name = f"average_{network.name}"
    average.trainable = False
    return average


def update_average(average, network, decay, step) -> None:
    """Moves the average's weights towards the network's.

    Formula: `a += (1 - d) * (w - a)`, `d = min(decay, (1 + step) / (10 +
    step))`, so that the first steps do not weigh for long. The moving
    statistics of batch normalisation are averaged alike: they are then those
    of the averaged weights, to first order, where a copy of the newest is not.

    Args:
        average: a network of the same architecture.
        network: the one that is trained.
        decay: of the average, such as 0.999.
        step: number of the training step, from 0.

    Reference:
        Yazici et al. (2019), "The unusual effectiveness of averaging in GAN
        training".
    """
    step = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + step) / (10.0 + step))
    pairs = [
        (a.value, w.value)
        for a, w in zip(average.weights, network.weights, strict=True)
    ]

    def update(strategy):
        for target, source in pairs:
            strategy.extended.update(
                target,
                lambda a, w, d: a.assign_add(
                    tf.cast((1.0 - d) * tf.cast(w - a, tf.float32), a.dtype)
                ),
                args=(source, decay),
                group=False,
            )

    tf.distribute.get_replica_context().merge_call(update)
