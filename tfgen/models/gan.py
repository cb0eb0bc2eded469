"""Generative adversarial network."""

import keras
import numpy as np
import tensorflow as tf

from tfgen import losses
from tfgen.models.endpoint import Endpoint
from tfgen.models.gan_networks import check_gan_parts
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.interpolation import spherical
from tfgen.training.average import update_average


@keras.saving.register_keras_serializable(package="tfgen")
class GAN(GenerativeModel):
    """Generative adversarial network.

    A step updates the discriminator `discriminator_steps` times, then the
    generator, against the discriminator as it is by then and on the latents
    of its last update: their forward pass is made once. Logs
    `generator_loss`, `discriminator_loss` (without penalties),
    `gradient_penalty` (the weighted sum of penalties), `real_accuracy` and
    `fake_accuracy` (the share of data and of generated examples on the
    discriminator's right side).

    Args:
        generator: `keras.Model` from latents (from `[latents, one-hot
            labels]` if conditional) to data.
        discriminator: `keras.Model` from data (`[data, one-hot labels]`) to
            one number, a logit.
        loss: a name or a `tfgen.losses.AdversarialLoss`.
        penalties: names or `tfgen.losses.Penalty` objects; default: R1 and
            R2 with the relativistic loss, `gradient_penalty` with
            Wasserstein, else R1.
        discriminator_steps: updates of the discriminator in a step.
        average_decay: of the moving average of the generator's weights that
            `sample`, `decode` and exports use; 0 uses the weights themselves.
        data_range: `(low, high)` of the data, None for real data; default:
            by the generator's last activation, (-1, 1) for tanh and (0, 1)
            for a sigmoid.
        num_classes: makes the model class-conditional.
        seed: of all noise in training, from 0 to 2**31 - 1.

    Raises:
        ValueError: if the networks do not fit together.

    Reference:
        Goodfellow et al. (2014), "Generative adversarial nets", algorithm 1.

    Example:
    >>> gan = tfgen.build("gan", input_shape=(8, 8, 1), latent_dim=4)
    >>> gan.sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    optimizer_names = ("generator", "discriminator")

    def __init__(
        self,
        generator,
        discriminator,
        loss="relativistic",
        *,
        penalties=None,
        discriminator_steps=1,
        average_decay=0.999,
        data_range="auto",
        num_classes=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(num_classes=num_classes, seed=seed, **kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.data_shape, self.latent_dim = check_gan_parts(
            generator, discriminator, num_classes
        )
        self.adversarial_loss = losses.get_adversarial_loss(loss)
        self.penalties = _get_penalties(self.adversarial_loss, penalties)
        if discriminator_steps < 1:
            raise ValueError(
                f"discriminator_steps is {discriminator_steps}, expected 1, "
                "2, 3, ..."
            )
        self.discriminator_steps = discriminator_steps
        if not 0.0 <= average_decay < 1.0:
            raise ValueError(
                f"average_decay is {average_decay}, expected from 0 to below 1."
            )
        self.average_decay = average_decay
        self.average_generator = None
        if average_decay:
            self.average_generator = _copy(generator)
        self.data_range = _data_range(generator, data_range)
        self.make_trackers(
            (
                "generator_loss",
                "discriminator_loss",
                "gradient_penalty",
                "real_accuracy",
                "fake_accuracy",
            )
        )
        self.built = True

    # The algorithm.

    def train_step(self, data):
        batch = self.training_batch(data)
        for update in range(self.discriminator_steps):
            latents = batch.normal((self.latent_dim,), f"latent_{update}")
            with tf.GradientTape() as generator_tape:
                fake = self._generate(latents, batch.labels, training=True)
            logs = self._update_discriminator(batch, tf.stop_gradient(fake))
        logs |= self._update_generator(batch, fake, generator_tape)
        if self.average_generator is not None:
            update_average(
                self.average_generator,
                self.generator,
                self.average_decay,
                self.step,
            )
        self.count_step()
        return self.track(batch, logs)

    def _update_discriminator(self, batch, fake):
        variables = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            logs = self._discriminator_losses(batch, fake, training=True)
            loss = batch.mean(
                logs["discriminator_loss"] + logs["gradient_penalty"]
            )
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return logs

    def _update_generator(self, batch, fake, generator_tape):
        with tf.GradientTape() as tape:
            tape.watch(fake)
            each = self.adversarial_loss.generator_loss(
                self._discriminate(batch.x, batch.labels, training=True),
                self._discriminate(fake, batch.labels, training=True),
            )
            loss = batch.mean(each)
        # The chain rule by hand: the generator has made `fake` once.
        variables = self.generator.trainable_variables
        gradients = generator_tape.gradient(
            fake, variables, output_gradients=tape.gradient(loss, fake)
        )
        self.optimizer.apply(gradients, variables)
        return {"generator_loss": each}

    def _discriminator_losses(self, batch, fake, training):
        def discriminate(x):
            return self._discriminate(x, batch.labels, training)

        real_logits, fake_logits = discriminate(batch.x), discriminate(fake)
        right_on_real, right_on_fake = self.adversarial_loss.accuracies(
            real_logits, fake_logits
        )
        return {
            "discriminator_loss": self.adversarial_loss.discriminator_loss(
                real_logits, fake_logits
            ),
            "gradient_penalty": self._penalty(discriminate, fake, batch)
            if training
            else tf.zeros_like(real_logits),
            "real_accuracy": right_on_real,
            "fake_accuracy": right_on_fake,
        }

    def _penalty(self, discriminate, fake, batch):
        total = tf.zeros(tf.shape(fake)[:1])
        for penalty in self.penalties:
            total += self._lazily(penalty, discriminate, fake, batch)
        return total

    def _lazily(self, penalty, discriminate, fake, batch):
        def value():
            each = penalty(discriminate, batch.x, fake, batch)
            return penalty.weight * penalty.every * each

        if penalty.every == 1:
            return value()
        return tf.cond(
            tf.equal(self.step % penalty.every, 0),
            value,
            lambda: tf.zeros(tf.shape(fake)[:1]),
        )

    def test_step(self, data):
        batch = self.evaluation_batch(data)
        latents = batch.normal((self.latent_dim,), "latent")
        fake = self._generate(latents, batch.labels)
        logs = self._discriminator_losses(batch, fake, training=False)
        logs["generator_loss"] = self.adversarial_loss.generator_loss(
            self._discriminate(batch.x, batch.labels),
            self._discriminate(fake, batch.labels),
        )
        return self.track(batch, logs)

    def _generate(self, latents, labels=None, training=False):
        inputs = latents if labels is None else [latents, labels]
        return tf.cast(self.generator(inputs, training=training), tf.float32)

    def _discriminate(self, x, labels=None, training=False):
        inputs = x if labels is None else [x, labels]
        logits = self.discriminator(inputs, training=training)
        return tf.cast(logits[:, 0], tf.float32)

    # Using it.

    def decode(self, latents, labels=None, *, batch_size=256):
        """Data of latents, `(n, *data_shape)`."""
        return self._run("decode", batch_size, latent=latents, label=labels)[
            "x"
        ]

    def discriminate(self, x, labels=None, *, batch_size=256):
        """The discriminator's logit of each example, `(n,)`.

        With most losses, the higher the more it looks like data.
        """
        return self._run("discriminate", batch_size, x=x, label=labels)["logit"]

    def interpolate(self, start, end, steps=8, labels=None):
        """Data along the arcs between latents.

        Args:
            start: latents `(n, latent_dim)`.
            end: as many latents.
            steps: points on each arc, both ends included.
            labels: class of each pair, for conditional models.

        Returns:
            float32 `(n, steps, *data_shape)`.
        """
        latents = spherical(start, end, steps)
        if labels is not None:
            labels = np.repeat(labels, steps)
        data = self.decode(latents.reshape(-1, self.latent_dim), labels)
        return data.reshape(-1, steps, *self.data_shape)

    def call(self, inputs, training=False):
        """Data of latents, or of `[latents, one-hot labels]`, as tensors."""
        latents, labels = inputs if self.num_classes else (inputs, None)
        return self._serve(latents, labels)

    # Endpoints.

    def generate(self, latents, uniform, labels=None):
        """Data from latents; there is no observation noise."""
        return self._serve(latents, labels)

    def endpoints(self):
        functions = {
            "generate": (self._generate_endpoint, ("seed",)),
            "decode": (self._decode_endpoint, ("latent",)),
            "discriminate": (self._discriminate_endpoint, ("x",)),
        }
        return {
            name: Endpoint(function, self.endpoint_inputs(*inputs))
            for name, (function, inputs) in functions.items()
        }

    def _serve(self, latents, labels):
        network = self.average_generator or self.generator
        inputs = latents if labels is None else [latents, labels]
        return tf.cast(network(inputs, training=False), tf.float32)

    def _generate_endpoint(self, seed, label=None):
        latents, _ = self.noise_by_seed(seed)
        return {"x": self._serve(latents, self._hot(label))}

    def _decode_endpoint(self, latent, label=None):
        return {"x": self._serve(latent, self._hot(label))}

    def _discriminate_endpoint(self, x, label=None):
        logit = self._discriminate(x, self._hot(label))
        return {"logit": logit, "probability": tf.sigmoid(logit)}

    # Files.

    def network_variables(self):
        return {
            "generator": self.generator.trainable_variables,
            "discriminator": self.discriminator.trainable_variables,
        }

    def recommended_optimizers(self):
        return {
            name: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99)
            for name in self.optimizer_names
        }

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "loss": serialize(self.adversarial_loss),
            "penalties": [serialize(penalty) for penalty in self.penalties],
            "discriminator_steps": self.discriminator_steps,
            "average_decay": self.average_decay,
            "data_range": self.data_range,
            "num_classes": self.num_classes,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        def deserialize(part):
            return keras.saving.deserialize_keras_object(
                part, custom_objects=custom_objects
            )

        config = dict(config)
        for key in ("generator", "discriminator", "loss"):
            config[key] = deserialize(config[key])
        config["penalties"] = [deserialize(p) for p in config["penalties"]]
        if config["data_range"] is not None:
            config["data_range"] = tuple(config["data_range"])
        return cls(**config)


def _get_penalties(loss, penalties):
    if penalties is not None:
        return [losses.get_penalty(penalty) for penalty in penalties]
    if isinstance(loss, losses.Relativistic):
        return [losses.R1(0.1), losses.R2(0.1)]
    if isinstance(loss, losses.Wasserstein):
        return [losses.GradientPenalty()]
    return [losses.R1(0.1)]


def _copy(network):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def _data_range(generator, data_range):
    if data_range != "auto":
        return None if data_range is None else tuple(map(float, data_range))
    activation = getattr(generator.layers[-1], "activation", None)
    if activation is keras.activations.tanh:
        return (-1.0, 1.0)
    if activation is keras.activations.sigmoid:
        return (0.0, 1.0)
    return None
