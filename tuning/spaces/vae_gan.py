"""What is searched of a VAE-GAN."""

from tfgen.tuning.search_space import SearchSpace
from tfgen.tuning.spaces import parts
from tfgen.tuning.spaces.parameters import Choice, Condition, Fixed, Range

# With a ratio the adversary's weight follows the reconstruction's, so gamma
# says nothing. Who gives a fixed weight, or gamma, gets both without a ratio.
FIXED_WEIGHT = {
    "adversarial_ratio": None,
    "adversarial_weight": Range(0.1, 100.0, 1.0, log=True),
    "gamma": Range(
        0.1, 10.0, 1.0, log=True, only=Condition("objective", ("larsen",))
    ),
}


def vae_gan_space(source) -> SearchSpace:
    """The default search space of a `VAEGAN` for examples of a source."""
    latents = (16, 64) if parts.is_small(source) else (16, 128)
    grey = parts.is_image(source) and source.shape[-1] == 1
    # Others have a Gaussian whose scale goes by the objective: not named.
    likelihood = {"likelihood": Fixed("bernoulli")} if grey else {}
    return SearchSpace(
        {
            "latent_dim": parts.latent_dim(source, latents, 32),
            "network": parts.networks(source, ("conv", "resnet"), ("conv",)),
            "width": parts.width(source, least=128),
            "depth": parts.depth(source),
            **likelihood,
            "objective": Choice(("larsen", "elbo_adversarial"), "larsen"),
            # Searched by samples, reconstructions or coverage: a negative
            # ELBO would choose the adversary away.
            "beta": Range(0.4, 1.5, 1.0, log=True),
            "beta_warmup": parts.beta_warmup(),
            "adversarial_ratio": Range(0.25, 1.0, 0.5, log=True),
            "learning_rate": Range(3e-4, 2e-3, 5e-4, log=True),
            "learning_rate_schedule": parts.learning_rate_schedule(),
            **parts.adversary(),
            "batch_size": parts.batch_size(source),
        },
        {"adversarial_weight": FIXED_WEIGHT, "gamma": FIXED_WEIGHT},
    )
