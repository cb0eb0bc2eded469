"""What a VAE-GAN's discriminator is shown of a mixed table."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.data.table_parts import TableParts
from tfgen.models.given_columns import GivenColumns, given_loss
from tfgen.models.shown_data import DrawnRows, RowsInTurns, ShownData, shown_by
from tfgen.probability import Gaussian, Table
from tfgen.training import GlobalBatch

TEMPERATURE = 0.2  # as in CTGAN
COLUMNS = ("number", 3, "number or 1")
# Two components: their middles lie at -1.5 and 1.5, their scales are at least
# 0.01. Codes stand by how many there are.
WEIGHTS = np.log([[0.8, 0.2], [0.4, 0.6]])
MEANS = np.array([[-2.0, 3.0], [0.5, 1.0]])
RAW = np.array([[-1.0, 0.3], [0.2, -0.6]])
SCALES = 0.01 + np.log1p(np.exp(RAW))
THREE, TWO = np.log([0.7, 0.2, 0.1]), np.log([0.75, 0.25])
OUTPUTS = np.concatenate(
    [WEIGHTS.ravel(), (MEANS - [-1.5, 1.5]).ravel(), RAW.ravel(), THREE, TWO]
)


@pytest.fixture(scope="module")
def rows():
    return DrawnRows(Table(COLUMNS, components=2), 4)


class Batch:
    """Noise that is given."""

    def __init__(self, uniform, normal):
        self._uniform, self._normal = np.float32(uniform), np.float32(normal)

    def uniform(self, shape, purpose):
        assert self._uniform.shape[1:] == shape
        return tf.constant(self._uniform)

    def normal(self, shape, purpose):
        assert self._normal.shape[1:] == shape
        return tf.constant(self._normal)


# Of two components each, of three codes, of two.
UNIFORM = np.array([[0.3, 0.8, 0.7, 0.2, 0.1, 0.9, 0.5, 0.6, 0.7]])
NORMAL = np.array([[0.5, -2.0]])


def noisy(logits, start):
    """Of a part of `OUTPUTS`, by its own noise: `UNIFORM` from `start` on."""
    own = UNIFORM[0, start : start + len(logits)]
    return logits - np.log(-np.log(own))


def softmax(logits):
    each = np.exp((logits - logits.max()) / TEMPERATURE)
    return each / each.sum()


def test_a_draw(rows):
    """The second component, its number; the second code; code 0 beside."""
    assert rows.shape == (7,)
    picked = [
        noisy(part, start).argmax()
        for part, start in (
            (WEIGHTS[0], 0),
            (WEIGHTS[1], 2),
            (THREE, 4),
            (TWO, 7),
        )
    ]
    assert picked == [1, 0, 1, 0]
    first = MEANS[0, 1] + 0.5 * SCALES[0, 1]
    second = MEANS[1, 0] - 2.0 * SCALES[1, 0]
    np.testing.assert_allclose(
        rows.fake(tf.constant(OUTPUTS[None], "float32"), noise(), "x", None),
        [[first, second, 0, 1, 0, 1, 0]],
        rtol=1e-5,
        atol=1e-6,
    )


def noise():
    return Batch(UNIFORM, NORMAL)


def test_numbers_that_do_not_count_are_0(rows):
    outputs = OUTPUTS.copy()
    outputs[-1] = 9.0
    drawn = rows.fake(tf.constant(outputs[None], "float32"), noise(), "x", None)
    found = drawn.numpy()[0, [1, 5, 6]]
    np.testing.assert_allclose(found, [0, 0, 1], atol=1e-6)


def slopes(rows, of):
    """Gradient of one number of what is shown, by the outputs."""
    given = tf.constant(OUTPUTS[None], "float32")
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = rows.fake(given, noise(), "x", None)[0, of]
    return tape.gradient(value, given).numpy()[0]


def by_differences(function, logits, step=1e-6):
    return [
        (function(logits + step * e) - function(logits - step * e)) / 2 / step
        for e in np.eye(len(logits))
    ]


def test_codes_have_the_gradient_of_the_relaxed_draw(rows):
    wanted = by_differences(lambda x: softmax(noisy(x, 4))[1], THREE)
    found = slopes(rows, of=3)
    np.testing.assert_allclose(found[12:15], wanted, rtol=1e-3)
    np.testing.assert_array_equal(found[:12], 0)


def test_numbers_have_the_gradient_of_component_mean_and_scale(rows):
    found = slopes(rows, of=0)
    values = MEANS[0] + 0.5 * SCALES[0]
    wanted = by_differences(lambda x: softmax(noisy(x, 0)) @ values, WEIGHTS[0])
    np.testing.assert_allclose(found[:2], wanted, rtol=1e-3)
    sigmoid = 1 / (1 + np.exp(-RAW[0, 1]))
    np.testing.assert_allclose(found[4:6], [0, 1], atol=1e-6)
    np.testing.assert_allclose(found[8:10], [0, 0.5 * sigmoid], atol=1e-6)


def test_draws_have_the_shares_and_moments_of_the_mixture(rows):
    """10^5 draws: shares within .005, moments within .03."""
    x = np.zeros((100_000, rows.shape[0]), "float32")
    batch = GlobalBatch(x, None, seed=0, step=0)
    outputs = tf.constant(np.tile(OUTPUTS, (100_000, 1)), "float32")
    drawn = rows.fake(outputs, batch, "x", None).numpy().astype(float)
    shares = [0.7, 0.2, 0.1, 0.75, 0.25]
    np.testing.assert_allclose(drawn[:, 2:].mean(axis=0), shares, atol=5e-3)
    counts = drawn[:, 5] > 0.5
    for number, some in enumerate((slice(None), counts)):
        weights = np.exp(WEIGHTS[number])
        mean = weights @ MEANS[number]
        square = weights @ (MEANS[number] ** 2 + SCALES[number] ** 2)
        values = drawn[some, number]
        assert values.mean() == pytest.approx(mean, abs=0.03)
        assert values.std() == pytest.approx(
            np.sqrt(square - mean**2), abs=0.03
        )
    # One noise for all columns would tie the codes of a row to each other.
    both = np.mean(drawn[:, 2] * drawn[:, 5])
    assert both == pytest.approx(0.7 * 0.75, abs=5e-3)


def test_other_likelihoods_show_what_they_expect():
    shown = shown_by(Gaussian(), (3,))
    assert type(shown) is ShownData and shown.shape == (3,)
    x = tf.ones((2, 3))
    for same in (shown.fake(x, None, "x", None), shown.real(x)):
        np.testing.assert_array_equal(same, x)


def test_a_table_of_numbers_is_drawn():
    """Of one component each, scale log 2 + 0.01 and mean 1."""
    shown = shown_by(Table(components=1), (2,))
    assert type(shown) is DrawnRows and shown.shape == (2,)
    outputs = np.float32([[0, 0, 1, 1, 0, 0]])
    drawn = shown.fake(outputs, Batch([[0.3, 0.3]], NORMAL), "x", None)
    scale = np.log(2) + 0.01
    wanted = [[1 + 0.5 * scale, 1 - 2 * scale]]
    np.testing.assert_allclose(drawn, wanted, rtol=1e-5)


def small(**options):
    given = {
        "columns": COLUMNS,
        "network_options": {"units": (6,)},
        "latent_dim": 2,
        "seed": 4,
        "loss": "non_saturating",
        "penalties": [],
        "average_decay": 0.0,
    }
    return tfgen.build("vae_gan", input_shape=(4,), **{**given, **options})


X = np.float32([[0.5, 2, -1.5, 0], [1, 0, 0, 1], [2, 1, 1, 0], [0, 2, 2, 0]])


def after_a_step(**options):
    """A model, what a step of rate 1 took off each network, and the logs."""
    model = small(**options)
    before = {n: weights_of(model, n) for n in model.optimizer_names}
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    data = tf.data.Dataset.from_tensors(X)
    logs = model.fit(data, verbose=0, shuffle=False).history
    taken = {
        n: [a - b for a, b in zip(before[n], weights_of(model, n), strict=True)]
        for n in before
    }
    return taken, logs


def weights_of(model, name):
    return [v.numpy() for v in model.network_variables()[name]]


@pytest.mark.parametrize("told", [False, True])
def test_the_step(told):
    """Encoder, decoder and discriminator against their losses, written out."""
    options = {"given_columns": told, "adversarial_weight": 2.5}
    taken, logs = after_a_step(**options)
    model = small(**options)
    batch = GlobalBatch(X, None, 4, tf.constant(0, tf.int64))
    shown = model.shown
    with tf.GradientTape(persistent=True) as tape:
        posterior = model.posterior(tf.constant(X), None, True)
        latents = posterior.mean() + posterior.stddev() * batch.normal(
            (2,), "posterior"
        )
        remade = model.decoder(model.decoder_inputs(latents, None))
        prior = tfgen.probability.latents.standard_normal
        bound = tf.reduce_mean(
            posterior.kl_divergence(prior((2,)))
            - model.likelihood.log_prob(X, remade)
        )
        kinds = {
            "reconstruction": tf.stop_gradient(latents),
            "sample": batch.normal((2,), "latent"),
        }
        fakes, outputs = [], []
        for kind, z in kinds.items():
            with tape.stop_recording():
                start = shown.start(model, z, batch, kind, True)
            outputs.append(model.decoder(start.inputs))
            fakes.append(shown.fake(outputs[-1], batch, kind, start))
        on_fakes = [model.discriminator(fake)[:, 0] for fake in fakes]
        fooled = tf.add_n([tf.math.softplus(-logit) for logit in on_fakes]) / 2
        fooled = tf.reduce_mean(fooled)
        caught = tf.add_n([tf.math.softplus(logit) for logit in on_fakes]) / 2
        on_real = model.discriminator(shown.real(X))[:, 0]
        judged = tf.reduce_mean(caught + tf.math.softplus(-on_real))
        adversarial = bound + 2.5 * fooled
        if told:
            adversarial += tf.reduce_mean(
                given_loss(model, batch, True, weighs=True)
            )
    wanted = {"encoder": bound, "decoder": adversarial, "discriminator": judged}
    for name, value in wanted.items():
        gradients = tape.gradient(value, model.network_variables()[name])
        for came, gradient in zip(taken[name], gradients, strict=True):
            np.testing.assert_allclose(came, gradient, atol=3e-6)
    np.testing.assert_allclose(logs["negative_elbo"], bound, rtol=1e-5)
    np.testing.assert_allclose(logs["generator_loss"], fooled, rtol=1e-5)
    norms = [
        np.linalg.norm(tape.gradient(value, at))
        for value, at in ((fooled, outputs[0]), (bound, remade))
    ]
    np.testing.assert_allclose(
        logs["adversarial_gradient_ratio"],
        2.5 * norms[0] / norms[1],
        rtol=1e-4,
    )


class Twins:
    """A model whose column b is what it is told that column a is."""

    def decoder(self, inputs, training=False):
        _, told = inputs
        return tf.concat([0.0 * told[:, :2], 50.0 * told[:, :2]], axis=-1)


def test_rows_in_turns_are_drawn_as_samples_are():
    """The twins are equal; told nothing, half of them would be."""
    shown = RowsInTurns(Table((2, 2)), 2, GivenColumns(TableParts((2, 2))))
    batch = GlobalBatch(np.zeros((400, 2), "float32"), None, seed=0, step=0)
    latents = tf.zeros((400, 1))
    start = shown.start(Twins(), latents, batch, "x", True)
    seen = start.seen.numpy()
    np.testing.assert_allclose(seen[:, :2], seen[:, 2:], atol=1e-6)
    assert 0.4 < seen[:, 0].mean() < 0.6
    with tf.GradientTape() as tape:
        outputs = Twins().decoder(start.inputs)
        tape.watch(outputs)
        drawn = shown.fake(outputs, batch, "x", start)
        firsts = drawn[:, ::2]
    np.testing.assert_allclose(drawn, seen, atol=1e-6)
    # A gradient goes to the outputs of a row's own turn alone.
    slope = np.abs(tape.gradient(firsts, outputs).numpy())
    turn = start.turn.numpy()[:, 0]
    assert 0.4 < turn.mean() < 0.6
    np.testing.assert_array_equal(slope[turn == 1, :2], 0.0)
    np.testing.assert_array_equal(slope[turn == 0, 2:], 0.0)
    assert slope[turn == 0, :2].mean() > 0.1


def test_columns_given_others_are_the_decoders_alone():
    """Without an adversary the decoder has that loss's gradient beside."""
    taken, logs = after_a_step(adversarial_weight=0.0)
    model = small(adversarial_weight=0.0)
    vae = tfgen.VAE(model.encoder, model.decoder, Table(COLUMNS))
    batch = GlobalBatch(X, None, 4, tf.constant(0, tf.int64))
    with tf.GradientTape() as tape:
        terms = vae.loss_terms(batch, 1.0, True)
        loss = tf.reduce_mean(terms["loss"])
    wanted = tape.gradient(loss, vae.trainable_variables)
    came = [*taken["encoder"], *taken["decoder"]]
    for one, other in zip(came, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=3e-6)
    given = tf.reduce_mean(terms["given_loss"])
    np.testing.assert_allclose(logs["given_loss"], given, rtol=1e-5)


def test_classes_take_the_place_of_columns():
    model = small(num_classes=2)
    assert model.given_columns is None
    assert model.decoder.inputs[1].shape == (None, 2)
    assert model.discriminate(X, [0, 1, 0, 1]).shape == (4,)


def test_what_does_not_fit():
    with pytest.raises(ValueError, match="pass objective='elbo_adversarial'"):
        small(objective="larsen")
    model = small()
    with pytest.raises(ValueError, match=r"takes \(4,\), expected \(7,\)"):
        tfgen.VAEGAN(
            model.encoder,
            model.decoder,
            keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]),
            Table(COLUMNS),
            "elbo_adversarial",
        )
