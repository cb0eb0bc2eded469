"""The search space of a VAE."""

from tfgen.tuning.hypermodels.generative_hypermodel import GenerativeHyperModel
from tfgen.tuning.spaces.vae import vae_space


class VAEHyperModel(GenerativeHyperModel):
    """`tfgen.VAE` as a hypermodel; see `GenerativeHyperModel`."""

    model = "vae"

    @classmethod
    def default_space(cls, source):
        return vae_space(source)
