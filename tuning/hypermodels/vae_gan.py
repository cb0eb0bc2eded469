"""The search space of a VAE-GAN."""

from tfgen.tuning.hypermodels.generative_hypermodel import GenerativeHyperModel
from tfgen.tuning.spaces.vae_gan import vae_gan_space


class VAEGANHyperModel(GenerativeHyperModel):
    """`tfgen.VAEGAN` as a hypermodel; see `GenerativeHyperModel`."""

    model = "vae_gan"

    @classmethod
    def default_space(cls, source):
        return vae_gan_space(source)
