"""Variational autoencoder."""

import keras
import tensorflow as tf

from tfgen.models.generative_model import GenerativeModel
from tfgen.models.network_checks import with_labels
from tfgen.models.with_encoder import WithEncoder
from tfgen.probability import Likelihood, Posterior, Prior
from tfgen.training import GlobalBatch


@keras.saving.register_keras_serializable(package="tfgen")
class VAE(WithEncoder, GenerativeModel):
    """Variational autoencoder.

    Trained on the evidence lower bound in nats per example,
    `ELBO(x) = E[log p(x|z)] - KL(q(z|x) || p(z))`, `z ~ q(z|x)`, one draw a
    step. Logs `loss` (with beta and free bits as trained), `negative_elbo`
    (always beta = 1), `reconstruction_loss` and `kl_loss`.

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
        beta: weight of the KL term (Higgins et al., 2017); 1 is the ELBO.
        beta_warmup_steps: steps over which beta rises linearly from 0.
        free_bits: nats a latent dimension that cost nothing.
        num_classes: makes the model class-conditional.
        observation_noise: whether samples are drawn from p(x|z), not its
            mean; default: for tables and points, not for images.
        seed: of all noise in training, from 0 to 2**31 - 1.

    Raises:
        ValueError: if the networks and the likelihood do not fit together.

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
        beta: float = 1.0,
        beta_warmup_steps: int = 0,
        free_bits: float = 0.0,
        num_classes: int | None = None,
        observation_noise: bool | None = None,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(num_classes=num_classes, seed=seed, **kwargs)
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
        if observation_noise is None:
            observation_noise = len(self.data_shape) == 1
        self.observation_noise = observation_noise
        self.make_trackers(
            ("loss", "negative_elbo", "reconstruction_loss", "kl_loss")
        )
        self.built = True

    # The algorithm.

    def train_step(self, data: tuple) -> dict:
        with self.training_batch(data) as batch, tf.GradientTape() as tape:
            losses = self.elbo_losses(batch, self.current_beta(), True)
            loss = batch.mean(losses["loss"]) + self.regularization(self)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.count_step()
        return self.track(batch, losses)

    def test_step(self, data: tuple) -> dict:
        batch = self.evaluation_batch(data)
        return self.track(batch, self.elbo_losses(batch, self.beta, False))

    def elbo_losses(
        self, batch: GlobalBatch, beta: tf.Tensor | float, training: bool
    ) -> dict[str, tf.Tensor]:
        """Loss terms in nats, each of shape `(rows,)`."""
        x = self.likelihood.targets(batch.x, batch)
        posterior = self.posterior(x, batch.labels, training)
        noise = batch.normal((self.latent_dim,), "posterior")
        latents, log_prob = self.draw(posterior, noise)
        parameters = self.decoder(
            with_labels(latents, batch.labels), training=training
        )
        reconstruction = -self.likelihood.log_prob(x, parameters)
        kl, paid = self.kl_terms(posterior, latents, batch.labels, log_prob)
        return {
            "loss": reconstruction + beta * paid,
            "negative_elbo": reconstruction + kl,
            "reconstruction_loss": reconstruction,
            "kl_loss": kl,
        }

    # Files.

    def network_variables(self) -> dict[str, list]:
        return {"vae": self.trainable_variables}
