"""Augmentations of what a discriminator is shown, data and generated alike."""

from tfgen.augmentations.adaptive_augment import (
    AdaptiveAugment as AdaptiveAugment,
)
from tfgen.augmentations.augmentation import Augmentation as Augmentation
from tfgen.augmentations.diff_augment import DiffAugment as DiffAugment
from tfgen.augmentations.named import AUGMENTATIONS as AUGMENTATIONS
from tfgen.augmentations.named import get_augmentation as get_augmentation
