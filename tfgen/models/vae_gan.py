"""Variational autoencoder with an adversary."""

import contextlib

import keras
import tensorflow as tf

from tfgen import losses
from tfgen.augmentations import Augmentation, get_augmentation
from tfgen.models import option_checks
from tfgen.models.adversary import Adversary
from tfgen.models.endpoints import Endpoint
from tfgen.models.generative_model import GenerativeModel
from tfgen.models.given_columns import given_loss
from tfgen.models.network_checks import (
    check_discriminator,
    find_data_range,
)
from tfgen.models.shown_data import shown_by
from tfgen.models.vae_gan_passes import Drawn, Judged, Made
from tfgen.models.vae_gan_terms import (
    AdversarialWeight,
    LearnedSimilarity,
    apply_if,
    balanced_updates,
)
from tfgen.models.with_discriminator import (
    ACCURACIES,
    WithDiscriminator,
    average_of,
)
from tfgen.models.with_encoder import WithEncoder
from tfgen.probability import Likelihood, Posterior, Prior
from tfgen.settings.table import check_values

KINDS = ("reconstruction", "sample")
UPDATES = ("decoder_updated", "discriminator_updated")


@keras.saving.register_keras_serializable(package="tfgen")
class VAEGAN(WithEncoder, WithDiscriminator, GenerativeModel):
    """Variational autoencoder whose decoder is a GAN's generator.

    With x~ the reconstruction of x, x' the decoded sample of the prior, R the
    reconstruction loss and A the adversarial loss of x~ and x' (their mean):

        encoder        minimises  R(x, x~) + beta KL
        decoder        minimises  gamma R(x, x~) + lambda A
        discriminator  minimises  its loss on x, x~ and x', plus penalties

    all by gradients at the weights before the step. Of R nothing reaches the
    discriminator, of A nothing the encoder. R is `1/2 ||D_l(x) - D_l(x~)||^2`
    over `feature_variance`, in an inner layer of the discriminator
    (`"larsen"`), or `-log p(x|z)` in the data, so that encoder and decoder
    maximise the evidence lower bound (`"elbo_adversarial"`). The discriminator
    sees the expected data of p(x|z), which is also what is sampled; of a mixed
    table draws, as samples are drawn (`tfgen.models.shown_data`). Its decoder
    may be told columns and learns them as that of a `VAE` (`given_loss`).

    R grows with the number of pixels or features, A does not. So lambda is
    chosen anew at each step: the part of A in the gradient at the decoder's
    outputs has `adversarial_ratio` times the norm of R's part.

    Logs `negative_elbo` (beta = 1), `reconstruction_loss` (of the data) and
    `kl_loss` in nats under both objectives, `feature_loss` (larsen, at a
    variance of 1),
    `generator_loss`, `discriminator_loss`, `real_accuracy`, `fake_accuracy`;
    in training also `gradient_penalty`, a gradient norm for each network,
    `adversarial_weight` (lambda) and `adversarial_gradient_ratio`: at the
    decoder's outputs for reconstructions, the norm of A's part of the gradient
    over that of R's part. Far above 1 the model forgets what it is to
    reconstruct, far below 1 the adversary is as good as absent.

    Args:
        encoder: as for `VAE`.
        decoder: as for `VAE`.
        discriminator: `keras.Model` from data (`[data, one-hot labels]`) to
            one number, a logit.
        likelihood: a name or a `tfgen.probability.Likelihood`; with larsen
            one without a scale to learn.
        objective: `"larsen"` or `"elbo_adversarial"`.
        prior: as for `VAE`; it learns with the encoder, from the KL term.
        posterior: as for `VAE`.
        beta: weight of the KL term.
        beta_warmup_steps: steps over which beta rises linearly from 0.
        free_bits: nats a latent dimension that cost nothing.
        adversarial_ratio: what `adversarial_gradient_ratio` is to be.
        adversarial_weight: a fixed lambda instead.
        adversarial_warmup_steps: steps over which lambda rises linearly from
            0.
        gamma: with larsen and a fixed lambda, weight of R for the decoder.
        feature_variance: with larsen, of the features around those of x~; 1
            in the paper. None: at each step the one that makes the mean of R
            n / 2 nats, for n values of data, as the most likely variance
            would if R were of the data; so the KL term keeps its place
            whatever the features' scale and number.
        feature_layer: name of the discriminator's inner layer l, with larsen;
            default: `"features"`, as networks by name call it.
        balance_gate: with larsen, whether decoder or discriminator skip
            updates while the other is far behind; logs `decoder_updated` and
            `discriminator_updated`, the shares of steps taken.
        loss: a name or a `tfgen.losses.AdversarialLoss`; the paper's is
            `"minimax"`.
        penalties: as for `GAN`.
        augmentation: as for `GAN`; features are those of the data as it is.
        average_decay: of the moving average of the decoder's weights that all
            methods but training use; 0 uses the weights themselves.
        data_range: `(low, high)` of the data, None for real data; default:
            the likelihood's, else by the decoder's last activation.
        num_classes: makes the model class-conditional.
        seed: of all noise in training, from 0 to 2**31 - 1.

    Raises:
        ValueError: if the networks, the likelihood and the objective do not
            fit together.

    Reference:
        Larsen et al. (2016), "Autoencoding beyond pixels using a learned
        similarity metric", algorithm 1. Data and generated examples weigh the
        same, as in the authors' code. Esser et al. (2021), "Taming
        transformers for high-resolution image synthesis", equation 7, for
        lambda (at the decoder's last layer). Rybkin et al. (2021), "Simple and
        effective VAE training with calibrated decoders", equation 4, for the
        variance.

    Example:
    >>> model = tfgen.build("vae_gan", input_shape=(8, 8, 1), latent_dim=4)
    >>> model.reconstruct(model.sample(3, seed=0)).shape
    (3, 8, 8, 1)
    """

    optimizer_names = ("encoder", "decoder", "discriminator")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        likelihood: str | Likelihood = "bernoulli",
        objective: str = "larsen",
        *,
        prior: str | Prior = "standard_normal",
        posterior: str | Posterior = "diagonal",
        beta: float = 1.0,
        beta_warmup_steps: int = 0,
        free_bits: float = 0.0,
        adversarial_ratio: float = option_checks.DEFAULT_RATIO,
        adversarial_weight: float | None = None,
        adversarial_warmup_steps: int = 0,
        gamma: float = 1.0,
        feature_variance: float | None = None,
        feature_layer: str | None = None,
        balance_gate: bool = False,
        loss: str | losses.AdversarialLoss = "relativistic",
        penalties: str | losses.Penalty | list | None = None,
        augmentation: str | Augmentation | None = None,
        average_decay: float = 0.999,
        data_range: tuple[float, float] | str | None = "auto",
        num_classes: int | None = None,
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
        self.discriminator = discriminator
        self.shown = shown_by(
            self.likelihood, self.data_shape, self.given_columns
        )
        self.observation_noise = self.shown.draws
        check_discriminator(discriminator, self.shown.shape, num_classes)
        option_checks.check_augmentation(augmentation, self.data_shape)
        check_values(
            average_decay=average_decay,
            adversarial_ratio=adversarial_ratio,
            adversarial_weight=adversarial_weight,
            adversarial_warmup_steps=adversarial_warmup_steps,
            gamma=gamma,
        )
        option_checks.check_objective(
            objective,
            self.likelihood,
            self.data_shape,
            gamma=gamma,
            feature_layer=feature_layer,
            feature_variance=feature_variance,
            balance_gate=balance_gate,
        )
        option_checks.check_weighing(
            gamma, adversarial_ratio, adversarial_weight
        )
        self.data_range = option_checks.find_range(
            self.likelihood, find_data_range(decoder, "auto"), data_range
        )
        self.set_prior(prior)
        self.objective = objective
        self.adversarial_ratio = adversarial_ratio
        self.adversarial_weight = adversarial_weight
        self.adversarial_warmup_steps = adversarial_warmup_steps
        self._weight = AdversarialWeight(
            adversarial_ratio, adversarial_weight, adversarial_warmup_steps
        )
        self.gamma = gamma
        self.feature_layer = feature_layer
        self.feature_variance = feature_variance
        self.balance_gate = balance_gate
        self._set_adversary(
            Adversary(
                discriminator,
                loss,
                penalties,
                get_augmentation(augmentation, self.data_range),
                self.add_weight,
            )
        )
        option_checks.check_gate(balance_gate, self.adversarial_loss)
        self.similarity = None
        if objective == "larsen":
            self.similarity = LearnedSimilarity(
                discriminator, feature_layer, feature_variance
            )
        self.average_decay = average_decay
        self.average_decoder = average_of(decoder) if average_decay else None
        self._make_trackers()
        self.built = True

    def _make_trackers(self):
        self.make_trackers(
            ("negative_elbo", "reconstruction_loss", "kl_loss")
            + (("feature_loss",) if self.similarity else ())
            + (("given_loss",) if self.given_columns else ())
            + ("generator_loss", "discriminator_loss", *ACCURACIES),
            train_only=(
                "gradient_penalty",
                "adversarial_weight",
                "adversarial_gradient_ratio",
                *(f"{name}_gradient_norm" for name in self.optimizer_names),
            )
            + (("augmentation_probability",) if self._adapts() else ())
            + (UPDATES if self.balance_gate else ()),
        )

    # The algorithm.

    def train_step(self, data: tuple) -> dict:
        """Algorithm 1 of Larsen et al. (2016), its lines in four parts."""
        with self.training_batch(data) as batch:
            drawn = self._draw(batch)
            batch.x = self.shown.real(batch.x)
            judged = self._judge(batch, drawn)
            gradients, weighed = self._chain_rule(batch, drawn, judged)
            gradients["discriminator"], said, critiques = (
                self._discriminator_gradients(batch, *judged.fakes)
            )
            applied = self._apply(batch, critiques, gradients)
            remembered = self._remember(batch, critiques, said)
        self.count_step()
        logs = judged.logs | weighed | said | applied | remembered
        return self.track(batch, logs)

    def test_step(self, data: tuple) -> dict:
        batch = self.evaluation_batch(data)
        made = self._make(batch, contextlib.nullcontext, training=False)
        batch.x = self.shown.real(batch.x)
        fakes, logs = self._terms(batch, made, training=False)
        logs |= self._evaluate_discriminator(batch, *fakes)
        return self.track(batch, logs)

    def _draw(self, batch):
        """Z from Enc(X), X~ from Dec(Z), X_p from Dec(Z_p), and L_prior."""
        with tf.GradientTape(persistent=True) as tape:
            made = self._make(batch, tape.stop_recording, training=True)
            prior = self.current_beta() * batch.mean(made.paid)
            prior += self.regularization(self.encoder)
            added = self.regularization(self.decoder)
            added += sum(map(batch.mean, made.given.values()))
        return Drawn(made, prior, added, tape)

    def _judge(self, batch, drawn):
        """L_llike and L_GAN, as far as encoder and decoder learn from them.

        Both are differentiated down to the decoder's outputs alone: there
        they part, since of L_GAN nothing is for the encoder, and L_llike has
        the weight gamma for the decoder, 1 for the encoder.
        """
        outputs = drawn.made.outputs
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(outputs)
            fakes, logs = self._terms(batch, drawn.made, training=True)
            likeness = self._reconstruction(batch, logs)
            adversarial = batch.mean(logs["generator_loss"])
        return Judged(
            fakes,
            logs,
            to_match=tape.gradient(likeness, outputs[0]),
            to_fool=tape.gradient(
                adversarial,
                outputs,
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
            ),
            to_scale=tape.gradient(
                likeness, self.likelihood.trainable_variables
            ),
        )

    def _chain_rule(self, batch, drawn, judged):
        """Gradients of encoder and decoder, by name, and the weight's logs.

        `L_prior + L_llike` for the encoder, `gamma L_llike - L_GAN` for the
        decoder, with lambda before L_GAN. One pass back through the decoder
        each, from what was found at its outputs.
        """
        to_match = self.gamma * judged.to_match
        weight, logs = self._weight(
            batch, self.step, judged.to_fool[-2], to_match
        )
        to_remake = to_match + weight * judged.to_fool[0]
        to_sample = [weight * each for each in judged.to_fool[1:]]
        (remade, *sampled), one = drawn.made.outputs, tf.constant(1.0)
        encoder = drawn.tape.gradient(
            [remade, drawn.prior],
            self.network_variables()["encoder"],
            [judged.to_match, one],
        )
        decoder = drawn.tape.gradient(
            [remade, *sampled, drawn.added],
            self.decoder.trainable_variables,
            [to_remake, *to_sample, one],
        )
        return {"encoder": encoder, "decoder": decoder + judged.to_scale}, logs

    def _make(self, batch, off_tape, training):
        """What encoder and decoder make of a batch."""
        x = self.likelihood.targets(batch.x, batch)
        posterior = self.posterior(x, batch.labels, training)
        noise = batch.normal((self.latent_dim,), "posterior")
        latents, log_prob = self.draw(posterior, noise)
        kl, paid = self.kl_terms(posterior, latents, batch.labels, log_prob)
        both = zip(KINDS, (latents, self._from_prior(batch)), strict=True)
        with off_tape():
            starts = [
                self.shown.start(self, z, batch, kind, training)
                for kind, z in both
            ]
        inputs, given = [start.inputs for start in starts], {}
        if self.given_columns:
            # The bound is that of a decoder that is told nothing.
            inputs = [self.decoder_inputs(latents, None), *inputs]
            given["given_loss"] = given_loss(
                self, batch, training, weighs=training
            )
        outputs = [
            tf.cast(self.decoder(each, training=training), tf.float32)
            for each in inputs
        ]
        return Made(x, kl, paid, outputs, starts, given)

    def _from_prior(self, batch):
        noise = batch.normal((self.noise_dim,), "latent")
        return tf.stop_gradient(self.prior.from_normal(noise, batch.labels))

    def _terms(self, batch, made, training):
        """X~ and X_p, and terms of encoder and decoder, each `(rows,)`."""
        fakes = [
            self.shown.fake(output, batch, kind, start)
            for output, kind, start in zip(
                made.outputs[-2:], KINDS, made.starts, strict=True
            )
        ]
        likelihood = self.likelihood.log_prob(made.x, made.outputs[0])
        losses = {
            "negative_elbo": made.kl - likelihood,
            "reconstruction_loss": -likelihood,
            "kl_loss": made.kl,
            **made.given,
            **self.adversary.generator_losses(batch, *fakes, training=training),
        }
        if self.similarity:
            losses["feature_loss"] = self.similarity(
                batch.x, fakes[0], batch.labels, training
            )
        return fakes, losses

    def _reconstruction(self, batch, terms):
        """R, this replica's share of its mean over the batch.

        Equation 7 of the paper with larsen; the variance, which is 1 there,
        passes no gradient on.
        """
        if self.similarity is None:
            return batch.mean(terms["reconstruction_loss"])
        gap = terms["feature_loss"]
        return batch.mean(gap) / self.similarity.variance(batch, gap)

    def _apply(self, batch, critiques, gradients):
        """Takes the optimizers' steps, as far as the balance lets them."""
        variables = self.network_variables()
        goes, logs = self._balance(batch, critiques), {}
        for name in self.optimizer_names:
            logs[f"{name}_gradient_norm"] = apply_if(
                goes.get(name),
                self.optimizer,
                name,
                gradients[name],
                variables[name],
            )
        self._update_average(self.average_decoder, self.decoder)
        logs |= {f"{name}_updated": value for name, value in goes.items()}
        return {name: batch.each(value) for name, value in logs.items()}

    def _balance(self, batch, critiques):
        """Which networks may go on, by name; those not named always do."""
        if not self.balance_gate:
            return {}
        real = tf.nn.softplus(-critiques[0].real_logits)
        fake = tf.add_n([tf.nn.softplus(c.fake_logits) for c in critiques])
        decoder, discriminator = balanced_updates(
            batch.global_mean(real), batch.global_mean(fake / len(critiques))
        )
        return {"decoder": decoder, "discriminator": discriminator}

    # Using it.

    def _discriminate_endpoint(self, x, label=None):
        return self.logits_of(self.shown.real(x), self._hot(label))

    @property
    def serving_decoder(self) -> keras.Model:
        return self.average_decoder or self.decoder

    def endpoints(self) -> dict[str, Endpoint]:
        return super().endpoints() | self.discriminator_endpoints()

    def averages(self) -> list[tuple[keras.Model, keras.Model]]:
        if self.average_decoder is None:
            return []
        return [(self.average_decoder, self.decoder)]

    def trained_networks(self) -> tuple[keras.Model, ...]:
        return self.encoder, self.decoder, self.discriminator

    # Files.

    def network_variables(self) -> dict[str, list]:
        likelihood = self.likelihood.trainable_variables
        return {
            "encoder": self.encoder.trainable_variables
            + self.posterior_family.trainable_variables
            + self.prior.trainable_variables,
            "decoder": self.decoder.trainable_variables + likelihood,
            "discriminator": self.discriminator.trainable_variables,
        }

    def recommended_optimizers(self) -> dict:
        return {
            name: keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.99)
            for name in self.optimizer_names
        }
