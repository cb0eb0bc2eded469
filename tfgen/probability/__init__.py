"""Likelihoods, posteriors, priors and divergences, all in nats.

The only part of tfgen that imports TensorFlow Probability.
"""

from tfgen.probability.bernoulli import Bernoulli as Bernoulli
from tfgen.probability.continuous_bernoulli import (
    ContinuousBernoulli as ContinuousBernoulli,
)
from tfgen.probability.discretized_logistic import (
    DiscretizedLogistic as DiscretizedLogistic,
)
from tfgen.probability.divergences import kl_divergence as kl_divergence
from tfgen.probability.gaussian import Gaussian as Gaussian
from tfgen.probability.gaussian_mixtures import (
    mixture_log_prob as mixture_log_prob,
)
from tfgen.probability.likelihood import Likelihood as Likelihood
from tfgen.probability.named import LIKELIHOODS as LIKELIHOODS
from tfgen.probability.named import get as get
from tfgen.probability.posteriors import diagonal_gaussian as diagonal_gaussian
from tfgen.probability.posteriors import (
    independent_normal as independent_normal,
)
from tfgen.probability.priors import standard_normal as standard_normal
