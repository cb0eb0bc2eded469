"""What latents are used for: the KL term in parts, and active dimensions."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen import probability
from tfgen.metrics.encoder_inputs import (
    check_seed,
    encoder_inputs,
    has_own_prior,
    posterior_family,
)
from tfgen.training import random

ROWS_AT_ONCE = 256


@dataclasses.dataclass(frozen=True)
class KLDecomposition:
    """What the KL term of the evidence lower bound pays for, in nats.

    `kl = mutual_information + aggregate_kl` and
    `aggregate_kl = total_correlation + dimension_wise_kl`, with the aggregate
    posterior `q(z) = mean_i(q(z|x_i))` over all n examples. All terms but
    `kl` are Monte Carlo estimates: none is negative in truth, an estimate near
    0 may be by a few standard errors.

    Attributes:
        kl: `mean_i(KL(q(z|x_i) || p(z)))`, in closed form for a standard
            normal prior, else by the posterior's entropy and one draw.
        mutual_information: between z and the number of the example, at most
            `log(n)`: take n well above `exp(mutual_information)`.
        aggregate_kl: `KL(q(z) || p(z))`.
        total_correlation: `KL(q(z) || prod_d(q(z_d)))`.
        dimension_wise_kl: `sum_d(KL(q(z_d) || p(z_d)))`.
        standard_errors: of each estimate, by its name. They take the examples
            as drawn at random too, so chance in the draws alone is less.
        n: number of examples.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), network="mlp", seed=0)
    >>> terms = tfgen.metrics.kl_decomposition(vae, np.eye(2))
    >>> parts = terms.mutual_information + terms.aggregate_kl
    >>> abs(terms.kl - parts) < 1e-9
    True
    """

    kl: float
    mutual_information: float
    aggregate_kl: float
    total_correlation: float
    dimension_wise_kl: float
    standard_errors: dict[str, float]
    n: int


def kl_decomposition(
    model: Any, x: np.ndarray, labels: np.ndarray | None = None, seed: int = 0
) -> KLDecomposition:
    """Mean KL term of a model with an encoder, by what it pays for.

    One draw `z_i ~ q(z|x_i)` an example, and the exact densities of the
    mixture of all n posteriors there. The time grows with
    `n * n * latent_dim`, the memory with n.

    Formula:
        mutual information: `E[log q(z|x) - log q(z)]`,
        total correlation: `E[log q(z) - sum_d(log q(z_d))]`,
        dimension-wise KL: `E[sum_d(log q(z_d)) - log p(z)]`.

    The three sum to the mean KL, which is known; its error in these draws
    corrects theirs (a control variate).

    Args:
        model: a `GenerativeModel` with an encoder to Gaussians, diagonal or
            full.
        x: examples `(n, *data_shape)`, as the encoder takes them.
        labels: class of each example, for conditional models.
        seed: of the draws, from 0 to 2**31 - 1. The draw of example i depends
            on (seed, i) alone.

    Returns:
        A `KLDecomposition`.

    Raises:
        ValueError: if the model has no encoder, or none to Gaussians; for
            fewer than two examples.

    Reference:
        Hoffman and Johnson (2016), "ELBO surgery: yet another way to carve up
        the variational evidence lower bound"; Chen et al. (2018), "Isolating
        sources of disentanglement in variational autoencoders", equation 2.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), network="mlp", seed=0)
    >>> terms = tfgen.metrics.kl_decomposition(vae, np.zeros((9, 2)))
    >>> abs(terms.mutual_information) < 1e-6  # equal examples, equal codes
    True
    """
    check_seed(seed)
    inputs = encoder_inputs("kl_decomposition", model, x, labels, min_rows=2)
    if not has_gaussian_posterior(model):
        raise ValueError(
            "kl_decomposition needs posteriors whose latents have known "
            "densities one by one, which "
            f"{type(posterior_family(model)).__name__} does not give: use "
            "importance_weighted_bound and active_units."
        )
    mean, scale = _gaussians(model, inputs)
    stream = random.stream(seed, "kl_decomposition")
    noise = random.normal_rows(stream, 0, len(mean), mean.shape[1:]).numpy()
    if scale.ndim == 3:
        latents = mean + np.einsum("nij,nj->ni", scale, noise)
        posterior = probability.latents.full_normal(mean, scale)
    else:
        latents = mean + scale * noise
        posterior = probability.independent_normal(mean, scale)
    given_x = posterior.log_prob(latents).numpy()
    under_prior = _log_prior(model, latents, inputs.get("label"))
    kl = -posterior.entropy().numpy() - under_prior
    if not has_own_prior(model):
        prior = probability.independent_normal(*_standard(model.latent_dim))
        kl = probability.kl_divergence(posterior, prior, latents).numpy()
    joint, marginals = probability.mixture_log_prob(latents, mean, scale)
    terms = {
        "mutual_information": given_x - joint,
        "total_correlation": joint - marginals.sum(axis=1),
        "dimension_wise_kl": marginals.sum(axis=1) - under_prior,
    }
    terms = _corrected(terms, kl - (given_x - under_prior))
    terms["aggregate_kl"] = (
        terms["total_correlation"] + terms["dimension_wise_kl"]
    )
    n = len(mean)
    return KLDecomposition(
        kl=float(kl.mean()),
        **{name: float(term.mean()) for name, term in terms.items()},
        standard_errors={
            name: float(term.std(ddof=1) / n**0.5)
            for name, term in terms.items()
        },
        n=n,
    )


def has_gaussian_posterior(model: Any) -> bool:
    """Whether each latent's distribution, given x, is a known Gaussian."""
    return posterior_family(model).gaussian


