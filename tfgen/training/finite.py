"""Numbers that are not finite are found before they are kept."""

from collections.abc import Iterable, Mapping

import keras
import numpy as np
import tensorflow as tf

SUMS = ("loss", "gradient_norm", "negative_elbo")
"""How the names of logs end that are finite in every sound training."""


def first_not_finite(
    variables: Iterable[keras.Variable],
) -> keras.Variable | None:
    """The first variable of which a value is NaN or infinite, if any."""
    for variable in variables:
        value = tf.convert_to_tensor(variable)
        if value.dtype.is_floating:
            if not tf.reduce_all(tf.math.is_finite(value)):
                return variable
    return None


def not_finite(logs: Mapping[str, float]) -> list[str]:
    """Names of the losses and norms among logs that are NaN or infinite.

    Example:
    >>> from tfgen.training.finite import not_finite
    >>> not_finite({"loss": 1.0, "kl_loss": float("nan"), "accuracy": 0.5})
    ['kl_loss']
    """
    return [
        name
        for name, value in logs.items()
        if name.endswith(SUMS) and not np.isfinite(float(value))
    ]
