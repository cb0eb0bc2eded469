"""What metrics of models with an encoder ask of model and data."""

import numpy as np

from tfgen.models.endpoint_runner import check_inputs


def encoder_inputs(
    metric, model, x, labels, min_rows=1
) -> dict[str, np.ndarray]:
    """Inputs of the encoder as arrays, checked.

    Args:
        metric: name, for messages.
        model: a `GenerativeModel`.
        x: `(n, *data_shape)`.
        labels: `(n,)` for conditional models, else None.
        min_rows: the fewest examples that the metric makes sense of.

    Raises:
        ValueError: if the model has no encoder, or the inputs are not what it
            takes.
    """
    endpoint = model.endpoints().get("encode")
    if endpoint is None:
        raise ValueError(
            f"{metric} needs an encoder, which {type(model).__name__} has not: "
            "pass a VAE, or compare samples with data by another metric."
        )
    given = {"x": x, "label": labels}
    given = {key: value for key, value in given.items() if value is not None}
    inputs = check_inputs(model, metric, endpoint, given)
    if len(inputs["x"]) < min_rows:
        raise ValueError(
            f"{metric} got {len(inputs['x'])} example, expected {min_rows} or "
            "more."
        )
    return inputs


def check_likelihood(metric, model):
    """Raises ValueError if the model has no likelihood p(x|z)."""
    if not hasattr(model, "log_likelihood"):
        raise ValueError(
            f"{metric} needs a likelihood p(x|z), which "
            f"{type(model).__name__} has not: pass a VAE."
        )


def check_seed(seed):
    """Raises ValueError for a seed that streams of noise cannot take."""
    if int(seed) != seed or not 0 <= seed < 2**31:
        raise ValueError(
            f"seed is {seed!r}, expected an integer from 0 to 2**31 - 1."
        )
