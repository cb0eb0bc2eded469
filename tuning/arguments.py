"""What a `Search` is given, checked before anything is trained."""

import numbers

from tfgen.data import Source
from tfgen.models.generative_model import GenerativeModel
from tfgen.training.inputs import check_shape


def check_counts(**counts) -> None:
    """Raises ValueError for what is no whole number of 1 or more."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or count < 1:
            raise ValueError(f"{name} is {count!r}, expected 1 or more.")


def check_sources(**sources) -> None:
    """Raises ValueError for data that are no `tfgen.data.Source`."""
    for name, source in sources.items():
        if not isinstance(source, Source):
            raise ValueError(
                f"{name} is of type {type(source).__name__}, expected a "
                "tfgen.data.Source, as tfgen.data.load(NAME_OR_PATH, "
                "split=...) or tfgen.data.from_arrays(x, y) gives."
            )


def check_model(model, sources) -> None:
    """Raises ValueError for what trials could not train on the data.

    Args:
        model: what a hypermodel has built.
        sources: `tfgen.data.Source`s.
    """
    if model is None:
        raise ValueError(
            "the function that builds a model returned None: end it with "
            "`return model`."
        )
    if not isinstance(model, GenerativeModel):
        raise ValueError(
            f"what is built is of type {type(model).__name__}, expected a "
            "tfgen.VAE, GAN or VAEGAN, or a model derived from them."
        )
    if not model.compiled:
        raise ValueError(
            f"the {type(model).__name__} that is built is not compiled: call "
            "model.compile(...) before it is returned."
        )
    for source in sources:
        check_shape(model, source)
