"""Likelihoods, posteriors, priors and divergences, all in nats.

The only part of tfgen that imports TensorFlow Probability, on first use.
"""

from tfgen.probability.latents import aggregate_log_prob as aggregate_log_prob
from tfgen.probability.latents import diagonal_gaussian as diagonal_gaussian
from tfgen.probability.latents import independent_normal as independent_normal
from tfgen.probability.latents import kl_divergence as kl_divergence
from tfgen.probability.latents import mixture_log_prob as mixture_log_prob
from tfgen.probability.latents import standard_normal as standard_normal
from tfgen.probability.levels import *  # noqa: F403
from tfgen.probability.likelihood import Likelihood as Likelihood
from tfgen.probability.likelihoods import *  # noqa: F403
from tfgen.probability.likelihoods import LIKELIHOODS as LIKELIHOODS
from tfgen.probability.posterior import Posterior as Posterior
from tfgen.probability.posteriors import *  # noqa: F403
from tfgen.probability.posteriors import POSTERIORS as POSTERIORS
from tfgen.probability.prior import Prior as Prior
from tfgen.probability.priors import *  # noqa: F403
from tfgen.probability.priors import PRIORS as PRIORS