@dataclasses.dataclass(frozen=True)
class ActiveUnits:
    """Which latent dimensions a model uses.

    Attributes:
        variances: `(latent_dim,)`, variance over the examples of each
            dimension's posterior mean.
        threshold: above which a dimension counts as active.

    Example:
    >>> tfgen.metrics.ActiveUnits(np.array([0.9, 0.001]), 0.01).count
    1
    """

    variances: np.ndarray
    threshold: float

    @property
    def count(self) -> int:
        """Number of active dimensions."""
        return int(np.sum(self.variances > self.threshold))


def active_units(
    model: Any,
    x: np.ndarray,
    labels: np.ndarray | None = None,
    threshold: float = 0.01,
) -> ActiveUnits:
    """How many latent dimensions say something about the examples.

    Formula: `sum_d(variance_i(E[z_d | x_i]) > threshold)`

    Args:
        model: a `GenerativeModel` with an encoder.
        x: examples `(n, *data_shape)`, as the encoder takes them.
        labels: class of each example, for conditional models.
        threshold: in units of the prior's variance, 1.

    Returns:
        An `ActiveUnits`.

    Raises:
        ValueError: if the model has no encoder, or for fewer than two
            examples.

    Reference:
        Burda et al. (2016), "Importance weighted autoencoders", section 5.2.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(2,), network="mlp", seed=0)
    >>> tfgen.metrics.active_units(vae, np.zeros((9, 2))).count
    0
    """
    inputs = encoder_inputs("active_units", model, x, labels, min_rows=2)
    means = np.float64(model.run_endpoint("encode", inputs)["mean"])
    return ActiveUnits(means.var(axis=0, ddof=1), threshold)


def _gaussians(model, inputs):
    """Means, and standard deviations or Cholesky factors, in float64."""
    if posterior_family(model).independent:
        encoded = model.run_endpoint("encode", inputs)
        return tuple(np.float64(encoded[k]) for k in ("mean", "stddev"))
    means, roots = [], []
    for start in range(0, len(inputs["x"]), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        labels = None
        if model.num_classes:
            labels = tf.one_hot(inputs["label"][rows], model.num_classes)
        posterior = model.posterior(inputs["x"][rows], labels)
        means.append(posterior.loc.numpy())
        roots.append(posterior.scale.to_dense().numpy())
    return np.float64(np.concatenate(means)), np.float64(np.concatenate(roots))


def _log_prior(model, latents, labels):
    """Log p(z), `(n,)` in float64, a part of the rows at a time."""
    if not has_own_prior(model):
        prior = probability.independent_normal(*_standard(model.latent_dim))
        return prior.log_prob(latents).numpy()
    parts = []
    for start in range(0, len(latents), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        hot = None
        if labels is not None:
            hot = tf.one_hot(labels[rows], model.num_classes)
        prior = model.prior.distribution(hot)
        parts.append(prior.log_prob(np.float32(latents[rows])).numpy())
    return np.float64(np.concatenate(parts))


def _standard(latent_dim):
    return np.zeros(latent_dim), np.ones(latent_dim)


def _corrected(terms, missing):
    """Shares out what the terms miss of the known sum, example by example.

    `missing` has expectation 0, so any shares are right; those by regression
    leave the least variance. The last term gets the rest.
    """
    *others, last = terms
    centered = missing - missing.mean()
    variance = max(np.mean(centered**2), np.finfo(float).tiny)
    shares = {k: -np.mean(terms[k] * centered) / variance for k in others}
    shares[last] = 1.0 - sum(shares.values())
    return {k: v + shares[k] * missing for k, v in terms.items()}
