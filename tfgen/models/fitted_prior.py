"""A better density of the latents for a model that is trained already."""

import dataclasses
import warnings

import keras
import numpy as np
import tensorflow as tf

from tfgen.data import Source
from tfgen.models.generative_model import GenerativeModel
from tfgen.probability import GaussianMixture, Prior
from tfgen.training import random

FEWEST_ROWS = 20
HELD_OUT = 10
"""One row of so many says how good a fit is."""
COMPONENTS = (1, 3, 10, 30, 100)
ROWS_A_COMPONENT = 5
"""For each latent, that a mixture may have."""
MOST_ROWS = 50_000
LEAST_VARIANCE = 1e-4
BATCH, MOST_EPOCHS, PATIENCE = 256, 300, 10


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
    has seldom seen. Networks stay as they are, and so do reconstructions;
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
        verbose: whether a bar shows the progress of gradients.

    Returns:
        A `FittedPrior`. Where held-out latents are no likelier under the new
        prior, the model keeps its own, and a warning says so.

    Raises:
        ValueError: for a model without encoder, too few examples, or a prior
            that does not fit the model's free bits.

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
    latents = _Latents.of(model, data, labels, seed)
    before = model.prior
    try:
        if prior == "gaussian_mixture" or isinstance(prior, GaussianMixture):
            _fit_mixture(model, prior, latents, seed)
        else:
            model.set_prior(prior)
            _fit_by_gradients(model, data, latents, seed, verbose)
    except BaseException:
        model.prior = before
        raise
    found = FittedPrior(
        model.prior, latents.surprise(before), latents.surprise(model.prior)
    )
    if found.gain > 0:
        found.prior.trainable = False
        return found
    model.prior = before
    warnings.warn(
        f"the latents of held-out rows are no likelier under the fitted "
        f"{type(found.prior).__name__} ({-found.gain:.2g} nats less) than "
        f"under the model's {type(before).__name__}, which it keeps.",
        stacklevel=2,
    )
    return FittedPrior(before, found.before, found.before)


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
        encoded = model._run("encode", BATCH, **given)
        return cls(
            encoded["mean"], encoded["stddev"], labels, model.num_classes, seed
        )

    def one_hot(self, rows):
        if self.labels is None:
            return None
        return tf.one_hot(self.labels[rows], self.num_classes)

    def of_each_class(self):
        """Draws to learn from and held-out ones, a pair for each class."""
        classes = [np.full(len(self.drawn), True)]
        if self.labels is not None:
            classes = [self.labels == n for n in range(self.num_classes)]
        return [
            (
                self.drawn[rows & ~self.is_held_out],
                self.drawn[rows & self.is_held_out],
            )
            for rows in classes
        ]

    def surprise(self, prior):
        """Mean of -log p(z) over the draws of held-out rows, in nats."""
        rows, total = np.flatnonzero(self.is_held_out), 0.0
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            density = prior.distribution(self.one_hot(some))
            total += density.log_prob(self.drawn[some]).numpy().sum()
        return -total / len(rows)


# Expectation maximisation.


def _fit_mixture(model, prior, latents, seed):
    groups = latents.of_each_class()
    shares = [None] * len(groups)
    covariance = "full"
    if isinstance(prior, GaussianMixture):
        parts = np.array_split(np.arange(prior.components), len(groups))
        shares, covariance = [len(part) for part in parts], prior.covariance
    found = [
        _mixture(*group, share, covariance, seed)
        for group, share in zip(groups, shares, strict=True)
    ]
    if not isinstance(prior, GaussianMixture):
        size = sum(len(one.weights_) for one in found)
        prior = GaussianMixture(size, covariance)
    model.set_prior(prior)
    weights = np.zeros((len(found), prior.components))
    place = 0
    for row, one in zip(weights, found, strict=True):
        row[place : place + len(one.weights_)] = one.weights_
        place += len(one.weights_)
    prior.set_parameters(
        weights,
        np.concatenate([one.means_ for one in found]),
        np.concatenate([_scales(one, covariance) for one in found]),
    )


