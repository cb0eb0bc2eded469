"""The search space of a GAN."""

from tfgen.tuning.hypermodels.generative_hypermodel import GenerativeHyperModel
from tfgen.tuning.spaces.gan import gan_space


class GANHyperModel(GenerativeHyperModel):
    """`tfgen.GAN` as a hypermodel; see `GenerativeHyperModel`."""

    model = "gan"

    @classmethod
    def default_space(cls, source):
        return gan_space(source)
