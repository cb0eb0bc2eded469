"""Augmentations by name."""

import keras

from tfgen.augmentations.adaptive_augment import AdaptiveAugment
from tfgen.augmentations.augmentation import Augmentation
from tfgen.augmentations.diff_augment import DiffAugment

AUGMENTATIONS = {"diff_augment": DiffAugment, "adaptive": AdaptiveAugment}


def get_augmentation(augmentation, data_range=None) -> Augmentation | None:
    """An augmentation from its name, its config or itself; None stays None.

    By name it changes brightness by up to a quarter of `data_range`, by
    default (-1, 1).

    Raises:
        ValueError: for anything else.
    """
    if augmentation is None or isinstance(augmentation, Augmentation):
        return augmentation
    if isinstance(augmentation, dict):
        return keras.saving.deserialize_keras_object(augmentation)
    if isinstance(augmentation, str) and augmentation in AUGMENTATIONS:
        low, high = data_range or (-1.0, 1.0)
        return AUGMENTATIONS[augmentation](brightness=(high - low) / 4.0)
    raise ValueError(
        f"augmentation is {augmentation!r}, expected one of "
        f"{', '.join(AUGMENTATIONS)}, a tfgen.augmentations.Augmentation or "
        "None."
    )
