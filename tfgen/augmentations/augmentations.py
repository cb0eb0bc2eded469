"""Augmentations, by name in `AUGMENTATIONS`.

A new one is a class here, a line of `AUGMENTATIONS` and its name in `__all__`.
"""

import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfgen.augmentations.augmentation import Augmentation
from tfgen.named_parts import get_part, saved_number
from tfgen.training.global_batch import GlobalBatch

__all__ = [
    "AUGMENTATIONS",
    "AdaptiveAugment",
    "DiffAugment",
    "get_augmentation",
]

POLICY = ("color", "translation", "cutout")


@keras.saving.register_keras_serializable(package="tfgen")
class DiffAugment(Augmentation):
    """Colour, place and a patch of every image, changed at random.

    - `color`: brightness by up to a quarter of the data's range, saturation
      by a factor from 0 to 2, contrast by one from 0.5 to 1.5;
    - `translation`: by up to an eighth of the height and width, zeros behind;
    - `cutout`: a square of half the height and width becomes 0.

    Args:
        policy: which of the three; they are applied in this order.
        brightness: largest change of brightness, in the data's units; 0.5 is
            for data in [-1, 1].

    Raises:
        ValueError: for an unknown change, or none.

    Reference:
        Zhao et al. (2020), "Differentiable augmentation for data-efficient
        GAN training", section 4.

    Example:
    >>> x = tf.ones((2, 8, 8, 1))
    >>> batch = tfgen.training.GlobalBatch(x, None, 0, tf.constant(0, tf.int64))
    >>> cutout = tfgen.augmentations.DiffAugment("cutout")
    >>> cutout(x, batch, "real").shape
    TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self, policy: str | Sequence[str] = POLICY, brightness: float = 0.5
    ):
        policy = (policy,) if isinstance(policy, str) else tuple(policy)
        unknown = [name for name in policy if name not in POLICY]
        if unknown or not policy:
            raise ValueError(
                f"policy is {policy}, expected some of {', '.join(POLICY)}."
            )
        self.policy = policy
        self.brightness = brightness

    def __call__(
        self, x: tf.Tensor, batch: GlobalBatch, purpose: str
    ) -> tf.Tensor:
        for name, change in self.changes():
            x = change(x, batch, f"{purpose}_{name}")
        return x

    def changes(self) -> list[tuple[str, Callable]]:
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
        # Saturation scales the distance to grey, contrast that to the mean.
        grey = tf.reduce_mean(x, axis=3, keepdims=True)
        x = grey + 2.0 * saturation * (x - grey)
        mean = tf.reduce_mean(x, axis=(1, 2, 3), keepdims=True)
        return mean + (0.5 + contrast) * (x - mean)

    def get_config(self) -> dict:
        # A list, as JSON gives it back.
        return {**super().get_config(), "policy": list(self.policy)}


@keras.saving.register_keras_serializable(package="tfgen")
class AdaptiveAugment(DiffAugment):
    """`DiffAugment`, as often as the discriminator overfits.

    Each change is made to an image with probability p. p goes up while the
    discriminator is more often right on data than `target` allows, and down
    otherwise: `r = E[sign(D(x))]`, here `2 * real_accuracy - 1`, so that it
    means the same for losses that only compare logits. p is saved with the
    model and logged as `augmentation_probability`.

    Args:
        policy: as for `DiffAugment`.
        brightness: as for `DiffAugment`.
        target: r that p is steered to.
        images: number of images over which p goes from 0 to 1.
        most: largest p; above 0.85 changes begin to show in samples.

    Raises:
        ValueError: for a target, images or most out of range.

    Reference:
        Karras et al. (2020), "Training generative adversarial networks with
        limited data", section 3.

    Example:
    >>> adaptive = tfgen.augmentations.AdaptiveAugment(images=5000)
    >>> adaptive.get_config()["images"]
    5000
    """

    def __init__(
        self,
        policy: str | Sequence[str] = POLICY,
        brightness: float = 0.5,
        target: float = 0.6,
        images: int = 100_000,
        most: float = 0.85,
    ):
        super().__init__(policy, brightness)
        if not -1.0 < target < 1.0 or images < 1 or not 0.0 < most <= 1.0:
            raise ValueError(
                f"AdaptiveAugment got target={target}, images={images}, "
                f"most={most}; expected a target between -1 and 1, 1 or more "
                "images, and most above 0 and up to 1."
            )
        self.target = target
        self.images = images
        self.most = most
        self.probability = None

    def make_state(self, add_weight: Callable) -> None:
        self.probability = saved_number(add_weight, "augmentation_probability")

    def __call__(
        self, x: tf.Tensor, batch: GlobalBatch, purpose: str
    ) -> tf.Tensor:
        for name, change in self.changes():
            # Every image is changed and some are put back: a branch of the
            # graph cannot differ between rows.
            chance = batch.uniform((1, 1, 1), f"{purpose}_{name}_chance")
            changed = change(x, batch, f"{purpose}_{name}")
            x = tf.where(chance < self.probability, changed, x)
        return x

    def update_state(
        self, batch: GlobalBatch, real_accuracy: tf.Tensor
    ) -> None:
        # Over all replicas, so that each assigns the same value.
        right = 2.0 * batch.global_mean(real_accuracy) - 1.0
        change = tf.sign(right - self.target) * batch.size / self.images
        self.probability.assign(
            tf.clip_by_value(self.probability + change, 0.0, self.most)
        )


AUGMENTATIONS = {"diff_augment": DiffAugment, "adaptive": AdaptiveAugment}
"""Augmentations by name."""


def get_augmentation(
    augmentation: str | dict | Augmentation | None,
    data_range: tuple[float, float] | None = None,
) -> Augmentation | None:
    """An augmentation from its name, its config or itself; None stays None.

    Args:
        augmentation: a key of `AUGMENTATIONS`, a config of Keras, or an
            `Augmentation`.
        data_range: lowest and highest value of the images; one told by name
            changes brightness by up to a quarter of it. Default: (-1, 1).

    Raises:
        ValueError: for anything else.

    Example:
    >>> tfgen.augmentations.get_augmentation("adaptive", (0, 1)).brightness
    0.25
    """
    if augmentation is None:
        return None
    low, high = data_range or (-1.0, 1.0)
    return get_part(
        "augmentation",
        augmentation,
        AUGMENTATIONS,
        Augmentation,
        also=("None",),
        brightness=(high - low) / 4.0,
    )


def _translation(x, batch, purpose):
    draws = batch.uniform((2,), purpose)
    for axis, draw in zip((1, 2), tf.unstack(draws, axis=1), strict=True):
        size = x.shape[axis]
        most = math.ceil(size / 8)
        shift = tf.cast(tf.floor(draw * (2 * most + 1)), tf.int32) - most
        padding = [[0, 0]] * 4
        padding[axis] = [most, most]
        padded = tf.pad(x, padding)
        # A shift for each image is a gather; gradients go through it.
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
