import keras
import tensorflow as tf

from tfgen.augmentations.augmentation import Augmentation
from tfgen.augmentations.diff_augment import POLICY, DiffAugment


@keras.saving.register_keras_serializable(package="tfgen")
class AdaptiveAugment(Augmentation):
    """`DiffAugment`, as often as the discriminator overfits.

    Each change is made to an image with probability p. p goes up while the
    discriminator is more often right on data than `target` allows, and down
    otherwise: `r = E[sign(D(x))]`, here `2 * real_accuracy - 1`, so that it
    means the same for losses that only compare outputs. p is saved with the
    model and logged as `augmentation_probability`.

    Args:
        policy: as for `DiffAugment`.
        brightness: as for `DiffAugment`.
        target: r that p is steered to.
        images: images over which p goes from 0 to 1.
        most: largest p; above 0.85 changes begin to show in samples.

    Reference:
        Karras et al. (2020), "Training generative adversarial networks with
        limited data", section 3.
    """

    def __init__(
        self,
        policy=POLICY,
        brightness: float = 0.5,
        target: float = 0.6,
        images: int = 100_000,
        most: float = 0.85,
    ):
        self.changes_made = DiffAugment(policy, brightness)
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

    def make_state(self, add_weight):
        self.probability = add_weight(
            shape=(),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            aggregation="only_first_replica",
            name="augmentation_probability",
        )

    def __call__(self, x, batch, purpose):
        for name, change in self.changes_made.changes():
            chance = batch.uniform((1, 1, 1), f"{purpose}_{name}_chance")
            changed = change(x, batch, f"{purpose}_{name}")
            x = tf.where(chance < self.probability, changed, x)
        return x

    def update_state(self, batch, real_accuracy):
        right = 2.0 * batch.global_mean(real_accuracy) - 1.0
        change = tf.sign(right - self.target) * batch.size / self.images
        self.probability.assign(
            tf.clip_by_value(self.probability + change, 0.0, self.most)
        )

    def get_config(self):
        return {
            **self.changes_made.get_config(),
            "target": self.target,
            "images": self.images,
            "most": self.most,
        }
