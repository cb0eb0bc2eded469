"""A better density of the latents for a model that is trained already."""

import dataclasses
import warnings

import numpy as np
import tensorflow as tf

from tfgen.data import Source
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.prior_fits import (
    fit_by_gradients,
    fit_mixture,
    start_mixture,
)
from tfgen.probability import GaussianMixture, Prior
from tfgen.training import random

FEWEST_ROWS = 20
HELD_OUT = 10
"""One row of so many says how good a fit is."""
MOST_ROWS = 50_000
BATCH = 256


@dataclasses.dataclass(frozen=True)
class FittedPrior:
    """What `fit_prior` came to.

    Attributes:
        prior: the model's new one.
        before: mean of -log p(z) over latents of held-out rows, in nats, under
            the prior that the model had.
        after: the same under the new one; the bound of log p(x) is higher by
            `before - after`.

    Example:
    >>> fitted = FittedPrior(tfgen.probability.StandardNormal(), 12.0, 9.5)
    >>> fitted.gain
    2.5
    """

    prior: Prior
    before: float
    after: float

    @property
    def gain(self) -> float:
        """Nats an example by which the evidence lower bound rises."""
        return self.before - self.after


def fit_prior(
    model: GenerativeModel,
    data: Source | np.ndarray,
    prior: str | Prior = "gaussian_mixture",
    *,
    labels: np.ndarray | None = None,
    seed: int = 0,
    verbose: bool = True,
) -> FittedPrior:
    """Gives a trained model the prior that its latents of data have.

    Where the aggregate posterior `q(z) = mean_i(q(z|x_i))` is no standard
    normal, samples of that prior are decoded from latents that the decoder
    has seldom seen. Of latents in levels those of the top one are fitted.
    Networks stay as they are, and so do reconstructions;
    samples, scores and bounds go by the new prior, exports too. Training that
    goes on leaves it as it is.

    A Gaussian mixture is fitted by expectation maximisation, one for each
    class of a conditional model, with the number of components that makes
    held-out latents most likely; any other prior by its gradients.

    Args:
        model: has an encoder (a VAE or VAE-GAN).
        data: a `Source` such as its training data, or examples
            `(n, *data_shape)`; 20 or more.
        prior: a name or a `tfgen.probability.Prior`. With a mixture that is
            given so the number of components stays.
        labels: classes of an array's examples, for conditional models.
        seed: of the latents and of the fit.
        verbose: whether a bar shows the progress of gradients; for
            terminals and notebooks.

    Returns:
        A `FittedPrior`. Where held-out latents are no likelier under the new
        prior, the model keeps its own, and a warning says so.

    Raises:
        ValueError: for a model without encoder or with privacy, too few
            examples, or a prior that does not fit the free bits.

    Reference:
        Ghosh et al. (2020), "From variational to deterministic autoencoders",
        section 4; Dai and Wipf (2019), "Diagnosing and enhancing VAE models".

    Example:
    >>> data = tfgen.data.load("iris")
    >>> vae = tfgen.build("vae", data=data, latent_dim=2, seed=0)
    >>> fitted = tfgen.fit_prior(vae, data, "gaussian_mixture")
    >>> bool(fitted.gain > 0.0)
    True
    >>> vae.prior is fitted.prior
    True
    """
    if not model.encodes:
        raise ValueError(
            f"fit_prior needs an encoder, which {type(model).__name__} has "
            "not: pass a VAE or a VAE-GAN."
        )
    if model.privacy is not None:
        raise ValueError(
            "fit_prior fits latents of rows without noise, but this model "
            f"promises epsilon={model.privacy.epsilon:g} to each: train it "
            "with the prior, as in prior='flow'."
        )
    latents = _Latents.of(model, data, labels, seed)
    place = _Place(model)
    before = place.prior
    try:
        if prior == "gaussian_mixture" or isinstance(prior, GaussianMixture):
            fit_mixture(place, prior, latents, seed)
        else:
            place.set_prior(prior)
            _start(model, place.prior, data, seed)
            fit_by_gradients(place.prior, latents, seed, verbose)
    except BaseException:
        place.prior = before
        raise
    found = FittedPrior(
        place.prior, latents.surprise(before), latents.surprise(place.prior)
    )
    if found.gain > 0:
        found.prior.trainable = False
        return found
    place.prior = before
    warnings.warn(
        f"the latents of held-out rows are no likelier under the fitted "
        f"{type(found.prior).__name__} ({-found.gain:.2g} nats less) than "
        f"under the model's {type(before).__name__}, which it keeps.",
        stacklevel=2,
    )
    return FittedPrior(before, found.before, found.before)


