"""Generative adversarial network."""

import functools
import math
import typing
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen import losses
from tfgen.augmentations import Augmentation, get_augmentation
from tfgen.models.adversary import Adversary
from tfgen.models.endpoints import Endpoint
from tfgen.models.generated_rows import GeneratedRows
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.latents import on_lines, spherical
from tfgen.models.network_checks import (
    check_gan_parts,
    find_data_range,
    with_labels,
)
from tfgen.models.option_checks import (
    check_augmentation,
)
from tfgen.models.row_conditions import RowConditions
from tfgen.models.with_discriminator import (
    ACCURACIES,
    WithDiscriminator,
    average_of,
)
from tfgen.privacy import Privacy
from tfgen.settings.table import check_values


@keras.saving.register_keras_serializable(package="tfgen")
class GAN(WithDiscriminator, GenerativeModel):
    """Generative adversarial network.

    A step updates the discriminator `discriminator_steps` times, then the
    generator, against the discriminator as it is by then and on the latents
    of its last update: their forward pass is made once. All updates of a step
    see the same data, with noise and augmentation of their own. Logs
    `generator_loss`, `discriminator_loss` (without penalties),
    `gradient_penalty` (the weighted sum of penalties), `real_accuracy` and
    `fake_accuracy` (the share of data and of generated examples on the
    discriminator's right side), `generator_gradient_norm` and
    `discriminator_gradient_norm` (Euclidean, over the whole batch), and,
    where they play a part, `condition_loss` (the cross-entropy of conditions,
    in nats), `feature_loss` and `augmentation_probability`.

    Args:
        generator: `keras.Model` from latents (from `[latents, one-hot
            labels]` if conditional) to data.
        discriminator: `keras.Model` from data (`[data, one-hot labels]`) to
            one number, a logit. With packing it takes that many examples,
            and labels, side by side on the last axis.
        loss: a name or a `tfgen.losses.AdversarialLoss`.
        penalties: a name or a `tfgen.losses.Penalty`, or several; default:
            R1 and R2 with the relativistic loss, `gradient_penalty` with
            Wasserstein, else R1.
        discriminator_steps: updates of the discriminator in a step; default:
            5 with Wasserstein, else 1.
        average_decay: of the moving average of the generator's weights that
            `sample`, `decode` and exports use; 0 uses the weights themselves.
        augmentation: of what the discriminator is shown, for few images:
            `"diff_augment"`, `"adaptive"` or a
            `tfgen.augmentations.Augmentation`.
        packing: examples that the discriminator judges together, against
            mode collapse (Lin et al., 2018); each replica's rows are packed
            apart, those left over at the end of a batch are passed over.
        feature_matching: weight of the squared distance between the mean
            features of data and of generated examples, taken before the
            discriminator's last layer (Salimans et al., 2016).
        data_range: `(low, high)` of the data, None for real data; default:
            by the generator's last activation, (-1, 1) for tanh and (0, 1)
            for a sigmoid.
        num_classes: makes the model class-conditional.
        columns: of a mixed table, whose rows the networks give and see as
            `tfgen.models.generated_rows.GeneratedRows` says. A second input
            of both is a condition, where there are no classes.
        privacy: what is promised to each row of the training data, such as
            `"epsilon=3"` or a `tfgen.privacy.Privacy`. The discriminator's
            gradients are clipped row by row and made noisy; the generator
            sees nothing of the data but by it.
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
        generator: keras.Model,
        discriminator: keras.Model,
        loss: str | losses.AdversarialLoss = "relativistic",
        *,
        penalties: str | losses.Penalty | list | None = None,
        discriminator_steps: int | None = None,
        average_decay: float = 0.999,
        augmentation: str | Augmentation | None = None,
        packing: int = 1,
        feature_matching: float = 0.0,
        data_range: tuple[float, float] | str | None = "auto",
        num_classes: int | None = None,
        columns: Sequence[int | str] | None = None,
        privacy: str | dict | Privacy | None = None,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(num_classes=num_classes, seed=seed, **kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.columns = None if columns is None else tuple(columns)
        self.table = None if columns is None else GeneratedRows(columns)
        if discriminator_steps is None:
            discriminator_steps = _recommended_steps(loss)
        check_values(
            discriminator_steps=discriminator_steps,
            packing=packing,
            average_decay=average_decay,
            feature_matching=feature_matching,
        )
        self.data_shape, self.latent_dim = check_gan_parts(
            generator, discriminator, num_classes, packing, self.table
        )
        self.observation_noise = self.table is not None
        self.conditions = None
        if self.table and len(generator.inputs) == 2 and not num_classes:
            self.conditions = RowConditions(self.table, self.add_weight)
        check_augmentation(augmentation, self.data_shape)
        self.data_range = find_data_range(generator, data_range)
        self._set_adversary(
            Adversary(
                discriminator,
                loss,
                penalties,
                get_augmentation(augmentation, self.data_range),
                self.add_weight,
                packing=packing,
                feature_matching=feature_matching,
            )
        )
        self.packing = packing
        self.feature_matching = feature_matching
        self.discriminator_steps = discriminator_steps
        self.average_decay = average_decay
        self.set_privacy(privacy, updates=discriminator_steps)
        self.average_generator = None
        if average_decay:
            self.average_generator = average_of(generator)
        self.make_trackers(
            ("generator_loss", "discriminator_loss", *ACCURACIES)
            + (("condition_loss",) if self.conditions else ()),
            train_only=(
                "gradient_penalty",
                "generator_gradient_norm",
                "discriminator_gradient_norm",
            )
            # Of whole batches, so not of an evaluation, whose are arbitrary.
            + (("feature_loss",) if feature_matching else ())
            + (("augmentation_probability",) if self._adapts() else ()),
        )
        self.built = True

    # The algorithm.

    def train_step(self, data: tuple) -> dict:
        """Algorithm 1 of Goodfellow et al. (2014): k updates, then one."""
        if self.private_training is not None:
            return self._private_step(data)
        with self._batch_of_rows(self.training_batch, data) as batch:
            for update in range(self.discriminator_steps):
                drawn = self._draw(batch, update)
                logs = self._update_discriminator(batch, drawn.fake)
            # What the discriminator saw last, judged by it as it now is.
            logs |= self._update_generator(batch, drawn)
        self._update_average(self.average_generator, self.generator)
        if self.conditions:
            self.conditions.count(batch, self.step)
        self.count_step()
        return self.track(batch, logs)

    def _private_step(self, data):
        """The same, but that the generator's batch is none of the data."""
        network = self.discriminator
        for update in range(self.discriminator_steps):
            gradients = self.private_gradients(
                data,
                network,
                functools.partial(self._private_losses, update=update),
                self._track_private if self._is_last(update) else None,
                update,
            )
            norm = self.optimizer.apply(gradients, network.trainable_variables)
        batch = self.private_training.public_batch(
            self.data_shape, self.num_classes, self.step
        )
        with batch:
            drawn = self._draw(batch, "generator")
            logs = self._update_generator(batch, drawn)
        self._update_average(self.average_generator, self.generator)
        self.count_step()
        logs["discriminator_gradient_norm"] = batch.each(norm)
        return self.track(batch, logs)

    def _private_losses(self, row, update):
        """Terms of the discriminator's loss of one row and one latent."""
        latents = row.normal((self.latent_dim,), f"latent_{update}")
        fake = self._generate(latents, row.labels, training=True)
        critiques = self.adversary.criticise(
            row, tf.stop_gradient(fake), training=True
        )
        terms = self.adversary.discriminator_losses(
            critiques, training=True, step=self.step
        )
        loss = terms["discriminator_loss"] + terms["gradient_penalty"]
        return terms | {"loss": loss}

    def _track_private(self, batch, terms):
        self.track(batch, {k: v for k, v in terms.items() if k != "loss"})

    def _is_last(self, update):
        return update == self.discriminator_steps - 1

    def private_reasons(self) -> list[str]:
        reasons = self.adversary.private_reasons()
        if self.table is not None:
            reasons.append(
                "a GAN of a mixed table is told codes of its rows: take "
                "the model 'vae'"
            )
        return reasons

    def _draw(self, batch, update):
        latents = batch.normal((self.latent_dim,), f"latent_{update}")
        with tf.GradientTape() as tape:
            outputs = self._generate(latents, batch.labels, training=True)
            fake = self._as_seen(outputs, batch, f"codes_{update}")
            added = self.regularization(self.generator)
            logs = self._condition_loss(outputs, batch)
            added += sum(map(batch.mean, logs.values()))
        return _Drawn(fake, added, tape, logs)

    def _update_discriminator(self, batch, fake):
        gradients, logs, critiques = self._discriminator_gradients(
            batch, tf.stop_gradient(fake)
        )
        norm = self.optimizer.apply(
            gradients, self.discriminator.trainable_variables
        )
        logs |= self._remember(batch, critiques, logs)
        return logs | {"discriminator_gradient_norm": batch.each(norm)}

    def _update_generator(self, batch, drawn):
        with tf.GradientTape() as tape:
            tape.watch(drawn.fake)
            logs = self.adversary.generator_losses(
                batch, drawn.fake, training=True
            )
            loss = batch.mean(logs["generator_loss"])
            if self.feature_matching:
                loss += self.feature_matching * batch.mean(logs["feature_loss"])
        # The chain rule by hand: the generator made `fake` before the
        # discriminator's update, and is not run once more.
        variables = self.generator.trainable_variables
        gradients = drawn.tape.gradient(
            [drawn.fake, drawn.added],
            variables,
            output_gradients=[
                tape.gradient(loss, drawn.fake),
                tf.constant(1.0),
            ],
        )
        norm = self.optimizer.apply(gradients, variables)
        logs |= drawn.logs
        return logs | {"generator_gradient_norm": batch.each(norm)}

    def test_step(self, data: tuple) -> dict:
        batch = self._batch_of_rows(self.evaluation_batch, data)
        latents = batch.normal((self.latent_dim,), "latent")
        outputs = self._generate(latents, batch.labels)
        fake = self._as_seen(outputs, batch, "codes")
        return self.track(
            batch,
            self._condition_loss(outputs, batch)
            | self._evaluate_discriminator(batch, fake)
            | self.adversary.generator_losses(batch, fake, training=False),
        )

    # Rows of a mixed table.

    def _batch_of_rows(self, make, data):
        batch = make(data, group_size=self.packing)
        if self.table:
            batch.x = self.table.seen(batch.x)
        if self.conditions:
            batch.labels = self.conditions.of(batch)
        return batch

    def _condition_loss(self, outputs, batch):
        if not self.conditions:
            return {}
        loss = self.conditions.loss(outputs, batch.labels)
        return {"condition_loss": loss}

    def _as_seen(self, outputs, batch, purpose):
        """What the generator gave, as the discriminator sees it."""
        if self.table is None:
            return outputs
        uniform = batch.uniform((self.table.outputs,), purpose)
        return self.table.drawn(outputs, uniform)

    def _generate(self, latents, labels=None, training=False):
        inputs = with_labels(latents, labels)
        return tf.cast(self.generator(inputs, training=training), tf.float32)

    # Using it.

    def decode(
        self,
        latents: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Data of latents, `(n, *data_shape)`."""
        return self._run("decode", batch_size, latent=latents, label=labels)[
            "x"
        ]

    def interpolate(
        self,
        start: np.ndarray,
        end: np.ndarray,
        steps: int = 8,
        labels: np.ndarray | None = None,
    ) -> np.ndarray:
        """Data along the arcs between latents.

        Args:
            start: latents `(n, latent_dim)`.
            end: as many latents.
            steps: points on each arc, both ends included.
            labels: class of each pair, for conditional models.

        Returns:
            float32 `(n, steps, *data_shape)`.
        """
        rows = on_lines("latent", start, end, steps, labels)
        data = self.run_endpoint("interpolate", rows)["x"]
        return data.reshape(-1, steps, *self.data_shape)

    def call(
        self, inputs: tf.Tensor | list, training: bool = False
    ) -> tf.Tensor:
        """Data of latents, or of `[latents, one-hot labels]`, as tensors."""
        latents, labels = inputs if self.num_classes else (inputs, None)
        return self._serve(latents, labels)

    # Endpoints.

    def generate(
        self,
        latents: tf.Tensor,
        uniform: tf.Tensor | None,
        labels: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Data from latents; of a mixed table's rows codes are drawn."""
        if self.conditions:
            latents, own = tf.split(latents, (self.latent_dim, 1), axis=-1)
            own = 0.5 * tf.math.erfc(-own / math.sqrt(2.0))
            labels = self.conditions.at(own)
        return self._serve(latents, labels, uniform)

    def endpoints(self) -> dict[str, Endpoint]:
        own = {
            "decode": (self._decode_endpoint, ("latent",)),
            "interpolate": (
                self._interpolate_endpoint,
                ("latent_start", "latent_end", "weight"),
            ),
        }
        return (
            super().endpoints()
            | self.make_endpoints(own)
            | self.discriminator_endpoints()
        )

    @property
    def noise_dim(self) -> int:
        """One more than latents chooses the condition of a row."""
        return self.latent_dim + (self.conditions is not None)

    def _serve(self, latents, labels, uniform=None):
        network = self.average_generator or self.generator
        if labels is None and self.conditions:
            labels = self.conditions.none(latents)
        inputs = with_labels(latents, labels)
        outputs = tf.cast(network(inputs, training=False), tf.float32)
        if self.table is None:
            return outputs
        return self.table.rows(outputs, uniform)

    def _discriminate_endpoint(self, x, label=None):
        told = self.conditions.none(x) if self.conditions else self._hot(label)
        return self.logits_of(self.table.seen(x) if self.table else x, told)

    def _decode_endpoint(self, latent, label=None):
        return {"x": self._serve(latent, self._hot(label))}

    def _interpolate_endpoint(
        self, latent_start, latent_end, weight, label=None
    ):
        latents = spherical(latent_start, latent_end, weight)
        return {"x": self._serve(latents, self._hot(label))}

    # Files.

    def averages(self) -> list[tuple[keras.Model, keras.Model]]:
        if self.average_generator is None:
            return []
        return [(self.average_generator, self.generator)]

    def trained_networks(self) -> tuple[keras.Model, ...]:
        return self.generator, self.discriminator

    def network_variables(self) -> dict[str, list]:
        return {
            "generator": self.generator.trainable_variables,
            "discriminator": self.discriminator.trainable_variables,
        }

    def recommended_optimizers(self) -> dict:
        return {
            name: keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99)
            for name in self.optimizer_names
        }


def _recommended_steps(loss):
    """A critic must be near its best for its slope to mean a distance."""
    return losses.get_adversarial_loss(loss).discriminator_steps


class _Drawn(typing.NamedTuple):
    fake: tf.Tensor
    """Generated examples."""
    added: tf.Tensor
    """Penalties of the generator's layers, and the loss of conditions."""
    tape: tf.GradientTape
    """From the generator's weights to both."""
    logs: dict[str, tf.Tensor]
    """Losses of conditions, `(rows,)`."""
