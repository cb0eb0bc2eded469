"""What models with an encoder, a decoder and a likelihood share."""

import typing
import warnings
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from tfgen import probability
from tfgen.data import Source
from tfgen.models.conditional import draw_columns
from tfgen.models.endpoints import Endpoint
from tfgen.models.given_columns import find_given_columns
from tfgen.models.latents import on_lines, straight
from tfgen.models.network_checks import check_vae_parts, with_labels
from tfgen.models.sampling_where import endpoint_where
from tfgen.models.table_rows import draw_rows
from tfgen.settings.table import check_values
from tfgen.training import random

if typing.TYPE_CHECKING:
    import pandas as pd

SCORE_DRAWS = 8


class WithEncoder:
    """Inference of latents, for a `GenerativeModel` beside it.

    A subclass calls `set_inference` in `__init__`; one that answers by other
    weights than those it trains overrides `serving_decoder`.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(5,), latent_dim=2)
    >>> isinstance(vae, tfgen.models.WithEncoder)
    True
    >>> vae.encode(np.zeros((3, 5))).shape
    (3, 2)
    """

    encodes = True
    has_likelihood = True
    # `posterior` is the method that gives q(z|x).
    config_attributes = {"posterior": "posterior_family"}

    def set_inference(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: str | dict | probability.Likelihood,
        beta: float = 1.0,
        beta_warmup_steps: int = 0,
        free_bits: float = 0.0,
        posterior: str | dict | probability.Posterior = "diagonal",
    ) -> None:
        """Takes the networks and checks that they fit; arguments as of `VAE`.

        Raises:
            ValueError: if the networks and the likelihood do not fit together.
        """
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = probability.get(likelihood)
        check_values(
            beta=beta, beta_warmup_steps=beta_warmup_steps, free_bits=free_bits
        )
        self.beta = beta
        self.beta_warmup_steps = beta_warmup_steps
        self.free_bits = free_bits
        self.posterior_family = probability.get_posterior(posterior)
        self.given_columns = find_given_columns(
            decoder, self.likelihood, self.num_classes
        )
        self.data_shape, self.latent_dim = check_vae_parts(
            encoder,
            decoder,
            self.likelihood,
            self.num_classes,
            self.posterior_family,
            self.given_columns,
        )
        self.likelihood.set_shape(self.data_shape)
        self._check_free_bits(self.posterior_family, "the posterior 'diagonal'")
        self.posterior_family.set_model(self)
        self.set_prior("standard_normal")

    def set_prior(self, prior: str | dict | probability.Prior) -> None:
        """Takes another p(z), once the range of the data is known too.

        Raises:
            ValueError: if it does not fit the free bits.
        """
        self.prior = probability.get_prior(prior)
        self._check_free_bits(self.prior, "the prior 'standard_normal'")
        self.prior.set_model(self)
        if self.posterior_family.slow_density and isinstance(
            self.prior, probability.VampPrior
        ):
            warnings.warn(
                "each step asks the posteriors of all pseudo-inputs of the "
                "VampPrior for the density of each draw, for which "
                f"{type(self.posterior_family).__name__} goes backwards, "
                "latent by latent: it takes many times as long. "
                "posterior='full' or prior='flow' do not.",
                stacklevel=4,
            )

    def _check_free_bits(self, density, other):
        if self.free_bits and not density.independent:
            raise ValueError(
                f"free_bits is {self.free_bits}, which counts nats by latent, "
                f"but under {type(density).__name__} latents depend on each "
                f"other: pass free_bits=0, or {other}."
            )

    @property
    def noise_dim(self) -> int:
        return self.prior.noise_dim

    @property
    def serving_decoder(self) -> keras.Model:
        """The decoder of samples, endpoints and likelihoods."""
        return self.decoder

    # Parts of the algorithms.

    def posterior(
        self,
        x: tf.Tensor,
        labels: tf.Tensor | None = None,
        training: bool = False,
    ) -> "probability.latents.Distribution":
        """q(z|x) as a TensorFlow Probability distribution, from tensors."""
        return self.posterior_family.distribution(
            self.posterior_parameters(x, labels, training)
        )

    def posterior_parameters(
        self,
        x: tf.Tensor,
        labels: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        """What says which posterior is x's: the encoder's output."""
        return self.posterior_family.with_labels(
            self.encoder(with_labels(x, labels), training=training), labels
        )

    def decoder_inputs(
        self, latents: tf.Tensor, labels: tf.Tensor | None
    ) -> tf.Tensor | list[tf.Tensor]:
        """What the decoder takes: latents, and classes or no columns."""
        if self.given_columns is not None:
            labels = self.given_columns.none(tf.shape(latents)[0])
        return with_labels(latents, labels)

    def draw(
        self, posterior: "probability.latents.Distribution", noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws of posteriors, and log q(z|x); see `Posterior.draw`."""
        return self.posterior_family.draw(posterior, noise)

    def kl_terms(
        self,
        posterior: "probability.latents.Distribution",
        latents: tf.Tensor,
        labels: tf.Tensor | None = None,
        log_prob: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, ...]:
        """KL(q(z|x) || p(z)), and what of it is paid after free bits.

        Args:
            posterior: q(z|x).
            latents: its draws.
            labels: one-hot, of conditional models.
            log_prob: log q(z|x) at the draws, where it is known.

        Returns:
            Two tensors `(rows,)`, in nats; where latents lie in levels,
            behind them the first one's parts, one of each level.
        """
        prior = self.prior.distribution(labels)
        levels = probability.latents.kl_by_level(posterior, prior, latents)
        if levels:
            kl = sum(levels)
            return kl, kl, *levels
        kl = probability.kl_divergence(
            posterior, prior, latents, log_prob=log_prob
        )
        if not self.free_bits:
            return kl, kl
        return kl, probability.kl_divergence(
            posterior, prior, latents, self.free_bits
        )

    def current_beta(self) -> tf.Tensor | float:
        """Beta at this step of the warm-up."""
        return warmed_up(self.beta, self.beta_warmup_steps, self.step)

    def log_likelihood(
        self,
        x: tf.Tensor,
        latents: tf.Tensor,
        labels: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Nats of p(x|z) for several latents an example, as tensors.

        Args:
            x: `(rows, *data_shape)`.
            latents: `(rows, draws, latent_dim)`.
            labels: one-hot `(rows, num_classes)`, for conditional models.
            training: whether layers compute as in training.

        Returns:
            float32 `(rows, draws)`.
        """
        shape = tf.shape(latents)
        if labels is not None:
            labels = tf.repeat(labels, shape[1], axis=0)
        flat = tf.reshape(latents, (-1, self.latent_dim))
        parameters = self._serve(flat, labels, training)
        each = (shape[0], shape[1], *parameters.shape[1:])
        return self.likelihood.log_prob_of_draws(
            x, tf.reshape(parameters, each)
        )

    # Using it.

    def encode(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Posterior means of the latents, `(n, latent_dim)`.

        A `tfgen.data.Source` in the place of examples is read like the
        training data; so in the methods below.

        `run_endpoint("encode", ...)` gives the standard deviations too.
        """
        return self._run("encode", batch_size, x=x, label=labels)["mean"]

    def encode_sample(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        seeds: np.ndarray | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Draws of the posterior, one an example: `(n, latent_dim)`.

        Args:
            x: examples `(n, *data_shape)`.
            labels: their classes, for conditional models.
            seeds: an integer each, by which alone its noise goes; without
                them each call draws others.
            batch_size: rows at a time.
        """
        if seeds is None:
            seeds = np.random.default_rng().integers(2**62, size=len(x))
        return self._run(
            "encode_sample", batch_size, x=x, seed=seeds, label=labels
        )["latent"]

    def decode(
        self,
        latents: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Expected data of latents, `(n, *data_shape)`.

        Under a likelihood that `is_drawn`, a draw with the same noise for all
        rows; so in `reconstruct` and `interpolate`.
        """
        return self._run("decode", batch_size, latent=latents, label=labels)[
            "x"
        ]

    def reconstruct(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """The data decoded from its posterior mean, `(n, *data_shape)`."""
        return self._run("reconstruct", batch_size, x=x, label=labels)["x"]

    def score(
        self,
        x: np.ndarray | Source,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Evidence lower bound of each example in nats, `(n,)`.

        The mean of 8 posterior draws, the same for every example. The higher,
        the more likely under the model. Values are taken as they are: where
        the likelihood binarises in training, pass binary images.
        """
        return self._run("score", batch_size, x=x, label=labels)["score"]

    def interpolate(
        self,
        start: np.ndarray | Source,
        end: np.ndarray | Source,
        steps: int = 8,
        labels: np.ndarray | None = None,
    ) -> np.ndarray:
        """Decodes the straight lines between posterior means.

        Args:
            start: examples `(n, *data_shape)`.
            end: as many examples.
            steps: points on each line, both ends included.
            labels: class of each pair, for conditional models; of a source
                they are those of `start`.

        Returns:
            float32 `(n, steps, *data_shape)`.
        """
        if isinstance(start, Source):
            start, found = self.read(start, labels is None).arrays()
            if self.num_classes and labels is None:
                labels = found
        if isinstance(end, Source):
            end = self.read(end, with_classes=False).arrays()[0]
        rows = on_lines("x", start, end, steps, labels)
        data = self.run_endpoint("interpolate", rows)["x"]
        return data.reshape(-1, steps, *self.data_shape)

    def impute(
        self,
        rows: "pd.DataFrame",
        *,
        seed: int = 0,
        on_unknown: str = "refuse",
    ) -> "pd.DataFrame":
        """Draws the missing values of a table given those that are there.

        Of a model with the likelihood `"table"`, trained on a mixed table; of
        columns that had no gaps in training, too. Another seed gives another
        draw: several say how sure one can be.

        Args:
            rows: a frame of pandas or polars with the columns of the training
                data; further ones stay as they are.
            seed: row i depends on (seed, i) alone.
            on_unknown: a text that the training data had not raises
                (`"refuse"`), or stays as it is and is not given to the draws
                of its row (`"flag"`), which is said.

        Returns:
            The frame with its gaps filled, of the same library.

        Raises:
            ValueError: for a model that cannot, and for values that it does
                not know, with row and column.
        """
        # It takes pandas, which `import tfgen` does without.
        from tfgen.data.unknown_values import check_on_unknown
        from tfgen.models.imputation import Imputer

        check_on_unknown(on_unknown)
        kept = getattr(self, "_imputer", None)
        changed = self._traced_for.is_new("impute", self)
        if kept is None or changed or kept.reading is not self.reading:
            self._imputer = kept = Imputer(self)
        return kept.impute_frame(rows, seed, on_unknown == "flag")

    def sample_where(
        self,
        where: str | Mapping[str, typing.Any],
        num_samples: int,
        *,
        seed: int | None = None,
    ) -> "pd.DataFrame":
        """Draws rows of a table that keep conditions.

        Of the models that `impute` is of. Conditions may be on any columns;
        they hold in all rows, since nothing else is drawn. Rules of the table
        hold, too; see `sample_rows`.

        Args:
            where: such as `{"country": "FR", "age": (30, 40), "income":
                None}`: a value, both ends of a range (None for an open one),
                None for a gap; or a text such as
                `"country=FR,age=30..40,income="`.
            num_samples: how many.
            seed: row i depends on (seed, i) alone; without one each call
                gives other rows.

        Returns:
            A pandas frame such as the training data, without its class if
            that is no column.

        Raises:
            ValueError: for a model that cannot, unknown columns and values,
                and ranges outside of the data, with all reasons.
        """
        import pandas as pd

        from tfgen.data.columns import restored

        x, reading = draw_rows(self, num_samples, seed, where=where)
        return pd.DataFrame(restored(reading.columns, x))

    def call(
        self, inputs: tf.Tensor | list, training: bool = False
    ) -> tf.Tensor:
        """Reconstruction of `x` or `[x, one-hot labels]`, as tensors."""
        x, labels = inputs if self.num_classes else (inputs, None)
        latents = self.posterior(x, labels, training).mean()
        return self.likelihood.typical(self._serve(latents, labels, training))

    # Endpoints.

    def generate(
        self,
        latents: tf.Tensor,
        uniform: tf.Tensor | None,
        labels: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Data from the noise of the prior and of p(x|z), which may be None."""
        latents = self.prior.from_normal(latents, labels)
        if self.given_columns is not None and self.observation_noise:
            return draw_columns(self, latents, uniform)
        parameters = self._serve(latents, labels)
        if self.observation_noise:
            return self.likelihood.sample(parameters, uniform)
        return self.likelihood.typical(parameters)

    def endpoints(self) -> dict[str, Endpoint]:
        own = {
            "decode": (self._decode_endpoint, ("latent",)),
            "encode": (self._encode_endpoint, ("x",)),
            "encode_sample": (self._encode_sample_endpoint, ("x", "seed")),
            "reconstruct": (self._reconstruct_endpoint, ("x",)),
            "interpolate": (
                self._interpolate_endpoint,
                ("x_start", "x_end", "weight"),
            ),
            "score": (self._score_endpoint, ("x",)),
        }
        own = self.make_endpoints(own) | endpoint_where(self)
        return super().endpoints() | own

    def _serve(self, latents, labels=None, training=False):
        inputs = self.decoder_inputs(latents, labels)
        return self.serving_decoder(inputs, training=training)

    def _decode_endpoint(self, latent, label=None):
        parameters = self._serve(latent, self._hot(label))
        return {"x": self.likelihood.typical(parameters)}

    def _encode_endpoint(self, x, label=None):
        posterior = self.posterior(x, self._hot(label))
        return {"mean": posterior.mean(), "stddev": posterior.stddev()}

    def _encode_sample_endpoint(self, x, seed, label=None):
        posterior = self.posterior(x, self._hot(label))
        noise = random.normal_by_seed(seed, "posterior", (self.latent_dim,))
        return {"latent": self.draw(posterior, noise)[0]}

    def _reconstruct_endpoint(self, x, label=None):
        labels = self._hot(label)
        parameters = self._serve(self.posterior(x, labels).mean(), labels)
        return {"x": self.likelihood.typical(parameters)}

    def _interpolate_endpoint(self, x_start, x_end, weight, label=None):
        labels = self._hot(label)
        start = self.posterior(x_start, labels).mean()
        end = self.posterior(x_end, labels).mean()
        parameters = self._serve(straight(start, end, weight), labels)
        return {"x": self.likelihood.typical(parameters)}

    def _score_endpoint(self, x, label=None):
        labels = self._hot(label)
        posterior = self.posterior(x, labels)
        prior = self.prior.distribution(labels)

        def terms(noise):
            latents, log_prob = self.draw(posterior, noise)
            parameters = self._serve(latents, labels)
            return (
                self.likelihood.log_prob(x, parameters),
                probability.kl_divergence(
                    posterior, prior, latents, log_prob=log_prob
                ),
            )

        # A loop: decoding all draws at once would take as many times the
        # memory, and a copy of the decoder a draw makes a long graph. Written
        # out for other runtimes: TensorFlow Lite takes the lists of `map_fn`
        # with a known number of rows only, OpenVINO no `noise[draw]`.
        noise = self._score_noise()

        def add(draw, *sums):
            new = terms(tf.gather(noise, draw))
            return draw + 1, *map(tf.add, sums, new)

        zero = tf.zeros(tf.shape(x)[0])
        _, *sums = tf.while_loop(
            lambda draw, *_: draw < SCORE_DRAWS, add, (0, zero, zero)
        )
        likelihood, kl = (total / SCORE_DRAWS for total in sums)
        return {
            "score": likelihood - kl,
            "log_likelihood": likelihood,
            "kl": kl,
        }

    def _score_noise(self):
        """The draws of every score, as a constant in graphs.

        Other runtimes than TensorFlow's have no such random numbers.
        """
        with tf.init_scope():
            stream = random.stream(self.seed, "score")
            draws = random.normal_rows(
                stream, 0, SCORE_DRAWS, (self.latent_dim,)
            )
        return tf.constant(draws.numpy())


def warmed_up(value: float, steps: int, step: tf.Tensor) -> tf.Tensor | float:
    """`value * min(step / steps, 1)`."""
    if not steps:
        return value
    return value * tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
