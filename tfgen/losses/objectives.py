"""What a VAE is trained on, by name in `OBJECTIVES`.

A new one is a class here, a line of `OBJECTIVES` and its name in `__all__`.
"""

import math
import typing

import keras
import tensorflow as tf

from tfgen import probability
from tfgen.named_parts import Configurable, get_part
from tfgen.probability.levels import level_names

if typing.TYPE_CHECKING:
    from tfgen.models import VAE
    from tfgen.training import GlobalBatch

__all__ = [
    "ELBO",
    "IWAE",
    "MMD",
    "OBJECTIVES",
    "Objective",
    "TotalCorrelation",
    "get_objective",
]

KERNELS = ("inverse_multiquadric", "gaussian")


class Objective(Configurable):
    """Abstract: terms of a VAE's loss for the rows of a batch.

    A subclass is saved with the model by its constructor's arguments, which
    it keeps as attributes of the same names (else it gives `get_config`).

    Attributes:
        train_only: names of what it logs beside the model's own terms, in
            training alone: what is of a whole batch would depend in
            evaluation on how the data are cut into batches.
        takes_free_bits: whether it has a KL term that can be paid by latent.
        needs_gaussian: whether it needs posteriors each of whose latents is
            a Gaussian.
        is_elbo_at_beta_1: whether it does nothing of its own then.
        mixes_rows: whether it compares the rows of a batch, all of which
            must lie on one replica then.
        headline: the log that says best how good a model is.

    Example:
    >>> class SquaredNats(tfgen.losses.Objective):
    ...     def __call__(self, model, batch, beta, training):
    ...         losses = model.elbo_losses(batch, beta, training)
    ...         return losses | {"loss": losses["loss"] ** 2}
    >>> vae = tfgen.build(
    ...     "vae", input_shape=(5,), latent_dim=2, objective=SquaredNats()
    ... )
    >>> vae.compile()
    >>> logs = vae.evaluate(np.zeros((4, 5)), verbose=0, return_dict=True)
    >>> logs["loss"] > logs["negative_elbo"]
    True
    """

    train_only: tuple[str, ...] = ()
    takes_free_bits = True
    needs_gaussian = False
    is_elbo_at_beta_1 = False
    mixes_rows = False
    headline = "negative_elbo"

    def __call__(
        self,
        model: "VAE",
        batch: "GlobalBatch",
        beta: tf.Tensor | float,
        training: bool,
    ) -> dict[str, tf.Tensor]:
        """Losses in nats, each `(rows,)`, by the names of the logs.

        Args:
            model: the VAE.
            batch: the rows.
            beta: weight of what draws latents to the prior.
            training: whether in training.

        Returns:
            `loss`, whose gradient is followed; `negative_elbo`,
            `reconstruction_loss` and `kl_loss` as they are for every
            objective; in training those of `train_only`.
        """
        raise NotImplementedError(type(self).__name__)


@keras.saving.register_keras_serializable(package="tfgen")
class ELBO(Objective):
    """The evidence lower bound by one draw.

    Formula: `-log p(x|z) + beta KL(q(z|x) || p(z))`

    Reference:
        Kingma and Welling (2014), "Auto-encoding variational Bayes";
        Higgins et al. (2017), "beta-VAE", for beta.

    Example:
    >>> tfgen.build("vae", input_shape=(5,)).objective.get_config()
    {}
    """

    def __call__(self, model, batch, beta, training):
        return model.elbo_losses(batch, beta, training)


