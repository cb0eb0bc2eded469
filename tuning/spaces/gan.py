"""What is searched of a GAN."""

from tfgen.tuning.search_space import SearchSpace
from tfgen.tuning.spaces import parts
from tfgen.tuning.spaces.parameters import Range


def gan_space(source) -> SearchSpace:
    """The default search space of a `GAN` for examples of a source."""
    latents = (8, 64) if parts.is_small(source) else (16, 128)
    return SearchSpace(
        {
            "latent_dim": parts.latent_dim(source, latents, 64),
            "network": parts.networks(source, ("conv", "resnet")),
            "width": parts.width(source),
            "depth": parts.depth(source),
            "learning_rate": Range(2e-4, 5e-3, 1e-3, log=True),
            "learning_rate_schedule": parts.learning_rate_schedule(),
            **parts.adversary(),
            "batch_size": parts.batch_size(source),
        }
    )
