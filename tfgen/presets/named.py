"""Presets by name."""

import difflib

from tfgen.presets.circles_vae import CIRCLES_VAE
from tfgen.presets.conv_gan import CONV_GAN
from tfgen.presets.conv_vae import CONV_VAE
from tfgen.presets.dcgan import DCGAN
from tfgen.presets.dense_gan import DENSE_GAN
from tfgen.presets.dense_vae import DENSE_VAE
from tfgen.presets.image_gan import IMAGE_GAN
from tfgen.presets.image_vae import IMAGE_VAE
from tfgen.presets.image_vae_gan import IMAGE_VAE_GAN
from tfgen.presets.likelihood_vae import LIKELIHOOD_VAE
from tfgen.presets.points_gan import POINTS_GAN
from tfgen.presets.points_vae import POINTS_VAE
from tfgen.presets.preset import Preset
from tfgen.presets.shared_vae_gan import SHARED_VAE_GAN
from tfgen.presets.small_image_gan import SMALL_IMAGE_GAN
from tfgen.presets.small_image_vae import SMALL_IMAGE_VAE
from tfgen.presets.table_gan import TABLE_GAN
from tfgen.presets.table_vae import TABLE_VAE
from tfgen.presets.vae_gan import VAE_GAN

PRESETS = {
    preset.name: preset
    for preset in (
        DENSE_VAE,
        CIRCLES_VAE,
        CONV_VAE,
        DCGAN,
        DENSE_GAN,
        CONV_GAN,
        SHARED_VAE_GAN,
        VAE_GAN,
        SMALL_IMAGE_VAE,
        IMAGE_VAE,
        LIKELIHOOD_VAE,
        POINTS_VAE,
        TABLE_VAE,
        SMALL_IMAGE_GAN,
        IMAGE_GAN,
        POINTS_GAN,
        TABLE_GAN,
        IMAGE_VAE_GAN,
    )
}


def names() -> tuple[str, ...]:
    """Names of all presets."""
    return tuple(PRESETS)


def get(name: str) -> Preset:
    """A preset by name.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, 1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"preset is {name!r}, {guess}expected one of {', '.join(PRESETS)}."
        )
    return PRESETS[name]