@keras.saving.register_keras_serializable(package="tfgen")
class IWAE(Objective):
    """The importance-weighted bound, which is closer to log p(x).

    Decoder and prior follow its gradient. The encoder's is the doubly
    reparameterised one: of the same expectation, and it does not drown in
    noise as the number of draws grows. Posteriors that go by more weights than
    the encoder's (`"flow"`, levels) follow the bound's gradient as it is.

    Formula: `-log(mean_d(w_d))`, `w_d = p(x|z_d) (p(z_d) / q(z_d|x))^beta`;
        with `v_d = w_d / sum(w)` the encoder's gradient is that of z_d times
        `-v_d^2 dlog(w_d)/dz_d`.

    Args:
        draws: k, of each example. A step decodes them all.

    Raises:
        ValueError: for fewer than 1.

    Reference:
        Burda et al. (2016), "Importance weighted autoencoders"; Tucker et
        al. (2019), "Doubly reparameterized gradient estimators for Monte
        Carlo objectives", equation 8.

    Example:
    >>> tfgen.build(
    ...     "vae", input_shape=(5,), objective="iwae", objective_draws=5
    ... ).objective.draws
    5
    """

    takes_free_bits = False
    headline = "loss"  # a closer bound than that of one draw

    def __init__(self, draws: int = 50):
        if draws < 1:
            raise ValueError(f"draws is {draws}, expected 1, 2, 3, ...")
        self.draws = draws

    def __call__(self, model, batch, beta, training):
        x = model.likelihood.targets(batch.x, batch)
        encoded = model.posterior_parameters(x, batch.labels, training)
        posterior = model.posterior_family.distribution(encoded)
        noise = batch.normal((self.draws, model.latent_dim), "posterior")
        latents, log_posterior = model.draw(
            posterior, tf.transpose(noise, (1, 0, 2))
        )
        kls = model.kl_terms(posterior, latents, batch.labels, log_posterior)
        passage = _WeightedPassage()
        if model.posterior_family.of_encoder_alone:
            # All of the encoder's gradient goes through the latents.
            latents = passage(latents)
            fixed = tf.nest.map_structure(tf.stop_gradient, encoded)
            fixed = model.posterior_family.distribution(fixed)
            log_posterior = fixed.log_prob(latents)
        log_prior = model.prior.distribution(batch.labels).log_prob(latents)
        with batch.repeated(self.draws):
            log_likelihood = model.log_likelihood(
                x, tf.transpose(latents, (1, 0, 2)), batch.labels, training
            )
        log_ratio = tf.transpose(log_prior - log_posterior)
        log_weights = log_likelihood + beta * log_ratio
        passage.weights = tf.transpose(tf.nn.softmax(log_weights))[..., None]
        kl, _, *levels = map(_mean_of_draws, kls)
        losses = self._losses(log_weights, log_likelihood, kl)
        return losses | level_names(levels)

    def _losses(self, log_weights, log_likelihood, kl):
        bound = tf.reduce_logsumexp(log_weights, axis=1) - math.log(self.draws)
        reconstruction = -tf.reduce_mean(log_likelihood, axis=1)
        return {
            "loss": -bound,
            "negative_elbo": reconstruction + kl,
            "reconstruction_loss": reconstruction,
            "kl_loss": kl,
        }


@keras.saving.register_keras_serializable(package="tfgen")
class TotalCorrelation(Objective):
    """The bound with a weight on how far latents depend on each other.

    The aggregate posterior q(z) is that of the batch's rows: take large
    batches. It has the gradient of minibatch-weighted sampling, which differs
    by a constant that knows the number of examples.

    Formula: `-log p(x|z) + KL(q(z|x) || p(z)) + (beta - 1) TC`,
        `TC = E[log q(z) - sum_d(log q(z_d))]`, so that of the KL term's three
        parts only the total correlation has the weight beta.

    Logs `total_correlation` in training; `val_loss` is without it.

    Reference:
        Chen et al. (2018), "Isolating sources of disentanglement in
        variational autoencoders", equations 4 and S5.

    Example:
    >>> vae = tfgen.build(
    ...     "vae", input_shape=(5,), objective="total_correlation", beta=6.0
    ... )
    >>> vae.objective.train_only
    ('total_correlation',)
    """

    train_only = ("total_correlation",)
    takes_free_bits = False
    needs_gaussian = True
    is_elbo_at_beta_1 = True
    mixes_rows = True

    def __call__(self, model, batch, beta, training):
        found = model.infer(batch, training)
        losses = found.losses()
        if not training:
            return losses
        joint, marginals = probability.aggregate_log_prob(
            found.posterior, found.latents
        )
        correlation = joint - tf.reduce_sum(marginals, axis=-1)
        loss = losses["loss"] + (beta - 1.0) * correlation
        return losses | {"loss": loss, "total_correlation": correlation}


