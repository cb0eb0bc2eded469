"""The arithmetic of a step by hand, for one device: losses and gradients.

A step takes the networks by name, a batch and `apply(name, gradients,
variables)`, and returns the losses by name.
"""

import functools
import json
import math

import keras
import tensorflow as tf

MIN_SCALE = 1e-3  # of tfgen's Gaussian likelihood
DECAY = 0.999  # of the generator's average
RATIO = 0.5  # of the adversary in a VAE-GAN's gradient


class Networks:
    """The networks of a case, and what is trained besides.

    Args:
        case: the case.
        path: of the networks, as `write_networks` of `of_tfgen` wrote them.
    """

    def __init__(self, case, path):
        by_name = {
            name: keras.models.model_from_json(json.dumps(config))
            for name, config in json.loads(path.read_text()).items()
        }
        self.case = case
        self.encoder = by_name.get("encoder")
        self.decoder = by_name.get("decoder", by_name.get("generator"))
        self.discriminator = by_name.get("discriminator")
        self.raw_scale = keras.Variable(0.0, name="raw_scale")
        self.averages = []
        if case.family != "vae":
            self.averages = [
                (tf.Variable(w.numpy()), w) for w in self.decoder.weights
            ]
        if case.family == "vae_gan":
            self.critic = keras.Model(
                self.discriminator.inputs,
                [
                    self.discriminator.get_layer("features").output,
                    self.discriminator.output,
                ],
            )
        self.latent_dim = self.decoder.input_shape[-1]
        self.step = {"vae": _vae, "gan": _gan, "vae_gan": _vae_gan}[case.family]

    def variables(self):
        """Those that are trained, by the name of their optimizer."""
        decoder = self.decoder.trainable_variables
        if self.case.family == "vae":
            scale = [self.raw_scale] * (self.case.likelihood == "gaussian")
            return {"vae": self.encoder.trainable_variables + decoder + scale}
        adversary = self.discriminator.trainable_variables
        if self.case.family == "gan":
            return {"generator": decoder, "discriminator": adversary}
        encoder = self.encoder.trainable_variables
        names = ("encoder", "decoder", "discriminator")
        return dict(zip(names, (encoder, decoder, adversary), strict=True))

    def take_step(self, x, apply):
        losses = self.step(self, x, apply)
        for average, weight in self.averages:
            average.assign_add((1.0 - DECAY) * (weight.value - average))
        return losses

    @functools.cached_property
    def sample(self):
        """`rows -> examples`, compiled."""

        @tf.function
        def sample(rows):
            outputs = self.decoder(tf.random.normal((rows, self.latent_dim)))
            is_logits = self.case.family != "gan" and self.case.is_image
            return tf.sigmoid(outputs) if is_logits else outputs

        return sample


def _vae(networks, x, apply):
    variables = networks.variables()["vae"]
    with tf.GradientTape() as tape:
        latents, kl = _posterior(networks, x)
        outputs = networks.decoder(latents, training=True)
        reconstruction = tf.reduce_mean(_surprise(networks, x, outputs))
        loss = reconstruction + kl
    apply("vae", tape.gradient(loss, variables), variables)
    return {"loss": loss, "reconstruction_loss": reconstruction, "kl_loss": kl}


def _gan(networks, x, apply):
    variables = networks.variables()
    noise = tf.random.normal((networks.case.batch, networks.latent_dim))
    with tf.GradientTape() as made:
        fake = networks.decoder(noise, training=True)
    discriminator_loss = _update_discriminator(networks, x, [fake], apply)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        loss = _generator_loss(
            *(networks.discriminator(e, training=True) for e in (x, fake))
        )
    # The chain rule by hand: the generator runs once.
    gradients = made.gradient(
        fake, variables["generator"], tape.gradient(loss, fake)
    )
    apply("generator", gradients, variables["generator"])
    return {"generator_loss": loss, "discriminator_loss": discriminator_loss}


