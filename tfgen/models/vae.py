"""Variational autoencoder."""

import typing
import warnings
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgen import probability
from tfgen.losses.objectives import Objective, get_objective
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.given_columns import given_loss
from tfgen.models.trimmed_mean import TrimmedMean
from tfgen.models.with_encoder import WithEncoder
from tfgen.privacy import Privacy
from tfgen.probability import Likelihood, Posterior, Prior, latents
from tfgen.probability.levels import in_levels, level_names, level_sizes
from tfgen.settings.table import check_values
from tfgen.training import GlobalBatch


@keras.saving.register_keras_serializable(package="tfgen")
class VAE(WithEncoder, GenerativeModel):
    """Variational autoencoder.

    Trained on the evidence lower bound in nats per example,
    `ELBO(x) = E[log p(x|z)] - KL(q(z|x) || p(z))`, `z ~ q(z|x)`, one draw a
    step, or on another objective near to it. Logs `loss` (as trained, with
    beta and free bits), `negative_elbo` (always the bound at beta = 1),
    `reconstruction_loss` and `kl_loss`, of several levels also the part of
    each, `kl_loss_1` of the top one. The decoder of a table with codes may be
    told columns of a row, `[latents, told]` (`tfgen.build(...,
    given_columns=True)`): then the likelihood of columns given others is
    trained, too, logged as `given_loss`, and `loss` is the sum.

    Args:
        encoder: `keras.Model` from x (from `[x, one-hot labels]` if
            conditional) to the numbers of the posterior: with `"diagonal"`
            `2 * latent_dim`, mean and log variance, or the two as a pair.
        decoder: `keras.Model` from latents (`[latents, one-hot labels]`) to
            the likelihood's parameters, in the data's shape.
        likelihood: a name or a `tfgen.probability.Likelihood`.
        prior: p(z), a name or a `tfgen.probability.Prior`.
        posterior: family of q(z|x), a name or a
            `tfgen.probability.Posterior`.
        latent_dims: sizes of two or more levels of latents, from the top,
            such as `(40, 40)`, in the place of one of `latent_dim`; the
            prior is that of the top level. Latents are those of all levels
            side by side.
        top_down: whether levels below the top are inferred by the prior's
            networks, too (`tfgen.probability.LadderPosterior`).
        objective: what is trained, a name or a `tfgen.losses.Objective`.
        objective_draws: k, draws of each example with `"iwae"`; default: 50.
        beta: weight of the KL term (Higgins et al., 2017); 1 is the ELBO.
        beta_warmup_steps: steps over which beta rises linearly from 0.
        free_bits: nats a latent dimension that cost nothing.
        trim: share of each batch, its rows of the largest loss, that is not
            learned from, from 0 to below 0.5: for training rows among which
            some are odd (`tfgen.models.trimmed_mean`). `trimmed` is logged,
            the share of rows passed over; all other logs are of all rows.
        trim_warmup_steps: steps before which nothing is passed over.
        num_classes: makes the model class-conditional.
        observation_noise: whether samples are drawn from p(x|z), not its
            mean; default: for tables and points, not for images, except
            where the likelihood `is_drawn`.
        privacy: what is promised to each row of the training data, such as
            `"epsilon=3"` or a `tfgen.privacy.Privacy`.
        seed: of all noise in training, from 0 to 2**31 - 1.

    Raises:
        ValueError: if the networks, the densities and the objective do not
            fit together.

    Reference:
        Kingma and Welling (2014), "Auto-encoding variational Bayes".

    Example:
    >>> vae = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=4)
    >>> vae.sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    trains_bound = True
    optimizer_names = ("vae",)

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: str | Likelihood = "bernoulli",
        *,
        prior: str | Prior = "standard_normal",
        posterior: str | Posterior = "diagonal",
        latent_dims: Sequence[int] | str | None = None,
        top_down: bool = False,
        objective: str | Objective = "elbo",
        objective_draws: int | None = None,
        beta: float = 1.0,
        beta_warmup_steps: int = 0,
        free_bits: float = 0.0,
        trim: float = 0.0,
        trim_warmup_steps: int = 0,
        num_classes: int | None = None,
        observation_noise: bool | None = None,
        privacy: str | dict | Privacy | None = None,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(num_classes=num_classes, seed=seed, **kwargs)
        if latent_dims is not None:
            latent_dims = level_sizes(latent_dims)
            posterior, prior = in_levels(
                latent_dims, posterior, prior, top_down
            )
        elif top_down:
            raise ValueError(
                "top_down is True, but the latents have one level: pass "
                "latent_dims, such as (16, 16), with it."
            )
        self.latent_dims = latent_dims
        self.top_down = isinstance(posterior, probability.LadderPosterior)
        self.set_inference(
            encoder,
            decoder,
            likelihood,
            beta,
            beta_warmup_steps,
            free_bits,
            posterior,
        )
        self.data_range = self.likelihood.data_range
        self.set_prior(prior)
        self.objective = get_objective(objective, objective_draws)
        self.objective_draws = objective_draws
        check_values(trim=trim, trim_warmup_steps=trim_warmup_steps)
        self.trim = trim
        self.trim_warmup_steps = trim_warmup_steps
        self._mean = TrimmedMean(trim, trim_warmup_steps)
        self._check_objective()
        if observation_noise is None:
            is_row = len(self.data_shape) == 1
            observation_noise = is_row or self.likelihood.is_drawn
        self.observation_noise = observation_noise
        self.set_privacy(privacy)
        self.make_trackers(
            (
                *("loss", "negative_elbo", "reconstruction_loss", "kl_loss"),
                *level_names(self.latent_dims or ()),
                *(("given_loss",) if self.given_columns else ()),
            ),
            train_only=(
                *self.objective.train_only,
                *(("trimmed",) if self.trim else ()),
            ),
        )
        self.built = True

    # The algorithm.

    def train_step(self, data: tuple) -> dict:
        if self.private_training is not None:
            return self._private_step(data)
        with self.training_batch(data) as batch, tf.GradientTape() as tape:
            losses = self.loss_terms(batch, self.current_beta(), True)
            loss, trimmed = self._mean(batch, losses["loss"], self.step)
            loss += self.regularization(self)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.count_step()
        return self.track(batch, losses | trimmed)

    def _private_step(self, data):
        """The same, by gradients that are clipped row by row, and noise."""
        beta = self.current_beta()
        gradients = self.private_gradients(
            data, self, lambda row: self.loss_terms(row, beta, True), self.track
        )
        self.optimizer.apply(gradients, self.trainable_variables)
        return self.count_step()

    def private_reasons(self) -> list[str]:
        reasons = []
        if self.objective.mixes_rows:
            reasons.append(
                f"the objective {type(self.objective).__name__} compares the "
                "rows of a batch: pass objective='elbo'"
            )
        if self.trim:
            reasons.append(
                f"trim is {self.trim:g}, which compares the rows of a batch: "
                "pass trim=0"
            )
        return reasons

    def test_step(self, data: tuple) -> dict:
        batch = self.evaluation_batch(data)
        return self.track(batch, self.loss_terms(batch, self.beta, False))

    def loss_terms(
        self, batch: GlobalBatch, beta: tf.Tensor | float, training: bool
    ) -> dict[str, tf.Tensor]:
        """The objective's terms, `(rows,)`, and that of given columns."""
        losses = self.objective(self, batch, beta, training)
        if self.given_columns is None:
            return losses
        # With privacy nothing may go by how many rows have a value.
        weighs = training and self.private_training is None
        given = given_loss(self, batch, training, weighs)
        return losses | {"loss": losses["loss"] + given, "given_loss": given}

    def elbo_losses(
        self, batch: GlobalBatch, beta: tf.Tensor | float, training: bool
    ) -> dict[str, tf.Tensor]:
        """Loss terms in nats, each of shape `(rows,)`."""
        return self.infer(batch, training).losses(beta)

    def infer(self, batch: GlobalBatch, training: bool) -> "Inferred":
        """A draw of q(z|x) for each row of a batch, and the bound's terms."""
        x = self.likelihood.targets(batch.x, batch)
        posterior = self.posterior(x, batch.labels, training)
        noise = batch.normal((self.latent_dim,), "posterior")
        latents, log_prob = self.draw(posterior, noise)
        parameters = self.decoder(
            self.decoder_inputs(latents, batch.labels), training=training
        )
        reconstruction = -self.likelihood.log_prob(x, parameters)
        kl, paid, *levels = self.kl_terms(
            posterior, latents, batch.labels, log_prob
        )
        return Inferred(posterior, latents, reconstruction, kl, paid, levels)

    def _check_objective(self):
        name = type(self.objective).__name__
        if self.free_bits and not self.objective.takes_free_bits:
            raise ValueError(
                f"free_bits is {self.free_bits}, but the objective {name} has "
                "no KL term to be paid by latent: pass free_bits=0."
            )
        if self.trim and self.objective.mixes_rows:
            raise ValueError(
                f"trim is {self.trim:g}, but the objective {name} compares "
                "each row with all others of the batch, odd ones too: pass "
                "trim=0 or objective='elbo'."
            )
        if self.objective.is_elbo_at_beta_1 and self.beta == 1:
            warnings.warn(
                f"the objective {name} with beta 1 is the ELBO: pass a larger "
                "beta, such as 6.",
                stacklevel=4,
            )
        family = self.posterior_family
        if self.objective.needs_gaussian and not family.gaussian:
            other = "pass posterior='diagonal' or 'full'"
            raise ValueError(
                f"the objective {name} needs the density of each latent alone, "
                f"which {type(family).__name__} does not give: "
                f"{'leave latent_dims out' if family.latent_dims else other}."
            )

    def check_compile(self, replicas: int, jit_compile: bool) -> None:
        # The shape of what replicas exchange may not change from step to
        # step within one call, and the last batch of an epoch is smaller.
        if replicas > 1 and self.objective.mixes_rows:
            raise ValueError(
                f"the objective {type(self.objective).__name__} compares all "
                f"rows of a batch with each other, but they lie on {replicas} "
                "replicas: train on one device."
            )

    # Files.

    def network_variables(self) -> dict[str, list]:
        return {"vae": self.trainable_variables}


class Inferred(typing.NamedTuple):
    """What a VAE finds of a batch, by one draw of each row."""

    posterior: "latents.Distribution"
    """q(z|x) of each row."""
    latents: tf.Tensor
    """`(rows, latent_dim)`."""
    reconstruction: tf.Tensor
    """-log p(x|z), `(rows,)`, in nats."""
    kl: tf.Tensor
    """KL(q(z|x) || p(z)), `(rows,)`, in nats."""
    paid: tf.Tensor
    """What of `kl` is paid after free bits."""
    levels: Sequence[tf.Tensor] = ()
    """The parts of `kl` of several levels, from the top."""

    def losses(self, beta: tf.Tensor | float = 1.0) -> dict[str, tf.Tensor]:
        """The logs' terms, with the evidence lower bound as the loss."""
        return {
            "loss": self.reconstruction + beta * self.paid,
            "negative_elbo": self.reconstruction + self.kl,
            "reconstruction_loss": self.reconstruction,
            "kl_loss": self.kl,
            **level_names(self.levels),
        }