@keras.saving.register_keras_serializable(package="tfgen")
class MMD(Objective):
    """The bound, and a distance of the aggregate posterior from the prior.

    The maximum mean discrepancy of draws of q(z) and of p(z), the unbiased
    estimate of a batch. With beta 0 it stands in the place of the KL term, as
    in a Wasserstein autoencoder.

    Formula: `-log p(x|z) + beta KL(q(z|x) || p(z)) + weight MMD`,
        `MMD = E[k(z, z') + k(u, u') - 2 k(z, u)]`, z of q and u of p, with
        `k(a, b) = c / (c + |a - b|^2)` or `exp(-|a - b|^2 / c)`,
        `c = 2 latent_dim`.

    Logs `mmd` in training; `val_loss` is without it.

    Args:
        weight: of the discrepancy, which is at most 2, in nats.
        kernel: `"inverse_multiquadric"` or `"gaussian"`.

    Raises:
        ValueError: for another kernel or a negative weight.

    Reference:
        Zhao et al. (2019), "InfoVAE", equation 6; Tolstikhin et al. (2018),
        "Wasserstein auto-encoders", algorithm 2.

    Example:
    >>> vae = tfgen.build(
    ...     "vae", input_shape=(5,), objective=tfgen.losses.MMD(10.0), beta=0.0
    ... )
    >>> vae.objective.get_config()
    {'weight': 10.0, 'kernel': 'inverse_multiquadric'}
    """

    train_only = ("mmd",)
    mixes_rows = True

    def __init__(
        self, weight: float = 100.0, kernel: str = "inverse_multiquadric"
    ):
        if kernel not in KERNELS:
            raise ValueError(
                f"kernel is {kernel!r}, expected one of {', '.join(KERNELS)}."
            )
        if weight < 0.0:
            raise ValueError(f"weight is {weight}, expected 0 or more.")
        self.weight = weight
        self.kernel = kernel

    def __call__(self, model, batch, beta, training):
        found = model.infer(batch, training)
        losses = found.losses(beta)
        if not training:
            return losses
        noise = batch.normal((model.noise_dim,), "latent")
        prior = model.prior.from_normal(noise, batch.labels)
        mmd = self._shares(found.latents, prior)
        loss = losses["loss"] + self.weight * mmd
        return losses | {"loss": loss, "mmd": mmd}

    def _shares(self, latents, prior):
        """Of each row, `(rows,)`, whose mean is the estimate."""
        within = self._values(latents, latents) + self._values(prior, prior)
        across = self._values(latents, prior) + self._values(prior, latents)
        rows = tf.cast(tf.shape(latents)[0], tf.float32)
        # Each row is not to be compared with itself, which gives 1 twice. One
        # row alone has no pair, and so no estimate.
        within = (tf.reduce_sum(within, axis=1) - 2.0) / tf.maximum(rows - 1, 1)
        share = within - tf.reduce_mean(across, axis=1)
        return share * tf.cast(rows > 1, tf.float32)

    def _values(self, a, b):
        """The kernel of all pairs, `(rows of a, rows of b)`."""
        width = 2.0 * a.shape[-1]
        distance = tf.reduce_sum(tf.square(a[:, None] - b), axis=-1)
        if self.kernel == "gaussian":
            return tf.exp(-distance / width)
        return width / (width + distance)


OBJECTIVES = {
    "elbo": ELBO,
    "iwae": IWAE,
    "total_correlation": TotalCorrelation,
    "mmd": MMD,
}
"""By name; a name stands for its class with the defaults."""


def get_objective(
    objective: str | dict | Objective, draws: int | None = None
) -> Objective:
    """An objective from its name, its config or itself.

    Args:
        objective: such as `"iwae"`.
        draws: of each example, for `"iwae"` alone.

    Raises:
        ValueError: for an unknown name, or draws that are taken by none.

    Example:
    >>> tfgen.losses.get_objective("iwae", 5).draws
    5
    """
    if objective == "iwae" and draws is not None:
        return IWAE(draws)
    found = get_part("objective", objective, OBJECTIVES, Objective)
    if draws not in (None, getattr(found, "draws", None)):
        raise ValueError(
            f"objective_draws is {draws}, but the objective is "
            f"{type(found).__name__}: leave it out, or pass "
            "objective='iwae'."
        )
    return found


class _WeightedPassage:
    """Passes values on, and their gradients back times `weights`.

    The weights come of what is computed with the values, so they are known
    once gradients are asked for.
    """

    def __call__(self, values):
        @tf.custom_gradient
        def passed(values):
            return tf.identity(values), lambda upstream: upstream * self.weights

        return passed(values)


def _mean_of_draws(kl):
    """Of a closed form `(rows,)` as it is, of estimates `(draws, rows)`."""
    return kl if len(kl.shape) == 1 else tf.reduce_mean(kl, axis=0)
