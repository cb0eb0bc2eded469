import math

import keras
import tensorflow as tf

from tfgen.augmentations.augmentation import Augmentation

POLICY = ("color", "translation", "cutout")


@keras.saving.register_keras_serializable(package="tfgen")
class DiffAugment(Augmentation):
    """Colour, place and a patch of every image, changed at random.

    - `color`: brightness by up to a quarter of the data's range, saturation
      by a factor from 0 to 2, contrast by one from 0.5 to 1.5;
    - `translation`: by up to an eighth of the height and width, zeros behind;
    - `cutout`: a square of half the height and width becomes 0.

    Args:
        policy: which of the three, in this order.
        brightness: largest change of brightness, in the data's units; 0.5 is
            for data in [-1, 1].

    Reference:
        Zhao et al. (2020), "Differentiable augmentation for data-efficient
        GAN training", section 4.
    """

    def __init__(self, policy=POLICY, brightness: float = 0.5):
        policy = (policy,) if isinstance(policy, str) else tuple(policy)
        unknown = [name for name in policy if name not in POLICY]
        if unknown or not policy:
            raise ValueError(
                f"policy is {policy}, expected some of {', '.join(POLICY)}."
            )
        self.policy = policy
        self.brightness = brightness

    def __call__(self, x, batch, purpose):
        for name, change in self.changes():
            x = change(x, batch, f"{purpose}_{name}")
        return x

    def changes(self):
        """Pairs of name and function `(x, batch, purpose) -> x`."""
        known = {
            "color": self._color,
            "translation": _translation,
            "cutout": _cutout,
        }
        return [(name, known[name]) for name in POLICY if name in self.policy]

    def _color(self, x, batch, purpose):
        draws = batch.uniform((3, 1, 1, 1), purpose)
        brightness, saturation, contrast = tf.unstack(draws, axis=1)
        x = x + self.brightness * (2.0 * brightness - 1.0)
        grey = tf.reduce_mean(x, axis=3, keepdims=True)
        x = grey + 2.0 * saturation * (x - grey)
        mean = tf.reduce_mean(x, axis=(1, 2, 3), keepdims=True)
        return mean + (0.5 + contrast) * (x - mean)

    def get_config(self):
        return {"policy": list(self.policy), "brightness": self.brightness}


def _translation(x, batch, purpose):
    draws = batch.uniform((2,), purpose)
    for axis, draw in zip((1, 2), tf.unstack(draws, axis=1), strict=True):
        size = x.shape[axis]
        most = math.ceil(size / 8)
        shift = tf.cast(tf.floor(draw * (2 * most + 1)), tf.int32) - most
        padding = [[0, 0]] * 4
        padding[axis] = [most, most]
        padded = tf.pad(x, padding)
        places = tf.range(size) + most - shift[:, None]
        x = tf.gather(padded, places, axis=axis, batch_dims=1)
    return x


def _cutout(x, batch, purpose):
    draws = batch.uniform((2,), purpose)
    outside = []
    for axis, draw in zip((1, 2), tf.unstack(draws, axis=1), strict=True):
        size = x.shape[axis]
        # The middle of the square may lie anywhere, the border included.
        middle = tf.cast(tf.floor(draw * (size + 1)), tf.int32)[:, None]
        start = middle - size // 4
        places = tf.range(size)
        outside.append((places < start) | (places >= start + size // 2))
    keep = outside[0][:, :, None, None] | outside[1][:, None, :, None]
    return tf.where(keep, x, tf.zeros_like(x))