def _vae_gan(networks, x, apply):
    """All by gradients at the weights before the step (Larsen et al., 2016)."""
    variables = networks.variables()
    with tf.GradientTape(persistent=True) as made:
        latents, kl = _posterior(networks, x)
        noise = tf.random.normal(tf.shape(latents))
        outputs = [networks.decoder(z, training=True) for z in (latents, noise)]
    with tf.GradientTape(persistent=True) as judged:
        judged.watch(outputs)
        fakes = [tf.sigmoid(output) for output in outputs]
        (features, real), (own, fake), (_, sampled) = (
            networks.critic(each, training=True) for each in (x, *fakes)
        )
        gap = 0.5 * tf.reduce_mean(
            tf.reduce_sum((features - own) ** 2, (1, 2, 3))
        )
        variance = 2.0 * tf.stop_gradient(gap) / math.prod(networks.case.shape)
        likeness = gap / variance
        adversarial = 0.5 * (
            _generator_loss(real, fake) + _generator_loss(real, sampled)
        )
    to_match = judged.gradient(likeness, outputs[0])
    to_fool = judged.gradient(adversarial, outputs)
    weight = RATIO * tf.norm(to_match) / tf.norm(to_fool[0])
    encoder = made.gradient(
        [outputs[0], kl], variables["encoder"], [to_match, tf.constant(1.0)]
    )
    decoder = made.gradient(
        outputs,
        variables["decoder"],
        [to_match + weight * to_fool[0], weight * to_fool[1]],
    )
    loss = _update_discriminator(networks, x, fakes, apply)
    apply("encoder", encoder, variables["encoder"])
    apply("decoder", decoder, variables["decoder"])
    return {
        "feature_loss": gap,
        "kl_loss": kl,
        "generator_loss": adversarial,
        "discriminator_loss": loss,
    }


def _posterior(networks, x):
    """A draw of q(z|x), and the mean of its KL term."""
    mean, log_variance = tf.split(networks.encoder(x, training=True), 2, -1)
    noise = tf.random.normal(tf.shape(mean))
    terms = mean**2 + tf.exp(log_variance) - log_variance - 1.0
    kl = 0.5 * tf.reduce_mean(tf.reduce_sum(terms, -1))
    return mean + tf.exp(0.5 * log_variance) * noise, kl


def _surprise(networks, x, outputs):
    """-log p(x|z) up to a constant, `(rows,)`."""
    axes = list(range(1, len(x.shape)))
    if networks.case.likelihood == "bernoulli":
        each = tf.nn.sigmoid_cross_entropy_with_logits(x, outputs)
    else:
        raw = tf.convert_to_tensor(networks.raw_scale)
        scale = tf.nn.softplus(raw) + MIN_SCALE
        each = 0.5 * ((x - outputs) / scale) ** 2 + tf.math.log(scale)
    return tf.reduce_sum(each, axes)


def _update_discriminator(networks, x, fakes, apply):
    """Relativistic loss with R1 and R2, of one or several kinds of fakes."""
    variables = networks.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        real, slope = _logits_and_slopes(networks.discriminator, x)
        loss, penalty = 0.0, slope
        for fake in fakes:
            logits, slope = _logits_and_slopes(
                networks.discriminator, tf.stop_gradient(fake)
            )
            loss += tf.nn.softplus(logits - real)[:, 0] / len(fakes)
            penalty += slope / len(fakes)
        weight = 0.5 * networks.case.penalty
        total = tf.reduce_mean(loss + weight * penalty)
    apply("discriminator", tape.gradient(total, variables), variables)
    return tf.reduce_mean(loss)


def _logits_and_slopes(discriminator, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = discriminator(x, training=True)
    slope = tape.gradient(logits, x)
    return logits, tf.reduce_sum(slope**2, list(range(1, len(x.shape))))


def _generator_loss(real, fake):
    return tf.reduce_mean(tf.nn.softplus(real - fake))