def _mixture(train, held_out, components, covariance, seed):
    """The best of the mixtures that so many rows are enough for."""
    from sklearn import mixture

    if len(train) < 2:  # too few to know their spread: a standard normal
        train = np.concatenate(
            [np.eye(train.shape[1]), -np.eye(train.shape[1])]
        )
        train *= train.shape[1] ** 0.5
    most = len(train) / (ROWS_A_COMPONENT * train.shape[1])
    sizes = [n for n in COMPONENTS if n <= max(1, most)]
    if components:
        sizes = [min(components, len(train))]
    fits = [
        mixture.GaussianMixture(
            size,
            covariance_type=kind,
            reg_covar=LEAST_VARIANCE,
            random_state=seed,
        ).fit(train)
        for size in sizes
        for kind in (("diag", "full") if covariance == "full" else ("diag",))
    ]
    if len(held_out):
        return max(fits, key=lambda fit: fit.score(held_out))
    return fits[0]


def _scales(fit, covariance):
    variances = fit.covariances_
    if covariance != "full":
        return np.sqrt(variances)
    if fit.covariance_type == "diag":
        variances = variances[:, :, None] * np.eye(variances.shape[1])
    return np.linalg.cholesky(variances)


# Gradients.


def _fit_by_gradients(model, data, latents, seed, verbose):
    prior = model.prior
    if isinstance(data, Source):
        data = model.read(data)
        if model.data_range and data.value_range:
            data = data.to_range(model.data_range)
        prior.start_at(data, seed)
    if not prior.trainable_variables:
        return
    learner = _OfLatents(prior, seed)
    learner.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                2e-3, MOST_EPOCHS * -(-len(latents.mean) // BATCH)
            )
        )
    )
    train, held_out = (
        tuple(
            values[rows]
            for values in (latents.mean, latents.stddev, latents.labels)
            if values is not None
        )
        for rows in (~latents.is_held_out, latents.is_held_out)
    )
    learner.fit(
        tf.data.Dataset.from_tensor_slices(train)
        .shuffle(len(train[0]), seed=seed)
        .batch(BATCH),
        validation_data=tf.data.Dataset.from_tensor_slices(held_out).batch(
            BATCH
        ),
        epochs=MOST_EPOCHS,
        verbose=0,
        shuffle=False,  # the data set is
        callbacks=[
            keras.callbacks.EarlyStopping(
                patience=PATIENCE, restore_best_weights=True
            ),
            *[_Progress()] * bool(verbose),
        ],
    )


class _Progress(keras.callbacks.Callback):
    """A bar over epochs."""

    def on_train_begin(self, logs=None):
        self.bar = keras.utils.Progbar(
            MOST_EPOCHS,
            stateful_metrics=("loss", "val_loss"),
            unit_name="epoch",
        )

    def on_epoch_end(self, epoch, logs=None):
        self.bar.update(epoch + 1, logs.items())

    def on_train_end(self, logs=None):
        print()


class _OfLatents(keras.Model):
    """Makes draws of posteriors most likely under a prior."""

    def __init__(self, prior, seed):
        super().__init__()
        self.prior = prior
        self.draws = keras.random.SeedGenerator(seed)
        self.mean_loss = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.mean_loss]

    def train_step(self, data):
        variables = self.prior.trainable_variables
        with tf.GradientTape() as tape:
            loss = self._surprise(*data, seed=self.draws.next())
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self.mean_loss.update_state(loss)
        return {"loss": self.mean_loss.result()}

    def test_step(self, data):
        self.mean_loss.update_state(self._surprise(*data, seed=[0, 0]))
        return {"loss": self.mean_loss.result()}

    def _surprise(self, mean, stddev, labels=None, *, seed):
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        if labels is not None:
            labels = tf.one_hot(labels, self.prior.num_classes)
        density = self.prior.distribution(labels)
        return -tf.reduce_mean(density.log_prob(mean + stddev * noise))
