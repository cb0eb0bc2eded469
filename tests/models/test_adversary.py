"""A discriminator's one pass over all it is shown, against closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen import losses
from tfgen.training import GlobalBatch

RANDOM = np.random.default_rng(0)
DATA = np.float32(RANDOM.normal(size=(11, 3)))
LABELS = RANDOM.integers(0, 2, 11)
HOT = np.eye(2)[LABELS]
RATE = 0.1
dense = keras.layers.Dense


class OwnDense(keras.layers.Dense):
    """Nobody knows that it keeps rows apart."""


class DeclaredDense(keras.layers.Dense):
    mixes_rows = False


class OwnModel(keras.Model):
    """Calls its layers by itself."""


def conditional_gan(penalties):
    z, x, y = keras.Input((2,)), keras.Input((3,)), keras.Input((2,))
    beside = keras.layers.Concatenate()
    fake = keras.layers.Dense(3)(beside([z, y]))
    hidden = keras.layers.Dense(4, "tanh")(beside([x, y]))
    logit = keras.layers.Dense(1)(hidden)
    return tfgen.GAN(
        keras.Model([z, y], fake),
        keras.Model([x, y], logit),
        penalties=penalties,
        num_classes=2,
        average_decay=0.0,
        seed=4,
    )


def logits_and_squared_slopes(x, kernel, bias, last_kernel, last_bias):
    """D = v tanh(W [x, y] + b) + c, so dD/dx = W_x' (v (1 - tanh^2))."""
    hidden = tf.tanh(tf.concat([x, HOT], axis=1) @ kernel + bias)
    logits = (hidden @ last_kernel + last_bias)[:, 0]
    slope = ((1 - hidden**2) * last_kernel[:, 0]) @ tf.transpose(kernel[:3])
    return logits, tf.reduce_sum(slope**2, axis=1)


def after_a_step(weights, fake, each):
    """The discriminator's weights after gradient descent, in float64."""
    weights = [tf.Variable(np.float64(w)) for w in weights]
    with tf.GradientTape() as tape:
        real, at_real = logits_and_squared_slopes(np.float64(DATA), *weights)
        fake, at_fake = logits_and_squared_slopes(fake, *weights)
        loss = tf.reduce_mean(
            tf.nn.softplus(fake - real) + each(at_real, at_fake)
        )
    gradients = tape.gradient(loss, weights)
    return [w - RATE * g for w, g in zip(weights, gradients, strict=True)]


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize(
    "penalties, each",
    [
        (
            [losses.R1(0.3), losses.R2(0.6)],
            lambda real, fake: 0.15 * real + 0.3 * fake,
        ),
        (
            [losses.R1(0.3, every=2), losses.R2(0.6, every=2)],
            lambda real, fake: 0.3 * real + 0.6 * fake,
        ),
        (
            [losses.R1(0.3, every=3), losses.R2(0.6, every=2)],
            lambda real, fake: 0.45 * real + 0.6 * fake,
        ),
        ([losses.R1(0.3)], lambda real, fake: 0.15 * real),
        ([], lambda real, fake: 0.0 * real),
    ],
    ids=["both", "lazy", "lazy apart", "r1", "none"],
)
def test_step(penalties, each, replicas, two_replicas):
    """11 rows of two classes, which two replicas share out unevenly."""
    strategy = two_replicas if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        keras.utils.set_random_seed(1)
        model = conditional_gan(penalties)
    model.compile(keras.optimizers.SGD(RATE))
    before = model.discriminator.get_weights()
    batch = GlobalBatch(tf.constant(DATA), None, 4, tf.constant(0, tf.int64))
    latents = batch.normal((2,), "latent_0").numpy()
    kernel, bias = model.generator.get_weights()
    fake = np.concatenate([latents, HOT], axis=1) @ kernel + bias

    model.fit(tf.data.Dataset.from_tensors((DATA, LABELS)), verbose=0)

    wanted = after_a_step(before, fake, each)
    for now, then in zip(model.discriminator.weights, wanted, strict=True):
        np.testing.assert_allclose(now.numpy(), then, rtol=0, atol=3e-7)


def discriminator(*layers):
    return keras.Sequential([keras.Input((3,)), *layers])


def mean_taken_away():
    x = keras.Input((3,))
    return keras.Model(
        x, keras.layers.Dense(1)(x - keras.ops.mean(x, axis=0, keepdims=True))
    )


def of_its_own():
    x = keras.Input((3,))
    return OwnModel(x, dense(1)(x))


@pytest.mark.parametrize(
    "network, penalties, passes",
    [
        (lambda: discriminator(dense(1)), ["r1", "r2"], [12]),
        (lambda: discriminator(dense(1)), [], [12]),
        (lambda: discriminator(DeclaredDense(1)), [], [12]),
        # Generated examples need no slope.
        (lambda: discriminator(dense(1)), ["r1"], [6, 6]),
        (lambda: discriminator(OwnDense(1)), [], [6, 6]),
        (of_its_own, [], [6, 6]),
        (mean_taken_away, [], [6, 6]),
        (
            lambda: discriminator(tfgen.layers.Dropout(0.5), dense(1)),
            [],
            [6, 6],
        ),
        (
            lambda: discriminator(tfgen.layers.MinibatchStddev(), dense(1)),
            [],
            [6, 6],
        ),
        (lambda: discriminator(tfgen.layers.SpectralDense(1)), [], [6, 6]),
        # Of images operations are large as it is.
        (
            lambda: discriminator(
                keras.layers.Reshape((3, 1)),
                keras.layers.Conv1D(1, 3),
                keras.layers.Flatten(),
            ),
            [],
            [6, 6],
        ),
    ],
)
def test_passes(network, penalties, passes, monkeypatch):
    generator = keras.Sequential([keras.Input((2,)), dense(3)])
    model = tfgen.GAN(generator, network(), penalties=penalties)
    seen = []
    judge = model.adversary.discriminate

    def noted(x, labels, training):
        seen.append(len(x))
        return judge(x, labels, training)

    monkeypatch.setattr(model.adversary, "discriminate", noted)
    x = tf.constant(DATA[:6])
    batch = GlobalBatch(x, None, 0, tf.constant(0, tf.int64))
    model.adversary.criticise(batch, 2.0 * x, training=True)
    assert seen == passes
