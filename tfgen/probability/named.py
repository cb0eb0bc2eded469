"""Likelihoods by name."""

import keras

from tfgen.probability.bernoulli import Bernoulli
from tfgen.probability.continuous_bernoulli import ContinuousBernoulli
from tfgen.probability.discretized_logistic import DiscretizedLogistic
from tfgen.probability.gaussian import Gaussian
from tfgen.probability.likelihood import Likelihood

LIKELIHOODS = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "discretized_logistic": DiscretizedLogistic,
    "gaussian": Gaussian,
}


def get(likelihood) -> Likelihood:
    """A likelihood from its name, its config or itself.

    Args:
        likelihood: `"bernoulli"` (soft targets), `"continuous_bernoulli"`,
            `"discretized_logistic"`, `"gaussian"` (one learned scale), a
            serialized likelihood, or a `Likelihood`.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(likelihood, Likelihood):
        return likelihood
    if isinstance(likelihood, dict):
        return keras.saving.deserialize_keras_object(likelihood)
    if isinstance(likelihood, str) and likelihood in LIKELIHOODS:
        return LIKELIHOODS[likelihood]()
    raise ValueError(
        f"likelihood is {likelihood!r}, expected one of "
        f"{', '.join(LIKELIHOODS)} or a tfgen.probability.Likelihood."
    )
