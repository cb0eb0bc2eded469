"""Measures of how odd a row is, by name in `MEASURES`.

A measure is a function of a model, its inputs (`x`, and `label` where there
are classes) and what is `Given` beside. It gives `(n,)`, larger for odder rows;
what it says of a row depends on that row alone, which the p-values rest upon.
Inputs are arrays, or tensors in a graph, as an export has it.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgen.detection.mixture import MOST_IN_A_MIXTURE, Mixture
from tfgen.detection.neighbours import Neighbours
from tfgen.detection.row_values import KnownRows, row_values
from tfgen.metrics import importance_weighted_bound
from tfgen.metrics.encoder_inputs import has_own_prior
from tfgen.metrics.importance_weighted_bound import BLOCK, LogWeights
from tfgen.models import GenerativeModel
from tfgen.models.preset import PRESETS
from tfgen.probability import standard_normal

MOST_AT_ONCE = 1024
"""Rows; of wide ones fewer."""
COMBINED = ("max", "mean")
"""How several measures become one score; see `Detector`."""
OF_TRAINING_ROWS = {"neighbours": Neighbours, "mixture": Mixture}
"""By measure, what it knows of the rows that a model was trained on."""
OfTrainingRows = Mapping[str, KnownRows]
Inputs = dict[str, np.ndarray]


class Given(NamedTuple):
    """What measures are given beside a model and its inputs.

    Attributes:
        k: draws of `"bound"`.
        seed: of these draws.
        of_training: for measures of training rows.
    """

    k: int = 100
    seed: int = 0
    of_training: OfTrainingRows = {}


def elbo(model: GenerativeModel, inputs: Inputs, given: Given) -> np.ndarray:
    """The negative evidence lower bound in nats, as `score` has it."""
    return -_ask(model, "score", inputs)["score"]


def bound(model: GenerativeModel, inputs: Inputs, given: Given) -> np.ndarray:
    """The negative importance-weighted bound in nats, of k draws."""
    x, labels = inputs["x"], inputs.get("label")
    if tf.is_tensor(x):
        return -_bound_of_tensors(model, inputs, given.k, given.seed)
    found = importance_weighted_bound(
        model, x, labels, given.k, given.seed, same_draws=True
    )
    return -found.values


def reconstruction(
    model: GenerativeModel, inputs: Inputs, given: Given
) -> np.ndarray:
    """The negative log-likelihood given the latents, in nats."""
    return -_ask(model, "score", inputs)["log_likelihood"]


def latent(model: GenerativeModel, inputs: Inputs, given: Given) -> np.ndarray:
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
    model: GenerativeModel, inputs: Inputs, given: Given
) -> np.ndarray:
    """The negative logit of the discriminator."""
    return -_ask(model, "discriminate", inputs)["logit"]


def neighbours(
    model: GenerativeModel, inputs: Inputs, given: Given
) -> np.ndarray:
    """The distance to the fifth nearest training row, whatever its class."""
    return _oddness(given.of_training["neighbours"], inputs["x"])


def mixture(model: GenerativeModel, inputs: Inputs, given: Given) -> np.ndarray:
    """The negative log-density of a mixture of training rows, in nats.

    Whatever their class.
    """
    return _oddness(given.of_training["mixture"], inputs["x"])


MEASURES = {
    "elbo": elbo,
    "bound": bound,
    "reconstruction": reconstruction,
    "latent": latent,
    "discriminator": discriminator,
    "neighbours": neighbours,
    "mixture": mixture,
}
"""Measures by name."""
_NEEDS = {
    "elbo": ("score",),
    "bound": ("score", "encode"),
    "reconstruction": ("score",),
    "latent": ("encode",),
    "discriminator": ("discriminate",),
    "neighbours": (),
    "mixture": (),
}


def _ask(model, name, inputs):
    if tf.is_tensor(inputs["x"]):
        return model.compiled_endpoint(name)(inputs)
    rows = max(256, min(MOST_AT_ONCE, 2**17 // math.prod(model.data_shape)))
    return model.run_endpoint(name, inputs, rows)


def _oddness(known, x):
    if tf.is_tensor(x):
        return known.oddness(x)
    return known.oddness_of_arrays(x)


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
        name
        for name, needed in _NEEDS.items()
        if known.keys() >= {*needed} and not _reason_against(name, model)
    ]


def chosen_measures(
    model: GenerativeModel,
    given: str | Iterable[str] | None,
    combine: str | None,
    preset: str | None = None,
) -> tuple[list[str], str]:
    """The measures, and how several become one score.

    Args:
        model: that they are for.
        given: names; None for those of the preset, or the first that the model
            can take.
        combine: `"max"` or `"mean"`; None likewise, and `"max"`.
        preset: by which the model was made, or None.
    """
    possible = possible_measures(model)
    if given is not None:
        names = [given] if isinstance(given, str) else [*given]
        return names, combine or "max"
    usual = PRESETS[preset].detection if preset in PRESETS else {}
    names = [name for name in usual.get("measure", ()) if name in possible]
    if names:
        return names, combine or usual["combine"]
    first, *_ = [name for name in possible if _NEEDS[name]] or ["discriminator"]
    return [first], combine or "max"


def check_measure(name: str, model: GenerativeModel) -> None:
    """Raises ValueError for no measure, or one that the model cannot take."""
    if name not in MEASURES:
        raise ValueError(
            f"measure is {name!r}, expected one of {', '.join(MEASURES)}."
        )
    if reason := _reason_against(name, model):
        raise ValueError(f"measure {name!r} {reason}: take another measure.")
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


def _reason_against(name, model):
    """Why a model cannot take a measure of training rows, or None."""
    if name not in OF_TRAINING_ROWS:
        return None
    if model.privacy is not None:
        return (
            "keeps what training rows say without noise, and this "
            f"{type(model).__name__} promises epsilon="
            f"{model.privacy.epsilon:g} to each"
        )
    most, size = MOST_IN_A_MIXTURE, row_values(model).size
    if name == "mixture" and size > most:
        return f"is of at most {most:,} values a row, got {size:,}"
    return None
