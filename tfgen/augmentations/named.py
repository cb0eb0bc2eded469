"""Augmentations by name."""

import keras

from tfgen.augmentations.adaptive_augment import AdaptiveAugment
from tfgen.augmentations.augmentation import Augmentation
from tfgen.augmentations.diff_augment import DiffAugment

AUGMENTATIONS = {"diff_augment": DiffAugment, "adaptive": AdaptiveAugment}


def get_augmentation(augmentation) -> Augmentation | None:
    """An augmentation from its name, its config or itself; None stays None.

    Raises:
        ValueError: for anything else.
    """
    if augmentation is None or isinstance(augmentation, Augmentation):
        return augmentation
    if isinstance(augmentation, dict):
        return keras.saving.deserialize_keras_object(augmentation)
    if isinstance(augmentation, str) and augmentation in AUGMENTATIONS:
        return AUGMENTATIONS[augmentation]()
    raise ValueError(
        f"augmentation is {augmentation!r}, expected one of "
        f"{', '.join(AUGMENTATIONS)}, a tfgen.augmentations.Augmentation or "
        "None."
    )
