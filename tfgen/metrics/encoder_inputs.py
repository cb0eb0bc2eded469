"""What metrics of models with an encoder ask of model and data."""

from typing import Any

import numpy as np

from tfgen.models.endpoints import check_inputs
from tfgen.probability import DiagonalPosterior, Posterior, StandardNormal


def encodes(model: Any) -> bool:
    """Whether a model says that it has an encoder, or has its endpoint.

    Models that are no `GenerativeModel` need not say it.
    """
    return getattr(model, "encodes", False) or "encode" in model.endpoints()


def has_likelihood(model: Any) -> bool:
    """Whether a model says that it has a likelihood p(x|z), or has its method.

    Models that are no `GenerativeModel` need not say it.
    """
    return getattr(model, "has_likelihood", False) or hasattr(
        model, "log_likelihood"
    )


def has_own_prior(model: Any) -> bool:
    """Whether the prior of a model is another than the standard normal.

    Models that are no `GenerativeModel` need not say theirs.
    """
    prior = getattr(model, "prior", None)
    return prior is not None and not isinstance(prior, StandardNormal)


def posterior_family(model: Any) -> Posterior:
    """The family of a model's posteriors, diagonal where it says none."""
    return getattr(model, "posterior_family", None) or DiagonalPosterior()


def encoder_inputs(
    metric: str,
    model: Any,
    x: np.ndarray,
    labels: np.ndarray | None,
    min_rows: int = 1,
) -> dict[str, np.ndarray]:
    """Inputs of the encoder as arrays, checked.

    Args:
        metric: name, for messages.
        model: has the endpoint `encode`.
        x: `(n, *data_shape)`.
        labels: `(n,)` for conditional models, else None.
        min_rows: the fewest examples that the metric makes sense of.

    Raises:
        ValueError: if the model has no encoder, or the inputs are not what it
            takes.
    """
    if not encodes(model):
        raise ValueError(
            f"{metric} needs an encoder, which {type(model).__name__} has not: "
            "pass a VAE, or compare samples with data by another metric."
        )
    given = {"x": x, "label": labels}
    given = {key: value for key, value in given.items() if value is not None}
    inputs = check_inputs(model, metric, model.endpoints()["encode"], given)
    if len(inputs["x"]) < min_rows:
        raise ValueError(
            f"{metric} got {len(inputs['x'])} example, expected {min_rows} or "
            "more."
        )
    return inputs


def check_likelihood(metric: str, model: Any) -> None:
    """Raises ValueError if the model has no likelihood p(x|z)."""
    if not has_likelihood(model):
        raise ValueError(
            f"{metric} needs a likelihood p(x|z), which "
            f"{type(model).__name__} has not: pass a VAE."
        )


def check_seed(seed: int) -> None:
    """Raises ValueError for a seed that streams of noise cannot take."""
    if int(seed) != seed or not 0 <= seed < 2**31:
        raise ValueError(
            f"seed is {seed!r}, expected an integer from 0 to 2**31 - 1."
        )
