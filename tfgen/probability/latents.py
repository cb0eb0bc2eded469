"""Distributions of latents: prior, posterior, their divergence and mixture."""

import math
import typing

import numpy as np
import tensorflow as tf

from tfgen.probability import tfd

if typing.TYPE_CHECKING:
    from tensorflow_probability.python.distributions import Distribution

LOG_VARIANCE_LIMIT = 20.0
# Arrays that stay in a processor's cache: five times as fast as TensorFlow
# over all dimensions at once.
VALUES_AT_ONCE = 2**16


def standard_normal(latent_dim: int) -> "Distribution":
    """Prior p(z) of independent standard normal values.

    Args:
        latent_dim: length of a latent.

    Returns:
        `tfd.Independent` over `latent_dim` values.

    Example:
    >>> prior = tfgen.probability.standard_normal(2)
    >>> round(float(prior.log_prob([0.0, 0.0])), 4)  # -log(2 pi)
    -1.8379
    """
    return independent_normal(tf.zeros(latent_dim), tf.ones(latent_dim))


def independent_normal(mean: tf.Tensor, stddev: tf.Tensor) -> "Distribution":
    """Gaussian with diagonal covariance over the last axis.

    Args:
        mean: `(..., latent_dim)`, of any precision.
        stddev: as the mean.

    Returns:
        `tfd.Independent` over `latent_dim` values.

    Example:
    >>> normal = tfgen.probability.independent_normal(tf.zeros((5, 2)), 1.0)
    >>> normal.batch_shape, normal.event_shape
    (TensorShape([5]), TensorShape([2]))
    """
    return tfd.Independent(tfd.Normal(mean, stddev), 1)


def full_normal(mean: tf.Tensor, root: tf.Tensor) -> "Distribution":
    """Gaussian of covariance `root @ root.T` over the last axis.

    Args:
        mean: `(..., latent_dim)`.
        root: lower triangular, `(..., latent_dim, latent_dim)`.
    """
    return tfd.MultivariateNormalTriL(mean, root)


def diagonal_gaussian(
    parameters: tf.Tensor | tuple[tf.Tensor, tf.Tensor],
) -> "Distribution":
    """Approximate posterior q(z|x) from an encoder's output.

    Args:
        parameters: `(batch, 2 * latent_dim)`, mean and log variance side by
            side, or a pair of `(batch, latent_dim)` tensors. Log variances
            are kept within +-20.

    Returns:
        `tfd.Independent` over `latent_dim` values.

    Reference:
        Kingma and Welling (2014), "Auto-encoding variational Bayes",
        appendix B.

    Example:
    >>> posterior = tfgen.probability.diagonal_gaussian(tf.zeros((3, 8)))
    >>> posterior.stddev().numpy()[0]
    array([1., 1., 1., 1.], dtype=float32)
    """
    if isinstance(parameters, (list, tuple)):
        mean, log_variance = parameters
    else:
        mean, log_variance = tf.split(parameters, 2, axis=-1)
    log_variance = tf.clip_by_value(
        tf.cast(log_variance, tf.float32),
        -LOG_VARIANCE_LIMIT,
        LOG_VARIANCE_LIMIT,
    )
    mean = tf.cast(mean, tf.float32)
    return independent_normal(mean, tf.exp(0.5 * log_variance))


def kl_divergence(
    posterior: "Distribution",
    prior: "Distribution",
    latents: tf.Tensor | None,
    free_bits: float = 0.0,
    log_prob: tf.Tensor | None = None,
) -> tf.Tensor:
    """KL(posterior || prior) of each example, in nats.

    In closed form where TensorFlow Probability has one registered, else
    `-H(q(z|x)) - log p(z)` at `latents`, a Monte Carlo estimate of the second
    term alone; of both, `log q(z|x) - log p(z)`, where the entropy is unknown.

    Args:
        posterior: q(z|x) over a batch.
        prior: p(z).
        latents: draws of the posterior, `(batch, latent_dim)`; used only
            where there is no closed form.
        free_bits: nats a latent dimension (of each example) that cost
            nothing: dimensions below pay `free_bits` and get no gradient
            (Kingma et al., 2016, section C.8, without its groups). Needs
            independent dimensions.
        log_prob: log q(z|x) at `latents`, `(batch,)`, where it is known.

    Returns:
        A tensor of shape `(batch,)`.

    Raises:
        ValueError: for free bits with dimensions that are not independent.

    Example:
    >>> posterior = tfgen.probability.independent_normal(tf.ones((1, 2)), 1.0)
    >>> prior = tfgen.probability.standard_normal(2)
    >>> kl_divergence(posterior, prior, None).numpy()  # half of 1^2 + 1^2
    array([1.], dtype=float32)
    """
    if free_bits:
        each = _kl_by_dimension(posterior, prior)
        return tf.reduce_sum(tf.maximum(each, free_bits), axis=-1)
    levels = kl_by_level(posterior, prior, latents)
    if levels:
        return sum(levels)
    try:
        return tfd.kl_divergence(posterior, _like(posterior, prior))
    except NotImplementedError:
        return _negative_entropy(posterior, latents, log_prob) - prior.log_prob(
            latents
        )


def kl_by_level(
    posterior: "Distribution", prior: "Distribution", latents: tf.Tensor
) -> list[tf.Tensor]:
    """The KL term of each level, `(batch,)` in nats, from the top down.

    Each as `kl_divergence` has it, given the levels above at `latents`.

    Args:
        posterior: q(z|x) over a batch.
        prior: p(z).
        latents: draws of the posterior.

    Returns:
        Nothing where latents are no levels.
    """
    # On first use, for it imports TensorFlow Probability.
    from tfgen.probability.chain import Chain

    if not (isinstance(posterior, Chain) and isinstance(prior, Chain)):
        return []
    return [
        kl_divergence(of_posterior, of_prior, values)
        for (of_posterior, values), (of_prior, _) in zip(
            posterior.levels(latents), prior.levels(latents), strict=True
        )
    ]


