"""A VAE-GAN's step: which loss reaches which network, weight by weight."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen import losses, probability
from tfgen.models.vae_gan_terms import apply_if
from tfgen.training import GlobalBatch

DATA = np.float32(np.random.default_rng(0).normal(size=(12, 3)))
LATENT, HIDDEN, SEED, RATE = 2, 4, 4, 0.1
NETWORKS = ("encoder", "decoder", "discriminator")
PLAIN = {"loss": "minimax", "penalties": [], "seed": SEED}
FIXED = {"adversarial_weight": 10.0}
layers = keras.layers


def networks(regularizer=None):
    def dense(inputs, hidden, outputs, name):
        return keras.Sequential(
            [
                keras.Input((inputs,)),
                layers.Dense(hidden, "tanh", kernel_regularizer=regularizer),
                layers.Dense(HIDDEN, "tanh", name="features"),
                layers.Dense(outputs),
            ],
            name=name,
        )

    return (
        dense(3, 5, 2 * LATENT, "encoder"),
        dense(LATENT, 6, 3, "decoder"),
        dense(3, 7, 1, "discriminator"),
    )


def larsen(regularizer=None, **options):
    keras.utils.set_random_seed(1)
    return tfgen.VAEGAN(
        *networks(regularizer),
        probability.Gaussian(0.5),
        "larsen",
        **{**PLAIN, **FIXED, "feature_variance": 1.0, **options},
    )


def elbo_adversarial(regularizer=None, **options):
    keras.utils.set_random_seed(1)
    return tfgen.VAEGAN(
        *networks(regularizer),
        probability.Gaussian("learned", initial_scale=0.6),
        "elbo_adversarial",
        **{**PLAIN, **FIXED, **options},
    )


MAKERS = {"larsen": larsen, "elbo_adversarial": elbo_adversarial}


def train(model, rate=RATE):
    # Without compiling: so many small models take longer to compile.
    model.compile(keras.optimizers.SGD(rate), run_eagerly=True)
    data = tf.data.Dataset.from_tensors(DATA)
    return model.fit(data, verbose=0).history


def moved(model):
    """What a step of rate 1 takes off each network's weights, and the logs."""
    before = {n: weights_of(model, n) for n in NETWORKS}
    logs = train(model, rate=1.0)
    after = {n: weights_of(model, n) for n in NETWORKS}
    gradients = {
        n: [a - b for a, b in zip(before[n], after[n], strict=True)]
        for n in NETWORKS
    }
    return gradients, logs


def weights_of(model, name):
    return [v.numpy() for v in model.network_variables()[name]]


def dense_pass(h, weights, features=False):
    """The three layers, written out."""
    h = tf.tanh(h @ weights[0] + weights[1])
    h = tf.tanh(h @ weights[2] + weights[3])
    return h if features else h @ weights[4] + weights[5]


class ByHand:
    """The terms of the paper in plain TensorFlow, as functions of weights."""

    def __init__(self, model):
        self.weights = {
            name: [tf.Variable(w) for w in weights_of(model, name)]
            for name in NETWORKS
        }
        batch = GlobalBatch(
            tf.constant(DATA), None, SEED, tf.constant(0, tf.int64)
        )
        self.noise = batch.normal((LATENT,), "posterior")
        self.latents = batch.normal((LATENT,), "latent")

    def decode(self, latents):
        return dense_pass(latents, self.weights["decoder"][:6])

    def infer(self):
        out = dense_pass(DATA, self.weights["encoder"])
        mean, log_variance = out[:, :LATENT], out[:, LATENT:]
        latents = mean + tf.exp(0.5 * log_variance) * self.noise
        squares = mean**2 + tf.exp(log_variance) - log_variance - 1.0
        return latents, 0.5 * tf.reduce_sum(squares, axis=1)

    def kl(self):
        return tf.reduce_mean(self.infer()[1])

    def feature_loss(self):
        d = self.weights["discriminator"]
        remade = dense_pass(self.decode(self.infer()[0]), d, features=True)
        gap = dense_pass(DATA, d, features=True) - remade
        return 0.5 * tf.reduce_mean(tf.reduce_sum(gap**2, axis=1))

    def negative_log_likelihood(self, min_scale=1e-3):
        raw = self.weights["decoder"][6]
        scale = min_scale + tf.math.log(1.0 + tf.exp(raw))
        error = (DATA - self.decode(self.infer()[0])) / scale
        each = 0.5 * error**2 + tf.math.log(scale) + 0.5 * np.log(2 * np.pi)
        return tf.reduce_mean(tf.reduce_sum(each, axis=1))

    def log_chances(self):
        """Means of log D(x), log(1 - D(x~)) and log(1 - D(x'))."""
        d = self.weights["discriminator"]
        latents, _ = self.infer()
        fakes = self.decode(latents), self.decode(self.latents)
        chances = [tf.sigmoid(dense_pass(x, d)) for x in (DATA, *fakes)]
        return [
            tf.reduce_mean(tf.math.log(c))
            for c in (chances[0], 1 - chances[1], 1 - chances[2])
        ]

    def fooled(self):
        """What the decoder minimises against the discriminator."""
        _, remade, sampled = self.log_chances()
        return 0.5 * (remade + sampled)

    def told(self):
        real, remade, sampled = self.log_chances()
        return -real - 0.5 * (remade + sampled)

    def gradients(self, function, name):
        with tf.GradientTape() as tape:
            value = function()
        gradients = tape.gradient(value, self.weights[name])
        zeros = [np.zeros(w.shape, np.float32) for w in self.weights[name]]
        return [
            z if g is None else g.numpy()
            for g, z in zip(gradients, zeros, strict=True)
        ]


