"""Priors fitted to latents, by expectation maximisation or gradients."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.progress import Progress
from tfgen.probability import GaussianMixture, Prior
from tfgen.training import GlobalBatch

COMPONENTS = (1, 3, 10, 30, 100)
ROWS_A_COMPONENT = 5
"""For each latent, that a mixture may have."""
LEAST_VARIANCE = 1e-4
LATENTS_A_START = 2
"""Fewest of a component that training goes on from."""
WIDER = 10
"""Times a posterior's variance: least variance of such a component. Draws of
posteriors much wider than a component have uneven importance weights."""
BATCH, MOST_EPOCHS, PATIENCE = 256, 300, 10


def fit_mixture(
    model: keras.Model, prior: str | Prior, latents: Any, seed: int
) -> None:
    """Gives a model a Gaussian mixture, by expectation maximisation.

    Args:
        model: takes it by `set_prior`.
        prior: a `GaussianMixture`, or the name: then the one whose number of
            components makes held-out latents most likely.
        latents: gives those `of_each_class`.
        seed: of the beginnings.

    Raises:
        ValueError: for more components than there are latents.
    """
    groups = latents.of_each_class()
    shares = [None] * len(groups)
    covariance = "full"
    if isinstance(prior, GaussianMixture):
        parts = np.array_split(np.arange(prior.components), len(groups))
        shares, covariance = [len(part) for part in parts], prior.covariance
        _check_sizes(groups, shares)
    with Progress("fitting Gaussian mixtures", 0, "components") as progress:
        found = [
            _mixture(*group, share, covariance, seed, progress)
            for group, share in zip(groups, shares, strict=True)
        ]
    if not isinstance(prior, GaussianMixture):
        size = sum(len(one.weights_) for one in found)
        prior = GaussianMixture(size, covariance)
    model.set_prior(prior)
    _take(prior, found)


def start_mixture(prior: GaussianMixture, latents: Any, seed: int) -> None:
    """Starts a learned mixture at latents, by expectation maximisation.

    Distances are measured in standard deviations of the posteriors. Where a
    linear decoder starts at principal components, that is the data's own
    distance in units of its noise, and the model a mixture of Gaussians in
    the data. Where there are few latents, some components have no weight.

    Args:
        prior: of a model, before its first step.
        latents: give `means_of_each_class` and `stddev`.
        seed: of the beginnings.
    """
    unit = np.sqrt(np.square(latents.stddev).mean(axis=0))
    unit = np.where(unit > 0, unit, 1.0)
    groups = latents.means_of_each_class()
    parts = np.array_split(np.arange(prior.components), len(groups))
    kind = "full" if prior.covariance == "full" else "diag"
    with Progress("fitting Gaussian mixtures", 0, "components") as progress:
        found = []
        for means, part in zip(groups, parts, strict=True):
            size = max(1, min(len(part), len(means) // LATENTS_A_START))
            rows = _with_a_spread(means) / unit
            fit = _grown(rows, rows[:0], [size], kind, seed, progress, WIDER)[1]
            fit.means_ *= unit
            fit.covariances_ *= (
                unit**2 if kind == "diag" else np.outer(unit, unit)
            )
            found.append(fit)
    _take(prior, found)


def _take(prior, found):
    """The mixtures of all classes, as one that each class weighs anew."""
    weights = np.zeros((len(found), prior.components))
    means = np.zeros((prior.components, found[0].means_.shape[1]))
    scales = np.ones(means.shape)
    if prior.covariance == "full":
        scales = np.tile(np.eye(means.shape[1]), (len(means), 1, 1))
    place = 0
    for row, one in zip(weights, found, strict=True):
        own = slice(place, place + len(one.weights_))
        row[own], means[own] = one.weights_, one.means_
        scales[own] = _scales(one, prior.covariance)
        place = own.stop
    prior.set_parameters(weights, means, scales)


def _check_sizes(groups, shares):
    for (train, _), share in zip(groups, shares, strict=True):
        if not 1 <= share <= max(len(train), 1):
            raise ValueError(
                f"a mixture of {sum(shares)} components was to be fitted, "
                f"{share} of them to {len(train)} latents of a class; "
                "expected at least one for each class, and fewer than it "
                "has latents."
            )


def _mixture(train, held_out, components, covariance, seed, progress):
    """The best of the mixtures that so many rows are enough for."""
    train = _with_a_spread(train)
    most = len(train) / (ROWS_A_COMPONENT * train.shape[1])
    sizes = [n for n in COMPONENTS if n <= max(1, most)]
    if components:
        sizes = [components]
    found = [
        _grown(train, held_out, sizes, kind, seed, progress)
        for kind in (("diag", "full") if covariance == "full" else ("diag",))
    ]
    return max(found, key=lambda one: one[0])[1]


def _with_a_spread(latents):
    """The latents; if they are too few to know it, a standard normal's."""
    if len(latents) > 1:
        return latents
    size = latents.shape[1]
    return np.concatenate([np.eye(size), -np.eye(size)]) * size**0.5


def _grown(train, held_out, sizes, kind, seed, progress, least=LEAST_VARIANCE):
    """Score and mixture at the size from which held-out rows get unlikelier."""
    from sklearn import mixture
    from threadpoolctl import threadpool_limits

    best = -np.inf, None
    for size in sizes:
        # Its many small products take ten times as long on several threads
        # of a machine that has other work.
        with threadpool_limits(1):
            fit = mixture.GaussianMixture(
                size,
                covariance_type=kind,
                reg_covar=least,
                init_params="k-means++",
                random_state=seed,
            ).fit(train)
        progress.add(size)
        score = fit.score(held_out) if len(held_out) else 0.0
        if score <= best[0]:
            break
        best = score, fit
    return best


def _scales(fit, covariance):
    variances = fit.covariances_
    if covariance != "full":
        return np.sqrt(variances)
    if fit.covariance_type == "diag":
        variances = variances[:, :, None] * np.eye(variances.shape[1])
    return np.linalg.cholesky(variances)


def fit_by_gradients(
    prior: Prior, latents: Any, seed: int, verbose: bool
) -> None:
    """Makes latents most likely under a prior, by Adam.

    Until held-out ones have not become likelier for some epochs.

    Args:
        prior: begins as it is.
        latents: have `mean`, `stddev`, `labels` and `is_held_out`.
        seed: of draws and order.
        verbose: whether a bar shows the epochs.
    """
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
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)
        self.mean_loss = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.mean_loss]

    def train_step(self, data):
        variables = self.prior.trainable_variables
        step = self.optimizer.iterations
        batch = GlobalBatch(data[0], None, self.seed, step)
        with batch, tf.GradientTape() as tape:
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