def aggregate_log_prob(
    posteriors: "Distribution", latents: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Log density of the equal mixture of a batch of posteriors, as tensors.

    Gradients go through it; `mixture_log_prob` is for more rows, as arrays.

    Args:
        posteriors: a batch `(components,)`, each of whose latents is a
            Gaussian of its mean and standard deviation.
        latents: `(rows, latent_dim)`.

    Returns:
        `(rows,)`, and `(rows, latent_dim)` of each latent alone.

    Example:
    >>> pair = tfgen.probability.independent_normal([[-1.0], [1.0]], 1.0)
    >>> joint, _ = tfgen.probability.aggregate_log_prob(pair, tf.zeros((1, 1)))
    >>> joint.numpy().round(4)  # -(1 + log(2 pi)) / 2
    array([-1.4189], dtype=float32)
    """
    latents = latents[:, None]
    joint = posteriors.log_prob(latents)
    single = tfd.Normal(posteriors.mean(), posteriors.stddev())
    count = tf.math.log(tf.cast(tf.shape(joint)[1], tf.float32))
    return (
        tf.reduce_logsumexp(joint, axis=1) - count,
        tf.reduce_logsumexp(single.log_prob(latents), axis=1) - count,
    )


def mixture_log_prob(
    x: np.ndarray, means: np.ndarray, stddevs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log density of an equal mixture of Gaussians, in nats.

    Such as the aggregate posterior of a data set's rows.

    Formula: `log(mean_j(prod_d(normal(x_d; mean_jd, stddev_jd))))`

    Args:
        x: points `(n, dimensions)`.
        means: `(components, dimensions)`.
        stddevs: as the means; or lower Cholesky factors of covariances,
            `(components, dimensions, dimensions)`.

    Returns:
        float64 arrays: `(n,)`, and `(n, dimensions)` of the mixture in each
        dimension alone.

    Example:
    >>> joint, _ = mixture_log_prob([[0.0]], [[-1.0], [1.0]], [[1.0], [1.0]])
    >>> joint.round(4)  # -(1 + log(2 pi)) / 2
    array([-1.4189])
    """
    x = np.asarray(x, np.float64)
    if np.ndim(stddevs) == 3:
        # Dimension by dimension the mixture is that of its marginals.
        single = np.linalg.norm(stddevs, axis=2)
        _, marginals = mixture_log_prob(x, means, single)
        return _full_mixture_log_prob(x, means, stddevs), marginals
    columns = [np.asarray(v, np.float64).T for v in (means, stddevs)]
    means, stddevs = map(np.ascontiguousarray, columns)
    scales = 1.0 / stddevs
    offsets = -np.log(stddevs) - 0.5 * math.log(2.0 * math.pi)
    rows = max(VALUES_AT_ONCE // means.shape[1], 1)
    parts = [
        _mixture_log_prob(x[start : start + rows], means, scales, offsets)
        for start in range(0, len(x), rows)
    ]
    joint, marginals = zip(*parts, strict=True)
    return np.concatenate(joint), np.concatenate(marginals)


def _like(posterior, prior):
    """The prior in a class for which a KL to a full Gaussian is registered."""
    if isinstance(posterior, tfd.MultivariateNormalTriL) and (
        _is_independent_normal(prior)
    ):
        normal = prior.distribution
        return tfd.MultivariateNormalDiag(normal.loc, normal.scale)
    return prior


def _is_independent_normal(distribution):
    return isinstance(distribution, tfd.Independent) and isinstance(
        distribution.distribution, tfd.Normal
    )


def _negative_entropy(posterior, latents, log_prob):
    try:
        return -posterior.entropy()
    except NotImplementedError:
        return posterior.log_prob(latents) if log_prob is None else log_prob


def _kl_by_dimension(posterior, prior):
    pair = (posterior, prior)
    if not all(isinstance(d, tfd.Independent) for d in pair):
        raise ValueError(
            "free_bits needs a posterior and a prior of independent "
            f"dimensions, got {posterior.name} and {prior.name}: pass "
            "free_bits=0."
        )
    return tfd.kl_divergence(*(d.distribution for d in pair))


def _mixture_log_prob(x, means, scales, offsets):
    joint = np.zeros((len(x), means.shape[1]))
    marginals = np.empty((len(x), len(means)))
    for dimension in range(len(means)):
        # In place: a new array for each operation would double the time.
        each = x[:, dimension, None] - means[dimension]
        each *= scales[dimension]
        each *= each
        each *= -0.5
        each += offsets[dimension]
        joint += each
        marginals[:, dimension] = _log_mean_exp(each)
    return _log_mean_exp(joint), marginals


def _full_mixture_log_prob(x, means, roots):
    """`(n,)`, of Gaussians with full covariances."""
    total = np.full(len(x), -np.inf)
    for mean, root in zip(np.float64(means), np.float64(roots), strict=True):
        noise = (x - mean) @ np.linalg.inv(root).T
        each = -0.5 * np.sum(noise**2, axis=1) - np.log(np.diag(root)).sum()
        total = np.logaddexp(total, each)
    constant = 0.5 * x.shape[1] * math.log(2.0 * math.pi)
    return total - constant - math.log(len(means))


def _log_mean_exp(values):
    """`log(mean(exp(values)))` over the second axis; overwrites the values."""
    top = values.max(axis=1, keepdims=True)
    values -= top
    np.exp(values, out=values)
    return np.log(values.mean(axis=1)) + top[:, 0]
