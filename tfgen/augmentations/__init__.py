"""Augmentations of what a discriminator is shown, data and generated alike."""

from tfgen.augmentations.augmentation import Augmentation as Augmentation
from tfgen.augmentations.augmentations import *  # noqa: F403
from tfgen.augmentations.augmentations import AUGMENTATIONS as AUGMENTATIONS