def start_mixture_at_data(model: GenerativeModel, source: Source) -> None:
    """Starts a learned mixture where the encoder puts the data.

    Args:
        model: before its first step, with an encoder that says something.
        source: training data in the model's range.
    """
    latents = _Latents.of(model, source, None, model.seed)
    start_mixture(model.prior, latents, model.seed)


class _Place:
    """Where the prior is that is fitted: in levels, that of the top one."""

    def __init__(self, model):
        self._model = model
        self._has_levels = model.prior.of_top_level() is not model.prior

    @property
    def prior(self):
        return self._model.prior.of_top_level()

    @prior.setter
    def prior(self, prior):
        if self._has_levels:
            self._model.prior.top = prior
        else:
            self._model.prior = prior

    def set_prior(self, prior):
        if self._has_levels:
            self._model.prior.set_top(prior)
        else:
            self._model.set_prior(prior)


def _start(model, prior, data, seed):
    if isinstance(data, Source):
        data = model.read(data)
        if model.data_range and data.value_range:
            data = data.to_range(model.data_range)
        prior.start_at(data, seed)


class _Latents:
    """Posteriors of examples, and one draw of each; some rows are held out."""

    def __init__(self, mean, stddev, labels, num_classes, seed):
        self.mean, self.stddev, self.labels = mean, stddev, labels
        self.num_classes = num_classes
        stream = random.stream(seed, "fit_prior")
        noise = random.normal_rows(stream, 0, len(mean), mean.shape[1:])
        self.drawn = mean + stddev * noise.numpy()
        self.is_held_out = np.arange(len(mean)) % HELD_OUT == 0

    @classmethod
    def of(cls, model, data, labels, seed):
        if isinstance(data, Source):
            data = model.read(data, with_classes=labels is None)
        rows = np.arange(len(data))
        if len(rows) > MOST_ROWS:
            rows = np.random.default_rng(seed).choice(
                rows, MOST_ROWS, replace=False
            )
        given = {}
        if isinstance(data, Source):
            data, found = data.subset(rows), data.labels
            labels = found if labels is None else labels
            given["x"] = data
        else:
            given["x"] = np.asarray(data)[rows]
        if len(rows) < FEWEST_ROWS:
            raise ValueError(
                f"fit_prior got {len(rows)} examples, expected {FEWEST_ROWS} "
                "or more."
            )
        if not model.num_classes:
            labels = None
        elif labels is not None:
            given["label"] = labels = np.asarray(labels)[rows]
        top = model.prior.of_top_level()
        if model.posterior_family.independent or top is not model.prior:
            encoded = model._run("encode", BATCH, **given)
            moments = encoded["mean"], encoded["stddev"]
        else:  # one draw of each, for moments do not say how latents depend
            seeds = (seed << 32) + np.arange(len(rows))
            drawn = model._run("encode_sample", BATCH, seed=seeds, **given)
            moments = drawn["latent"], np.zeros_like(drawn["latent"])
        moments = [values[:, : top.latent_dim] for values in moments]
        return cls(*moments, labels, model.num_classes, seed)

    def one_hot(self, rows):
        if self.labels is None:
            return None
        return tf.one_hot(self.labels[rows], self.num_classes)

    def of_each_class(self):
        """Draws to learn from and held-out ones, a pair for each class."""
        return [
            (
                self.drawn[rows & ~self.is_held_out],
                self.drawn[rows & self.is_held_out],
            )
            for rows in self._classes()
        ]

    def means_of_each_class(self):
        """Means of all posteriors, those of each class apart."""
        return [self.mean[rows] for rows in self._classes()]

    def _classes(self):
        if self.labels is None:
            return [np.full(len(self.drawn), True)]
        return [self.labels == n for n in range(self.num_classes)]

    def surprise(self, prior):
        """Mean of -log p(z) over the draws of held-out rows, in nats."""
        rows, total = np.flatnonzero(self.is_held_out), 0.0
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            density = prior.distribution(self.one_hot(some))
            total += density.log_prob(self.drawn[some]).numpy().sum()
        return -total / len(rows)