def reconstruction_of(hand, objective):
    if objective == "larsen":
        return hand.feature_loss
    return hand.negative_log_likelihood


def assert_equal(came, wanted):
    for a, b in zip(came, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def assert_zero(gradients):
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.parametrize("objective", MAKERS)
class TestRouting:
    """One term at a time: by rate 1, a step takes off its gradient."""

    def test_all_terms(self, objective):
        gamma = {"gamma": 0.3} if objective == "larsen" else {}
        model = MAKERS[objective](beta=1.7, adversarial_weight=2.5, **gamma)
        hand = ByHand(model)
        reconstruction = reconstruction_of(hand, objective)
        share = gamma.get("gamma", 1.0)
        wanted = {
            "encoder": lambda: reconstruction() + 1.7 * hand.kl(),
            "decoder": lambda: share * reconstruction() + 2.5 * hand.fooled(),
            "discriminator": hand.told,
        }
        gradients, _ = moved(model)
        for name, function in wanted.items():
            by_hand = hand.gradients(function, name)
            if name == "decoder" and objective == "elbo_adversarial":
                # The scale is no weight of the decoder: no share of A.
                assert np.abs(by_hand[-1]).max() > 0
            assert_equal(gradients[name], by_hand)
            assert max(np.abs(g).max() for g in gradients[name]) > 1e-3

    def test_kl_reaches_the_encoder_alone(self, objective):
        """Two models that differ in beta."""
        low, _ = moved(MAKERS[objective](beta=1.0))
        high, _ = moved(MAKERS[objective](beta=3.0))
        hand = ByHand(MAKERS[objective]())
        for name in ("decoder", "discriminator"):
            assert_zero(difference(high[name], low[name]))
        kl = hand.gradients(hand.kl, "encoder")
        assert_equal(
            difference(high["encoder"], low["encoder"]), [2.0 * g for g in kl]
        )

    def test_adversarial_loss_does_not_reach_the_encoder(self, objective):
        none, _ = moved(MAKERS[objective](adversarial_weight=0.0))
        much, _ = moved(MAKERS[objective](adversarial_weight=5.0))
        assert_zero(difference(much["encoder"], none["encoder"]))
        assert_zero(difference(much["discriminator"], none["discriminator"]))
        hand = ByHand(MAKERS[objective]())
        # It would: the reconstruction is made of the encoder's latents.
        felt = hand.gradients(hand.fooled, "encoder")
        assert max(np.abs(g).max() for g in felt) > 1e-4
        fooled = hand.gradients(hand.fooled, "decoder")
        assert_equal(
            difference(much["decoder"], none["decoder"]),
            [5.0 * g for g in fooled],
        )

    def test_reconstruction_does_not_reach_the_discriminator(self, objective):
        model = MAKERS[objective]()
        hand = ByHand(model)
        gradients, _ = moved(model)
        told = hand.gradients(hand.told, "discriminator")
        assert_equal(gradients["discriminator"], told)
        if objective == "larsen":  # it would
            felt = hand.gradients(hand.feature_loss, "discriminator")
            assert max(np.abs(g).max() for g in felt) > 1e-3

    def test_logs(self, objective):
        model = MAKERS[objective](adversarial_weight=2.0)
        hand = ByHand(model)
        reconstruction = reconstruction_of(hand, objective)
        _, logs = moved(model)
        wanted = {
            "kl_loss": hand.kl(),
            "generator_loss": hand.fooled(),
            "discriminator_loss": hand.told(),
            "feature_loss": hand.feature_loss(),
        }
        if objective == "elbo_adversarial":
            del wanted["feature_loss"]
            wanted["negative_elbo"] = reconstruction() + hand.kl()
        for name, value in wanted.items():
            np.testing.assert_allclose(logs[name][0], value, rtol=1e-5)

    def test_ratio_of_gradients_at_the_decoder(self, objective):
        model = MAKERS[objective](adversarial_weight=2.0)
        hand = ByHand(model)
        latents, _ = hand.infer()
        remade = hand.decode(latents)
        norms = []
        for function in (
            lambda: 2.0 * hand.fooled(),
            reconstruction_of(hand, objective),
        ):
            hand.decode = lambda z: remade if z is not hand.latents else z @ W
            with tf.GradientTape() as tape:
                tape.watch(remade)
                value = function()
            norms.append(np.linalg.norm(tape.gradient(value, remade)))
        _, logs = moved(model)
        np.testing.assert_allclose(
            logs["adversarial_gradient_ratio"], norms[0] / norms[1], rtol=1e-4
        )


@pytest.mark.parametrize("objective", MAKERS)
@pytest.mark.parametrize("warmup_steps, share", [(0, 1.0), (4, 0.5)])
def test_weight_that_gives_a_ratio(objective, warmup_steps, share):
    """The ratio at weight 1 tells the weight for a ratio of 0.3."""

    def step(**options):
        model = MAKERS[objective](
            adversarial_warmup_steps=warmup_steps, **options
        )
        model.step.assign(2)
        return moved(model)

    _, logs = step(adversarial_weight=1.0)
    weight = 0.3 / (logs["adversarial_gradient_ratio"][0] / share)
    wanted, _ = step(adversarial_weight=weight)
    came, logs = step(adversarial_weight=None, adversarial_ratio=0.3)
    assert logs["adversarial_weight"][0] == pytest.approx(share * weight)
    ratio = logs["adversarial_gradient_ratio"][0]
    assert ratio == pytest.approx(share * 0.3)
    for name in NETWORKS:
        assert_equal(came[name], wanted[name])


def test_variance_that_follows_the_features():
    """It makes the mean of R 3 / 2 nats; to the gradients it is a constant."""
    model = larsen(feature_variance=None, adversarial_weight=0.0)
    hand = ByHand(model)
    variance = 2.0 * float(hand.feature_loss()) / 3
    gradients, logs = moved(model)
    assert logs["feature_loss"][0] == pytest.approx(hand.feature_loss())
    for name, losses_of in {
        "encoder": lambda: hand.feature_loss() / variance + hand.kl(),
        "decoder": lambda: hand.feature_loss() / variance,
    }.items():
        assert_equal(gradients[name], hand.gradients(losses_of, name))


# Any samples will do where only reconstructions are looked at.
W = np.ones((LATENT, 3), np.float32)


def difference(first, second):
    return [a - b for a, b in zip(first, second, strict=True)]


def test_weight_decay_goes_to_its_network():
    plain, _ = moved(larsen())
    decayed, _ = moved(larsen("l2"))
    for name in NETWORKS:
        kernel = weights_of(larsen(), name)[0]
        added = difference(decayed[name], plain[name])
        np.testing.assert_allclose(added[0], 2 * 0.01 * kernel, atol=2e-6)
        assert max(np.abs(g).max() for g in added[1:]) < 1e-6


def test_two_kinds_of_generated_examples_weigh_as_one():
    """R1 is of data alone and counts once; R2 is the mean of both kinds."""
    model = elbo_adversarial(penalties=[losses.R1(0.3), losses.R2(0.7)])
    hand = ByHand(model)

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = dense_pass(x, hand.weights["discriminator"])
        squares = tf.reduce_sum(tape.gradient(logits, x) ** 2, axis=1)
        return tf.reduce_mean(squares)

    fakes = hand.decode(hand.infer()[0]), hand.decode(hand.latents)
    wanted = 0.15 * slope(tf.constant(DATA)) + 0.35 * (
        0.5 * slope(fakes[0]) + 0.5 * slope(fakes[1])
    )
    _, logs = moved(model)
    np.testing.assert_allclose(logs["gradient_penalty"], wanted, rtol=1e-5)


def test_warm_up_of_the_adversary():
    """No share at the first step, half of it at the third of four."""

    def ratio(step, **options):
        model = larsen(adversarial_weight=2.0, **options)
        model.step.assign(step)  # the noise goes by it too
        return train(model)["adversarial_gradient_ratio"][0]

    assert ratio(0, adversarial_warmup_steps=4) == 0.0
    for step, share in ((2, 0.5), (4, 1.0), (9, 1.0)):
        warmed = ratio(step, adversarial_warmup_steps=4)
        assert warmed == pytest.approx(share * ratio(step), rel=1e-5)


class TestBalanceGate:
    def discriminator_of(self, model, bias):
        """One that gives every example the logit `bias`."""
        kernel, _ = model.discriminator.layers[-1].get_weights()
        layer = model.discriminator.layers[-1]
        layer.set_weights([0.0 * kernel, np.float32([bias])])

    @pytest.mark.parametrize(
        "bias, decoder, discriminator",
        [
            (0.0, 1.0, 1.0),  # both cost log 2: balanced
            # Data costs log(1 + e^-0.5) = 0.47, samples 0.97: in the margin.
            (0.5, 1.0, 1.0),
            # 0.26, too good, and 1.46, too bad: neither would go, so both do.
            (1.2, 1.0, 1.0),
            # 0.34 and 1.24: the decoder waits.
            (0.9, 0.0, 1.0),
            (-0.9, 0.0, 1.0),
        ],
    )
    def test_who_waits(self, bias, decoder, discriminator):
        model = larsen(balance_gate=True)
        self.discriminator_of(model, bias)
        before = {n: weights_of(model, n) for n in NETWORKS}
        logs = train(model)
        assert logs["decoder_updated"] == [decoder]
        assert logs["discriminator_updated"] == [discriminator]
        cost = np.log1p(np.exp(-bias)) + np.log1p(np.exp(bias))
        assert logs["discriminator_loss"][0] == pytest.approx(cost, rel=1e-5)
        for name, goes in (
            ("encoder", 1.0),
            ("decoder", decoder),
            ("discriminator", discriminator),
        ):
            change = difference(weights_of(model, name), before[name])
            # Equal logits tell the decoder nothing, features do.
            assert bool(goes) == any(np.any(c) for c in change), name

    def test_a_good_discriminator_waits(self):
        model = larsen(balance_gate=True)
        # Far apart: data at 3, all that is decoded at 0.
        model.decoder.layers[-1].set_weights(
            [np.zeros((HIDDEN, 3), np.float32), np.zeros(3, np.float32)]
        )
        far = np.full_like(DATA, 3.0)
        features = model.discriminator.layers[1]
        at = [
            keras.ops.convert_to_numpy(
                features(model.discriminator.layers[0](x))
            )[0]
            for x in (far[:1], 0 * far[:1])
        ]
        # The logit is 2 at data and -2 at 0: both cost log(1 + e^-2) = 0.13.
        direction = (at[0] - at[1]) / np.sum((at[0] - at[1]) ** 2)
        model.discriminator.layers[-1].set_weights(
            [
                np.float32(4.0 * direction[:, None]),
                np.float32([2.0 - 4.0 * direction @ at[0]]),
            ]
        )
        model.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
        before = weights_of(model, "discriminator")
        data = tf.data.Dataset.from_tensors(far)
        logs = model.fit(data, verbose=0).history
        cost = 2.0 * np.log1p(np.exp(-2.0))
        assert logs["discriminator_loss"][0] == pytest.approx(cost, rel=1e-3)
        assert logs["discriminator_updated"] == [0.0]
        assert logs["decoder_updated"] == [1.0]
        assert_zero(difference(weights_of(model, "discriminator"), before))

    @pytest.mark.parametrize(
        "replicas", [pytest.param(1, marks=pytest.mark.slow), 2]
    )
    def test_a_step_that_is_undone(self, replicas, request):
        """Momentum and step counts too are those before."""
        strategy = tf.distribute.get_strategy()
        if replicas == 2:
            strategy = request.getfixturevalue("two_replicas")
        with strategy.scope():
            model = larsen()
            model.compile(keras.optimizers.Adam(0.01))
        model.fit(DATA, batch_size=12, verbose=0)
        variables = model.network_variables()["decoder"]
        adam = model.optimizer.by_network["decoder"]
        state = [*variables, *adam.variables]

        @tf.function(autograph=False)
        def step(go):
            def in_replica():
                ones = [tf.ones(v.shape) for v in variables]
                apply_if(go, model.optimizer, "decoder", ones, variables)

            strategy.run(in_replica)

        before = [np.array(v) for v in state]
        step(tf.constant(False))
        for variable, old in zip(state, before, strict=True):
            np.testing.assert_array_equal(np.array(variable), old)
        step(tf.constant(True))
        assert int(adam.iterations.numpy()) == 2
        changed = [
            np.any(np.array(v) != old)
            for v, old in zip(variables, before, strict=False)
        ]
        assert all(changed)


def test_average_decoder():
    """After one step a tenth of the way: d = min(0.9, 1/10) = 0.1."""
    model = larsen(average_decay=0.9)
    before = weights_of(model, "decoder")
    train(model)
    after = weights_of(model, "decoder")
    for average, a, b in zip(
        model.average_decoder.get_weights(), before, after, strict=True
    ):
        np.testing.assert_allclose(average, 0.1 * a + 0.9 * b, atol=1e-6)
    z = np.float32([[0.3, -1.0]])
    wanted = np.asarray(dense_pass(z, model.average_decoder.get_weights()))
    np.testing.assert_allclose(model.decode(z), wanted, atol=1e-6)


def test_all_methods():
    model = elbo_adversarial()
    assert model.encode(DATA).shape == (12, LATENT)
    assert model.decode(model.encode(DATA)).shape == DATA.shape
    assert model.reconstruct(DATA).shape == DATA.shape
    assert model.score(DATA).shape == model.discriminate(DATA).shape == (12,)
    assert model.interpolate(DATA[:2], DATA[2:4], 5).shape == (2, 5, 3)
    assert model.sample(7, seed=0).shape == (7, 3)


class TestRefused:
    @pytest.mark.parametrize(
        "options, message",
        [
            ({"objective": "elbo"}, "expected one of larsen, elbo_adversarial"),
            ({"likelihood": "gaussian"}, "has more to learn"),
            (
                {"likelihood": probability.Gaussian("per_value")},
                "the decoder gives",
            ),
            ({"loss": "hinge", "balance_gate": True}, "looks at cross-entrop"),
            ({"feature_layer": "deep"}, "expected one of .*features"),
            ({"adversarial_weight": -1.0}, "expected a finite number of 0"),
            ({"average_decay": 1.0}, "from 0 to below 1"),
            ({"augmentation": "adaptive"}, "is for images"),
            (
                {"objective": "elbo_adversarial", "gamma": 2.0},
                "gamma=2.0 is for objective='larsen'",
            ),
            ({"gamma": 2.0}, "pass adversarial_weight too"),
            (
                {"adversarial_ratio": 0.2, "adversarial_weight": 2.0},
                "leave out one of them",
            ),
            ({"adversarial_ratio": float("nan")}, "expected a finite number"),
            ({"feature_variance": 0.0}, "expected a number above 0"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_options(self, options, message):
        given = {"likelihood": probability.Gaussian(0.5), **options}
        with pytest.raises(ValueError, match=message):
            tfgen.VAEGAN(*networks(), **given)

    def test_range_other_than_the_likelihood_s(self):
        likelihood = probability.Gaussian(0.5, (-1.0, 1.0))
        with pytest.raises(ValueError, match="is of data in"):
            tfgen.VAEGAN(*networks(), likelihood, data_range=(0.0, 1.0))

    def test_black_and_white(self):
        with pytest.raises(ValueError, match="pass targets='soft'"):
            tfgen.build(
                "vae_gan",
                input_shape=(4, 4, 1),
                network="mlp",
                likelihood=probability.Bernoulli("threshold"),
            )

    def test_a_discriminator_of_other_data(self):
        encoder, decoder, _ = networks()
        other = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        with pytest.raises(ValueError, match="make the two fit"):
            tfgen.VAEGAN(encoder, decoder, other, probability.Gaussian(0.5))
