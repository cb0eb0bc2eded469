"""Measures of how odd a row is, by name in `MEASURES`.

A measure is a function of a model, its inputs `x` and, for conditional models,
`label`, the draws k and a seed; it gives `(n,)`, larger for odder rows. What it
says of a row depends on that row alone, which the p-values rest upon. Inputs
are arrays, or tensors in a graph, as an export has it.
"""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from tfgen.metrics import importance_weighted_bound
from tfgen.metrics.encoder_inputs import has_own_prior
from tfgen.metrics.importance_weighted_bound import BLOCK, LogWeights
from tfgen.models import GenerativeModel
from tfgen.probability import standard_normal


def elbo(
    model: GenerativeModel, inputs: dict[str, np.ndarray], k: int, seed: int
) -> np.ndarray:
    """The negative evidence lower bound in nats, as `score` has it."""
    return -_ask(model, "score", inputs)["score"]


def bound(
    model: GenerativeModel, inputs: dict[str, np.ndarray], k: int, seed: int
) -> np.ndarray:
    """The negative importance-weighted bound in nats, of k draws."""
    x, labels = inputs["x"], inputs.get("label")
    if tf.is_tensor(x):
        return -_bound_of_tensors(model, inputs, k, seed)
    found = importance_weighted_bound(
        model, x, labels, k, seed, same_draws=True
    )
    return -found.values


def reconstruction(
    model: GenerativeModel, inputs: dict[str, np.ndarray], k: int, seed: int
) -> np.ndarray:
    """The negative log-likelihood given the latents, in nats."""
    return -_ask(model, "score", inputs)["log_likelihood"]


def latent(
    model: GenerativeModel, inputs: dict[str, np.ndarray], k: int, seed: int
) -> np.ndarray:
    """The negative log-density of the posterior mean under the prior.

    Under a standard normal prior that is half the squared Mahalanobis distance
    from its middle, and a constant. Nothing is fitted to the held-out latents:
    of rows that a covariance was fitted to distances are too small, and
    p-values that rest on them too.

    Reference:
        Denouden et al. (2018), "Improving reconstruction autoencoder
        out-of-distribution detection with Mahalanobis distance", for distances
        in the latents.
    """
    means = _ask(model, "encode", inputs)["mean"]
    label = inputs.get("label")
    hot = None if label is None else tf.one_hot(label, model.num_classes)
    prior = standard_normal(model.latent_dim)
    if has_own_prior(model):
        prior = model.prior.distribution(hot)
    return -prior.log_prob(means)


def discriminator(
    model: GenerativeModel, inputs: dict[str, np.ndarray], k: int, seed: int
) -> np.ndarray:
    """The negative logit of the discriminator."""
    return -_ask(model, "discriminate", inputs)["logit"]


MEASURES = {
    "elbo": elbo,
    "bound": bound,
    "reconstruction": reconstruction,
    "latent": latent,
    "discriminator": discriminator,
}
"""Measures by name."""
_NEEDS = {
    "elbo": ("score",),
    "bound": ("score", "encode"),
    "reconstruction": ("score",),
    "latent": ("encode",),
    "discriminator": ("discriminate",),
}


def _ask(model, name, inputs):
    if tf.is_tensor(inputs["x"]):
        return model.compiled_endpoint(name)(inputs)
    return model.run_endpoint(name, inputs)


def _bound_of_tensors(model, inputs, k, seed):
    """The bound of the same draws, one after the other."""
    weights = LogWeights(model, seed, same_draws=True)

    def add(draw, total):
        log_weight = weights.of_tensors(
            *(tf.zeros((), tf.int64), draw // BLOCK, draw % BLOCK),
            draw % BLOCK + 1,
            **inputs,
        )
        both = tf.stack([total, tf.cast(log_weight[:, 0], tf.float64)])
        return draw + 1, tf.reduce_logsumexp(both, axis=0)

    start = tf.fill(tf.shape(inputs["x"])[:1], tf.constant(-np.inf, tf.float64))
    _, total = tf.while_loop(
        lambda draw, _: draw < k, add, (tf.zeros((), tf.int64), start)
    )
    return total - np.log(k)


def possible_measures(model: GenerativeModel) -> list[str]:
    """Names of the measures that a model can take."""
    known = model.endpoints()
    return [
        name for name, needed in _NEEDS.items() if known.keys() >= {*needed}
    ]


def default_measures(
    model: GenerativeModel, given: Iterable[str] | None
) -> list[str]:
    """The measures that were given, or the first that a model can take."""
    return [*(given or possible_measures(model)[:1] or ["discriminator"])]


def check_measure(name: str, model: GenerativeModel) -> None:
    """Raises ValueError for no measure, or one that the model cannot take."""
    if name not in MEASURES:
        raise ValueError(
            f"measure is {name!r}, expected one of {', '.join(MEASURES)}."
        )
    possible = possible_measures(model)
    if name not in possible:
        known = model.endpoints()
        needed = next(one for one in _NEEDS[name] if one not in known)
        withheld = model.withheld_endpoints().get(needed)
        raise ValueError(
            f"measure {name!r} needs {needed!r}, which this "
            f"{type(model).__name__} has not"
            f"{f' ({withheld})' if withheld else ''}: "
            f"expected {' or '.join(possible) or 'another model'}."
        )
