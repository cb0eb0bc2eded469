"""What is searched of a VAE."""

from tfgen.tuning.search_space import SearchSpace
from tfgen.tuning.spaces import parts
from tfgen.tuning.spaces.parameters import Fixed, Range


def vae_space(source) -> SearchSpace:
    """The default search space of a `VAE` for examples of a source."""
    grey = parts.is_image(source) and source.shape[-1] == 1
    latents = (8, 32) if parts.is_small(source) else (8, 128)
    return SearchSpace(
        {
            "latent_dim": parts.latent_dim(source, latents, 16),
            "network": parts.networks(
                source, ("conv", "mlp") if grey else ("conv", "resnet")
            ),
            # Half as many were never among the best six of 20 for `digits`.
            "width": parts.width(source, least=128),
            "depth": parts.depth(source),
            # Nats under two likelihoods do not compare (one may be of
            # densities, the other of masses), so a negative ELBO would choose
            # the unit, not the model.
            "likelihood": Fixed("bernoulli" if grey else "gaussian"),
            # `negative_elbo` is always that of beta = 1: a small beta cannot
            # win by paying less for its latents. Near 1, a weight trades
            # overfitting for fit; far from 1 it can only lose. For
            # distances between samples wider ranges make sense: beta=0.1..4.
            "beta": Range(0.8, 1.25, 1.0, log=True),
            "beta_warmup": parts.beta_warmup(),
            "learning_rate": Range(5e-4, 5e-3, 1e-3, log=True),
            "learning_rate_schedule": parts.learning_rate_schedule(),
            "batch_size": parts.batch_size(source),
        }
    )
