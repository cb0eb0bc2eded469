"""Variational autoencoder."""

import keras
import tensorflow as tf

from tfgen import probability
from tfgen.models.endpoint import Endpoint
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.vae_networks import check_vae_parts
from tfgen.training import random

SCORE_DRAWS = 8


@keras.saving.register_keras_serializable(package="tfgen")
class VAE(GenerativeModel):
    """Variational autoencoder with a Gaussian posterior.

    Trained on the evidence lower bound in nats per example,
    `ELBO(x) = E[log p(x|z)] - KL(q(z|x) || p(z))`, `z ~ q(z|x)`, one draw a
    step. Logs `loss` (with beta and free bits as trained), `negative_elbo`
    (always beta = 1), `reconstruction_loss` and `kl_loss`.

    Args:
        encoder: `keras.Model` from x (from `[x, one-hot labels]` if
            conditional) to `2 * latent_dim` numbers, mean and log variance,
            or to the two as a pair.
        decoder: `keras.Model` from latents (`[latents, one-hot labels]`) to
            the likelihood's parameters, in the data's shape.
        likelihood: a name or a `tfgen.probability.Likelihood`.
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

    optimizer_names = ("vae",)

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        *,
        beta=1.0,
        beta_warmup_steps=0,
        free_bits=0.0,
        num_classes=None,
        observation_noise=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(num_classes=num_classes, seed=seed, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = probability.get(likelihood)
        _check_terms(beta, beta_warmup_steps, free_bits)
        self.beta = beta
        self.beta_warmup_steps = beta_warmup_steps
        self.free_bits = free_bits
        self.data_shape, self.latent_dim = check_vae_parts(
            encoder, decoder, self.likelihood, num_classes
        )
        self.data_range = self.likelihood.data_range
        if observation_noise is None:
            observation_noise = len(self.data_shape) == 1
        self.observation_noise = observation_noise
        self.make_trackers(
            ("loss", "negative_elbo", "reconstruction_loss", "kl_loss")
        )
        self.built = True

    # The algorithm.

    def train_step(self, data):
        with self.training_batch(data) as batch, tf.GradientTape() as tape:
            losses = self.elbo_losses(batch, self._current_beta(), True)
            loss = batch.mean(losses["loss"]) + self.regularization(self)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.count_step()
        return self.track(batch, losses)

    def test_step(self, data):
        batch = self.evaluation_batch(data)
        return self.track(batch, self.elbo_losses(batch, self.beta, False))

    def elbo_losses(self, batch, beta, training):
        """Loss terms in nats, each of shape `(rows,)`."""
        x = self.likelihood.targets(batch.x, batch)
        posterior = self.posterior(x, batch.labels, training)
        noise = batch.normal((self.latent_dim,), "posterior")
        latents = _reparameterize(posterior, noise)
        parameters = self._decode(latents, batch.labels, training)
        reconstruction = -self.likelihood.log_prob(x, parameters)
        prior = probability.standard_normal(self.latent_dim)
        kl = probability.kl_divergence(posterior, prior, latents)
        paid = kl
        if self.free_bits:
            paid = probability.kl_divergence(
                posterior, prior, latents, self.free_bits
            )
        return {
            "loss": reconstruction + beta * paid,
            "negative_elbo": reconstruction + kl,
            "reconstruction_loss": reconstruction,
            "kl_loss": kl,
        }

    def posterior(self, x, labels=None, training=False):
        """q(z|x) as a TensorFlow Probability distribution, from tensors."""
        inputs = x if labels is None else [x, labels]
        parameters = self.encoder(inputs, training=training)
        return probability.diagonal_gaussian(parameters)

    def log_likelihood(self, x, latents, labels=None):
        """Nats of p(x|z) for several latents an example, as tensors.

        Args:
            x: `(rows, *data_shape)`.
            latents: `(rows, draws, latent_dim)`.
            labels: one-hot `(rows, num_classes)`, for conditional models.

        Returns:
            float32 `(rows, draws)`.
        """
        shape = tf.shape(latents)
        if labels is not None:
            labels = tf.repeat(labels, shape[1], axis=0)
        flat = tf.reshape(latents, (-1, self.latent_dim))
        parameters = self._decode(flat, labels)
        each = (shape[0], shape[1], *parameters.shape[1:])
        return self.likelihood.log_prob_of_draws(
            x, tf.reshape(parameters, each)
        )

    def _decode(self, latents, labels=None, training=False):
        inputs = latents if labels is None else [latents, labels]
        return self.decoder(inputs, training=training)

    def _current_beta(self):
        if not self.beta_warmup_steps:
            return self.beta
        done = tf.cast(self.step, tf.float32) / self.beta_warmup_steps
        return self.beta * tf.minimum(done, 1.0)

    # Using it.

    def encode(self, x, labels=None, *, batch_size=256):
        """Posterior means of the latents, `(n, latent_dim)`.

        `run_endpoint("encode", ...)` gives the standard deviations too.
        """
        return self._run("encode", batch_size, x=x, label=labels)["mean"]

    def decode(self, latents, labels=None, *, batch_size=256):
        """Expected data of latents, `(n, *data_shape)`."""
        return self._run("decode", batch_size, latent=latents, label=labels)[
            "x"
        ]

    def reconstruct(self, x, labels=None, *, batch_size=256):
        """The data decoded from its posterior mean, `(n, *data_shape)`."""
        return self._run("reconstruct", batch_size, x=x, label=labels)["x"]

    def score(self, x, labels=None, *, batch_size=256):
        """Evidence lower bound of each example in nats, `(n,)`.

        The mean of 8 posterior draws, the same for every example. The higher,
        the more likely under the model. Values are taken as they are: where
        the likelihood binarises in training, pass binary images.
        """
        return self._run("score", batch_size, x=x, label=labels)["score"]

    def interpolate(self, start, end, steps=8, labels=None):
        """Decodes the straight lines between posterior means.

        Args:
            start: examples `(n, *data_shape)`.
            end: as many examples.
            steps: points on each line, both ends included.
            labels: class of each pair, for conditional models.

        Returns:
            float32 `(n, steps, *data_shape)`.
        """
        first = self.encode(start, labels)[:, None]
        last = self.encode(end, labels)[:, None]
        weights = tf.reshape(tf.linspace(0.0, 1.0, steps), (1, steps, 1))
        latents = first + (last - first) * weights.numpy()
        if labels is not None:
            labels = tf.repeat(labels, steps).numpy()
        images = self.decode(latents.reshape(-1, self.latent_dim), labels)
        return images.reshape(len(first), steps, *self.data_shape)

    def call(self, inputs, training=False):
        """Reconstruction of `x` or `[x, one-hot labels]`, as tensors."""
        x, labels = inputs if self.num_classes else (inputs, None)
        latents = self.posterior(x, labels, training).mean()
        return self.likelihood.mean(self._decode(latents, labels, training))

    # Endpoints.

    def generate(self, latents, uniform, labels=None):
        """Data from latents; `uniform` is the noise of p(x|z), or None."""
        parameters = self._decode(latents, labels)
        if self.observation_noise:
            return self.likelihood.sample(parameters, uniform)
        return self.likelihood.mean(parameters)

    def endpoints(self):
        functions = {
            "generate": (self._generate_endpoint, ("seed",)),
            "decode": (self._decode_endpoint, ("latent",)),
            "encode": (self._encode_endpoint, ("x",)),
            "reconstruct": (self._reconstruct_endpoint, ("x",)),
            "score": (self._score_endpoint, ("x",)),
        }
        return {
            name: Endpoint(function, self.endpoint_inputs(*inputs))
            for name, (function, inputs) in functions.items()
        }

    def _generate_endpoint(self, seed, label=None):
        return {"x": self.generate(*self.noise_by_seed(seed), self._hot(label))}

    def _decode_endpoint(self, latent, label=None):
        parameters = self._decode(latent, self._hot(label))
        return {"x": self.likelihood.mean(parameters)}

    def _encode_endpoint(self, x, label=None):
        posterior = self.posterior(x, self._hot(label))
        return {"mean": posterior.mean(), "stddev": posterior.stddev()}

    def _reconstruct_endpoint(self, x, label=None):
        labels = self._hot(label)
        parameters = self._decode(self.posterior(x, labels).mean(), labels)
        return {"x": self.likelihood.mean(parameters)}

    def _score_endpoint(self, x, label=None):
        labels = self._hot(label)
        posterior = self.posterior(x, labels)
        prior = probability.standard_normal(self.latent_dim)
        stream = random.stream(self.seed, "score")
        draws = random.normal_rows(stream, 0, SCORE_DRAWS, (self.latent_dim,))
        likelihood = kl = 0.0
        for noise in tf.unstack(draws, SCORE_DRAWS):
            latents = _reparameterize(posterior, noise)
            parameters = self._decode(latents, labels)
            likelihood += self.likelihood.log_prob(x, parameters) / SCORE_DRAWS
            kl += (
                probability.kl_divergence(posterior, prior, latents)
                / SCORE_DRAWS
            )
        return {
            "score": likelihood - kl,
            "log_likelihood": likelihood,
            "kl": kl,
        }

    # Files.

    def network_variables(self):
        return {"vae": self.trainable_variables}

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "likelihood": serialize(self.likelihood),
            "beta": self.beta,
            "beta_warmup_steps": self.beta_warmup_steps,
            "free_bits": self.free_bits,
            "num_classes": self.num_classes,
            "observation_noise": self.observation_noise,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for key in ("encoder", "decoder", "likelihood"):
            config[key] = keras.saving.deserialize_keras_object(
                config[key], custom_objects=custom_objects
            )
        return cls(**config)


def _check_terms(beta, beta_warmup_steps, free_bits):
    terms = {
        "beta": beta,
        "beta_warmup_steps": beta_warmup_steps,
        "free_bits": free_bits,
    }
    for name, value in terms.items():
        if value < 0:
            raise ValueError(f"{name} is {value}, expected 0 or more.")


def _reparameterize(posterior, noise):
    return posterior.mean() + posterior.stddev() * noise
