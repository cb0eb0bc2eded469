"""What a model takes from its training data before its first step."""

from tfgen.data import Source
from tfgen.models.fitted_prior import start_mixture_at_data
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.principal_start import start_at_principal_components
from tfgen.probability import GaussianMixture


def start_from_data(model: GenerativeModel, source: Source) -> None:
    """Sets what is better begun from data than from random numbers.

    A linear path starts at principal components, and then a prior that is a
    Gaussian mixture at the latents of the data; the pseudo-inputs of a
    VampPrior start at examples. All other weights stay as they are.

    Args:
        model: before its first step; one with privacy stays as it is.
        source: training data.
    """
    if model.privacy is not None:
        return
    if model.data_range and source.value_range:
        source = source.to_range(model.data_range)
    started = start_at_principal_components(model, source)
    if started and isinstance(model.prior, GaussianMixture):
        start_mixture_at_data(model, source)
    elif model.encodes:
        model.prior.start_at(source, model.seed)
