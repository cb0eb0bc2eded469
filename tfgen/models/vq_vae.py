"""Vector-quantised variational autoencoder."""

import typing

import keras
import numpy as np
import tensorflow as tf

from tfgen import probability
from tfgen.data import Source, checks
from tfgen.models.codebook import Codebook, CodePerplexity, CodesUsed
from tfgen.models.endpoints import Endpoint
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.network_checks import check_vq_vae_parts, with_labels
from tfgen.networks.code_prior import CodePrior
from tfgen.settings.table import check_values
from tfgen.training import GlobalBatch


@keras.saving.register_keras_serializable(package="tfgen")
class VQVAE(GenerativeModel):
    """Vector-quantised variational autoencoder: images as grids of codes.

    The encoder gives a vector at each place of a grid, for which the nearest
    of the codebook's is decoded. Gradients go past the choice as if it were
    none. The prior of the codes is an autoregressive network, trained along
    with the others, whose gradients it does not change.

    Formula: `-log p(x|e) - log p(codes) + commitment sum(|z - e|^2)`, z the
        encoder's vectors and e the nearest of the codebook, which are moving
        averages of the z that are nearest to them.

    Logs `loss`; `negative_elbo`, which is without the last term;
    `reconstruction_loss`, `kl_loss` and `commitment_loss`, its terms;
    `code_perplexity`, how many codes are in use by their entropy, and
    `codes_used`, the share of them that any example has.

    Args:
        encoder: `keras.Model` from x (from `[x, one-hot labels]` if
            conditional) to `(height, width, latent_dim)`.
        decoder: from that (and one-hot labels) to the likelihood's
            parameters.
        code_prior: from codes `(height, width)` (and one-hot labels) to logits
            `(height, width, num_codes)`, each by the codes before it, row by
            row.
        likelihood: a name or a `tfgen.probability.Likelihood`.
        commitment: beta, which keeps the encoder near to the codebook.
        codebook_decay: of the moving averages, for each step.
        num_classes: makes the model class-conditional.
        observation_noise: whether samples are drawn from p(x|e), not its
            mean; default: where the likelihood `is_drawn`.
        seed: of all noise in training, from 0 to 2**31 - 1.

    Raises:
        ValueError: if the networks and the likelihood do not fit together.

    Reference:
        van den Oord et al. (2017), "Neural discrete representation learning".

    Example:
    >>> model = tfgen.build("vq_vae", input_shape=(8, 8, 1), num_codes=16)
    >>> codes = model.encode_codes(np.zeros((3, 8, 8, 1)))
    >>> codes.shape, model.decode_codes(codes).shape
    ((3, 4, 4), (3, 8, 8, 1))
    """

    has_likelihood = True
    trains_bound = True
    optimizer_names = ("vq_vae",)

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        code_prior: keras.Model,
        likelihood: str | probability.Likelihood = "bernoulli",
        *,
        commitment: float = 0.25,
        codebook_decay: float = 0.99,
        num_classes: int | None = None,
        observation_noise: bool | None = None,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(num_classes=num_classes, seed=seed, **kwargs)
        check_values(commitment=commitment, codebook_decay=codebook_decay)
        self.encoder, self.decoder = encoder, decoder
        self.code_prior = code_prior
        self.likelihood = probability.get(likelihood)
        self.commitment = commitment
        self.codebook_decay = codebook_decay
        if observation_noise is None:
            observation_noise = self.likelihood.is_drawn
        self.observation_noise = observation_noise
        self.data_range = self.likelihood.data_range
        self.data_shape, grid = check_vq_vae_parts(
            encoder, decoder, code_prior, self.likelihood, num_classes
        )
        *self.grid, self.latent_dim = grid
        self.num_codes = code_prior.output_shape[-1]
        self.likelihood.set_shape(self.data_shape)
        self.codebook = Codebook(
            self.num_codes, self.latent_dim, codebook_decay
        )
        self.make_trackers(
            (
                *("loss", "negative_elbo", "reconstruction_loss"),
                *("kl_loss", "commitment_loss"),
            )
        )
        for kind, name in (
            (CodePerplexity, "code_perplexity"),
            (CodesUsed, "codes_used"),
        ):
            self.trackers[name] = kind(self.num_codes, name)
        self.built = True

    @property
    def noise_dim(self) -> int:
        """One number for each code that is drawn."""
        return int(np.prod(self.grid))

    @property
    def narrowed_dim(self) -> int:
        return self.noise_dim

    @property
    def latent_words(self) -> str:
        height, width = self.grid
        return f"{height}x{width} of {self.num_codes} codes"

    # The algorithm.

    def train_step(self, data: tuple) -> dict:
        with self.training_batch(data) as batch, tf.GradientTape() as tape:
            found = self.quantized(batch.x, batch.labels, True)
            losses = self.losses_of(batch, found, True)
            loss = batch.mean(losses["loss"]) + self.regularization(self)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.codebook.update(batch, found.z, found.codes, self.seed, self.step)
        self.count_step()
        return self.track(batch, losses)

    def test_step(self, data: tuple) -> dict:
        batch = self.evaluation_batch(data)
        found = self.quantized(batch.x, batch.labels, False)
        return self.track(batch, self.losses_of(batch, found, False))

    def quantized(
        self, x: tf.Tensor, labels: tf.Tensor | None, training: bool
    ) -> "Quantized":
        """What the encoder gives, and the nearest codes, as tensors."""
        z = self.encoder(with_labels(x, labels), training=training)
        z = tf.cast(z, tf.float32)
        codes = self.codebook.nearest(z)
        return Quantized(z, codes, self.codebook.look_up(codes))

    def losses_of(
        self, batch: GlobalBatch, found: "Quantized", training: bool
    ) -> dict[str, tf.Tensor]:
        """Loss terms in nats, `(rows,)`, and counts `(rows, num_codes)`."""
        # Past the choice: the gradient of e is that of z.
        passed = found.z + tf.stop_gradient(found.vectors - found.z)
        x = self.likelihood.targets(batch.x, batch)
        parameters = self.decoder(
            with_labels(passed, batch.labels), training=training
        )
        reconstruction = -self.likelihood.log_prob(x, parameters)
        kl = -self.log_prob_of_codes(found.codes, batch.labels, training)
        distance = tf.square(found.z - tf.stop_gradient(found.vectors))
        distance = tf.reduce_sum(distance, axis=(1, 2, 3))
        counts = tf.reduce_sum(self.codebook.one_hot(found.codes), axis=1)
        bound = reconstruction + kl
        return {
            "loss": bound + self.commitment * distance,
            "negative_elbo": bound,
            "reconstruction_loss": reconstruction,
            "kl_loss": kl,
            "commitment_loss": self.commitment * distance,
            "code_perplexity": counts,
            "codes_used": counts,
        }

    def log_prob_of_codes(
        self,
        codes: tf.Tensor,
        labels: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Nats of the codes under their prior, `(rows,)`, as tensors."""
        logits = self.code_prior(with_labels(codes, labels), training=training)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(
            codes, tf.cast(logits, tf.float32)
        )
        return -tf.reduce_sum(each, axis=(1, 2))

    # Using it.

    def encode_codes(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Codes of examples, int64 `(n, height, width)`.

        Args:
            x: examples `(n, *data_shape)`, or a source of them.
            labels: their classes, for conditional models.
            batch_size: rows at a time.
        """
        found = self._run("encode_codes", batch_size, x=x, label=labels)
        return found["codes"]

    def decode_codes(
        self,
        codes: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Expected data of codes, `(n, *data_shape)`.

        Under a likelihood that `is_drawn`, a draw with the same noise for all
        rows.

        Args:
            codes: whole numbers `(n, height, width)`, below the number of
                codes.
            labels: classes, for conditional models.
            batch_size: rows at a time.

        Raises:
            ValueError: for other shapes or numbers.
        """
        codes = checks.whole_numbers(np.asarray(codes), "codes")
        height, width = self.grid
        if codes.shape[1:] != (height, width) or not np.all(
            (codes >= 0) & (codes < self.num_codes)
        ):
            raise ValueError(
                f"codes has the shape {codes.shape}, expected whole numbers "
                f"from 0 to {self.num_codes - 1} of shape (n, {height}, "
                f"{width})."
            )
        return self._run("decode_codes", batch_size, codes=codes, label=labels)[
            "x"
        ]

    def reconstruct(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """The data decoded from its codes, `(n, *data_shape)`."""
        return self._run("reconstruct", batch_size, x=x, label=labels)["x"]

    def score(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Lower bound of log p(x) in nats, `(n,)`: that by x's codes alone."""
        return self._run("score", batch_size, x=x, label=labels)["score"]

    def call(
        self, inputs: tf.Tensor | list, training: bool = False
    ) -> tf.Tensor:
        """Reconstruction of `x` or `[x, one-hot labels]`, as tensors."""
        x, labels = inputs if self.num_classes else (inputs, None)
        vectors = self.quantized(x, labels, training).vectors
        return self.likelihood.typical(self._decoded(vectors, labels, training))

    def generate(
        self,
        latents: tf.Tensor,
        uniform: tf.Tensor | None,
        labels: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Data of codes that are drawn one after the other.

        The nearer its noise is to 0, the likelier a code is drawn.
        """
        codes = self.drawn_codes(latents, labels)
        parameters = self._decoded(self.codebook.look_up(codes), labels)
        if self.observation_noise:
            return self.likelihood.sample(parameters, uniform)
        return self.likelihood.typical(parameters)

    def drawn_codes(
        self, noise: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Codes of the prior, int32 `(rows, height, width)`, as tensors.

        Args:
            noise: standard normal numbers `(rows, height * width)`.
            labels: one-hot classes, for conditional models.
        """
        # Uniform, and 0 in the middle: codes are tried by their probability.
        quantiles = tf.math.erf(tf.abs(tf.transpose(noise)) / 2.0**0.5)

        def choose(logits, places):
            return _by_probability(logits, tf.gather(quantiles, places))

        rows = tf.shape(noise)[0]
        if isinstance(self.code_prior, CodePrior):
            return self.code_prior.draw(choose, rows, labels)
        return self._drawn_by_passes(choose, rows, labels)

    def _drawn_by_passes(self, choose, rows, labels):
        """Codes of any network, which is asked anew for each place."""
        places = self.noise_dim

        def draw_next(place, codes):
            grid = tf.reshape(codes, (-1, *self.grid))
            logits = self.code_prior(with_labels(grid, labels), training=False)
            logits = tf.reshape(logits, (-1, places, self.num_codes))
            chosen = choose(
                tf.cast(tf.gather(logits, place, axis=1), tf.float32), place
            )
            here = tf.range(places) == place
            return place + 1, tf.where(here, chosen[:, None], codes)

        _, codes = tf.while_loop(
            lambda place, _: place < places,
            draw_next,
            (0, tf.zeros((rows, places), tf.int32)),
            maximum_iterations=places,
        )
        return tf.reshape(codes, (-1, *self.grid))

    # Endpoints.

    def endpoints(self) -> dict[str, Endpoint]:
        codes = keras.KerasTensor((None, *self.grid), "int64")
        own = {
            "encode_codes": (self._encode_codes_endpoint, ("x",)),
            "reconstruct": (self._reconstruct_endpoint, ("x",)),
            "score": (self._score_endpoint, ("x",)),
        }
        return (
            super().endpoints()
            | self.make_endpoints(own)
            | {
                "decode_codes": Endpoint(
                    self._decode_codes_endpoint,
                    {"codes": codes, **self.endpoint_inputs()},
                )
            }
        )

    def _decoded(self, vectors, labels=None, training=False):
        return self.decoder(with_labels(vectors, labels), training=training)

    def _encode_codes_endpoint(self, x, label=None):
        found = self.quantized(x, self._hot(label), False)
        return {"codes": tf.cast(found.codes, tf.int64)}

    def _decode_codes_endpoint(self, codes, label=None):
        vectors = self.codebook.look_up(codes)
        parameters = self._decoded(vectors, self._hot(label))
        return {"x": self.likelihood.typical(parameters)}

    def _reconstruct_endpoint(self, x, label=None):
        labels = self._hot(label)
        vectors = self.quantized(x, labels, False).vectors
        return {"x": self.likelihood.typical(self._decoded(vectors, labels))}

    def _score_endpoint(self, x, label=None):
        labels = self._hot(label)
        found = self.quantized(x, labels, False)
        parameters = self._decoded(found.vectors, labels)
        likelihood = self.likelihood.log_prob(x, parameters)
        kl = -self.log_prob_of_codes(found.codes, labels)
        return {
            "score": likelihood - kl,
            "log_likelihood": likelihood,
            "kl": kl,
        }

    # Files.

    def network_variables(self) -> dict[str, list]:
        return {"vq_vae": self.trainable_variables}


class Quantized(typing.NamedTuple):
    """What is found of examples."""

    z: tf.Tensor
    """The encoder's vectors, `(rows, height, width, latent_dim)`."""
    codes: tf.Tensor
    """The nearest codes, int32 `(rows, height, width)`."""
    vectors: tf.Tensor
    """Those of the codes, as z."""


def _by_probability(logits, quantiles):
    """Codes `(...)` at quantiles of the probabilities, largest first."""
    order = tf.argsort(logits, axis=-1, direction="DESCENDING", stable=True)
    shares = tf.nn.softmax(tf.gather(logits, order, batch_dims=-1))
    ends = tf.cumsum(shares, axis=-1)
    reached = quantiles[..., None] * ends[..., -1:]
    place = tf.reduce_sum(tf.cast(ends < reached, tf.int32), axis=-1)
    return tf.gather(order, place[..., None], batch_dims=-1)[..., 0]
