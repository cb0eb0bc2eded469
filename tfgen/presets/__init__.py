"""Whole set-ups by name: those that we ship, each with its source or use.

`tfgen.presets.register(Preset(...))` adds one of your own.
"""

from tfgen.models.preset import Preset as Preset
from tfgen.models.preset import get_preset as get  # noqa: F401
from tfgen.models.preset import preset_names as names  # noqa: F401
from tfgen.models.preset import register_preset as register
from tfgen.presets import gans, vae_gans, vaes

_SHIPPED = (
    vaes.DENSE_VAE,
    vaes.CIRCLES_VAE,
    vaes.CONV_VAE,
    gans.DCGAN,
    gans.DENSE_GAN,
    gans.CONV_GAN,
    vae_gans.SHARED_VAE_GAN,
    vae_gans.VAE_GAN,
    vaes.SMALL_IMAGE_VAE,
    vaes.IMAGE_VAE,
    vaes.LIKELIHOOD_VAE,
    vaes.POINTS_VAE,
    vaes.TABLE_VAE,
    gans.SMALL_IMAGE_GAN,
    gans.IMAGE_GAN,
    gans.POINTS_GAN,
    gans.TABLE_GAN,
    vae_gans.IMAGE_VAE_GAN,
    vae_gans.POINTS_VAE_GAN,
    vae_gans.TABLE_VAE_GAN,
    vaes.COLOUR_VAE,
    vaes.FULL_TABLE_VAE,
    vaes.MIXED_TABLE_VAE,
    vaes.SMALL_IMAGE_VQ_VAE,
    vaes.DETECTOR_TABLE,
    gans.MIXED_TABLE_GAN,
    vae_gans.MIXED_TABLE_VAE_GAN,
    vaes.PIXEL_VAE,
)
for _each in _SHIPPED:
    register(_each)
