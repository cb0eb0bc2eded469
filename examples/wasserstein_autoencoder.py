"""A family of one's own in one file: a Wasserstein autoencoder.

Tolstikhin et al. (2018), "Wasserstein auto-encoders", algorithm 2 (WAE-MMD).
All commands know it by `--plugin`:

    tfgen --plugin wasserstein_autoencoder.py train wae --data digits --out run

In Python it is there once this file is imported.
"""

import keras
import tensorflow as tf

from tfgen import models, networks, probability, settings


@keras.saving.register_keras_serializable(package="examples")
class WAE(models.WithEncoder, models.GenerativeModel):
    """Wasserstein autoencoder with a penalty on the aggregate posterior.

    Loss: `|x - G(z)|^2 + mmd_weight MMD_k(q(z), p(z))`, `z ~ q(z|x)`, with
    the inverse multiquadratics kernel `k(a, b) = C / (C + |a - b|^2)`,
    `C = 2 latent_dim`.

    Args:
        encoder, decoder: networks, to mean and log variance and to data.
        mmd_weight: weight of the penalty, lambda in the paper.
        seed: of all noise in training.
    """

    trains_bound = False
    optimizer_names = ("wae",)

    def __init__(self, encoder, decoder, *, mmd_weight=10.0, seed=0, **kwargs):
        super().__init__(seed=seed, **kwargs)
        data_range = (0.0, 1.0) if len(encoder.input_shape) == 4 else None
        # Scale sqrt(1/2): nats are squared errors, up to a constant.
        squared_error = probability.Gaussian(0.5**0.5, data_range)
        self.set_inference(encoder, decoder, squared_error)
        self.data_range = data_range
        self.mmd_weight = mmd_weight
        self.make_trackers(("loss", "reconstruction_loss", "mmd"))
        self.built = True

    def train_step(self, data):
        with self.training_batch(data) as batch, tf.GradientTape() as tape:
            losses = self.losses_of(batch, training=True)
            loss = batch.mean(losses["loss"]) + self.regularization(self)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.count_step()
        return self.track(batch, losses)

    def test_step(self, data):
        batch = self.evaluation_batch(data)
        return self.track(batch, self.losses_of(batch, training=False))

    def losses_of(self, batch, training):
        posterior = self.posterior(batch.x, None, training)
        noise = batch.normal((self.latent_dim,), "posterior")
        latents = posterior.mean() + posterior.stddev() * noise
        prior = batch.normal((self.latent_dim,), "prior")
        output = self.decoder(latents, training=training)
        axes = list(range(1, len(output.shape)))
        error = tf.reduce_sum(tf.square(batch.x - output), axes)
        mmd = self._mmd(latents, prior)
        loss = error + self.mmd_weight * mmd
        return {"loss": loss, "reconstruction_loss": error, "mmd": mmd}

    def _mmd(self, latents, prior):
        """Each row's share, whose mean is the unbiased estimate."""

        def kernel(a, b):
            distance = tf.square(a[:, None] - b[None])
            constant = 2.0 * self.latent_dim
            return constant / (constant + tf.reduce_sum(distance, -1))

        others = tf.cast(tf.maximum(tf.shape(latents)[0] - 1, 1), tf.float32)
        within = kernel(latents, latents) + kernel(prior, prior)
        within = tf.linalg.set_diag(within, tf.zeros_like(prior[:, 0]))
        between = kernel(prior, latents) + kernel(latents, prior)
        return tf.reduce_sum(within, 1) / others - tf.reduce_mean(between, 1)

    def check_compile(self, replicas, jit_compile):
        if replicas > 1:  # the estimate is of all rows together
            raise ValueError(f"a WAE trains on one device, got {replicas}.")

    def network_variables(self):
        return {"wae": self.trainable_variables}


def make_parts(
    input_shape, *, latent_dim=8, network="mlp", network_options=None
):
    """Encoder and decoder, by name."""
    sizes = networks.divide_options(network, network_options or {})
    last = "sigmoid" if len(input_shape) == 3 else "linear"
    shape, outputs = input_shape, 2 * latent_dim
    return (
        networks.build_encoder(network, shape, outputs, **sizes[0]),
        networks.build_decoder(
            network, shape, latent_dim, None, last, **sizes[1]
        ),
    )


MMD_WEIGHT = settings.Setting(
    "mmd_weight",
    kind=float,
    least=0.0,
    part="wae",
    search=lambda source: settings.Range(1.0, 100.0, 10.0, log=True),
    help="WAE: weight of the penalty on the aggregate posterior [10]",
)
FAMILY = models.Family(
    name="wae", model=WAE, make_parts=make_parts, settings=(MMD_WEIGHT,)
)
models.register_family(FAMILY)
