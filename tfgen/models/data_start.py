"""What a model takes from its training data before its first step."""

from tfgen.data import Source
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.principal_start import start_at_principal_components


def start_from_data(model: GenerativeModel, source: Source) -> None:
    """Sets what is better begun from data than from random numbers.

    A linear path starts at principal components, the pseudo-inputs of a
    VampPrior at examples. All other weights stay as they are.

    Args:
        model: before its first step.
        source: training data.
    """
    if model.data_range and source.value_range:
        source = source.to_range(model.data_range)
    start_at_principal_components(model, source)
    if model.encodes:
        model.prior.start_at(source, model.seed)
