"""Gradients of rows: exact, clipped, and with noise of the right size."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.privacy.gradients import _numbers_kept, clipped_sum, rows_at_once
from tfgen.privacy.row_gradient import Product
from tfgen.training import GlobalBatch

ROWS = 7
SEED = 3
# Noise of this key is that of the model's seed, for comparison.
KEY = SEED << 32
HUGE = 1e9
MLP = {"network": "mlp", "network_options": {"units": (6,)}}


def private(family, shape, **options):
    """A model whose noise is 0, as if it had begun on these rows."""
    promised = {"epsilon": 1.0, "clip_norm": HUGE}
    return begun(
        tfgen.build(
            family,
            input_shape=shape,
            latent_dim=2,
            seed=SEED,
            privacy=promised,
            **options,
        )
    )


def begun(model, noise=0.0):
    model.private_training.key.assign(KEY)
    model.private_training._begun_with.assign([noise, ROWS, ROWS])
    return model


def data(shape, codes=()):
    x = np.random.default_rng(0).uniform(size=(ROWS, *shape))
    for place in codes:
        x[:, place] = np.arange(ROWS) % 3
    return tf.constant(x, tf.float32)


LABELS = tf.constant(np.arange(ROWS) % 2)
VAES = {
    "convolutions_of_classes": (
        (8, 8, 1),
        {
            "network": "conv",
            "network_options": {"filters": (3, 4), "units": 5},
            "num_classes": 2,
        },
    ),
    "importance_weights": (
        (4,),
        {**MLP, "objective": "iwae", "objective_draws": 3},
    ),
    "dense": ((4,), MLP),
    "a_linear_path": ((5,), {"likelihood": "gaussian"}),
    "a_mixed_table": (
        (3,),
        {**MLP, "likelihood": "table", "columns": ("number", 3, 3)},
    ),
}


@pytest.mark.parametrize("name", VAES)
def test_without_noise_the_step_is_the_ordinary_one(name):
    shape, options = VAES[name]
    model = private("vae", shape, **options)
    x = data(shape, (1, 2) if name == "a_mixed_table" else ())
    batch = (x, LABELS) if model.num_classes else (x,)
    if name == "importance_weights" or name == "a_mixed_table":
        model.beta = 0.7

    def losses_of(rows):
        return model.loss_terms(rows, model.beta, True)

    @tf.function
    def both():
        variables = model.trainable_variables
        with GlobalBatch(*model._unpack(batch), SEED, model.step) as rows:
            with tf.GradientTape() as tape:
                loss = rows.mean(losses_of(rows)["loss"])
        return (
            model.private_gradients(batch, model, losses_of),
            tape.gradient(loss, [v.value for v in variables]),
        )

    ours, ordinary = both()
    for one, other in zip(ours, ordinary, strict=True):
        if other is None:
            assert one is None
            continue
        one, other = np.asarray(one), np.asarray(tf.convert_to_tensor(other))
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-6)


GANS = {
    "dense_and_r1": ((5,), {**MLP, "loss": "non_saturating"}),
    "convolutions_and_a_slope": (
        (8, 8, 1),
        {
            "network": "conv",
            "network_options": {"filters": (3,), "units": 5},
            "loss": "wasserstein",
            "num_classes": 2,
        },
    ),
}


@pytest.mark.parametrize("name", GANS)
def test_without_noise_a_discriminator_learns_as_ever(name):
    shape, options = GANS[name]
    model = private("gan", shape, **options)
    batch = (data(shape), LABELS) if model.num_classes else (data(shape),)

    @tf.function
    def both():
        with GlobalBatch(*model._unpack(batch), SEED, model.step) as rows:
            fake = model._draw(rows, 0).fake
            ordinary, _, _ = model._discriminator_gradients(rows, fake)
        return ordinary, model.private_gradients(
            batch,
            model.discriminator,
            lambda row: model._private_losses(row, 0),
        )

    for ordinary, ours in zip(*both(), strict=True):
        np.testing.assert_allclose(ours, ordinary, rtol=1e-3, atol=1e-5)


WIDE = {"network": "mlp", "network_options": {"units": (24,)}}
CLIPPED = {
    "vae_of_classes": ("vae", (4, 4, 1), {**WIDE, "num_classes": 2}),
    "draws_of_a_row": (
        "vae",
        (16,),
        {**WIDE, "objective": "iwae", "objective_draws": 2},
    ),
    "convolutions": (
        "vae",
        (8, 8, 1),
        {"network": "conv", "network_options": {"filters": (3,), "units": 5}},
    ),
    "discriminator_with_a_penalty": (
        "gan",
        (16,),
        {**WIDE, "loss": "non_saturating", "penalties": "r1"},
    ),
}


@pytest.mark.parametrize("name", CLIPPED)
def test_each_row_is_clipped_as_a_loop_over_rows_says(name):
    family, shape, options = CLIPPED[name]
    model = private(family, shape, **options)
    x, step = data(shape), 5
    labels = tf.one_hot(LABELS, 2) if model.num_classes else None
    network = model if family == "vae" else model.discriminator
    variables = network.trainable_variables

    def losses_of(rows):
        if family == "gan":
            return model._private_losses(rows, 0)
        return model.loss_terms(rows, 1.0, True)

    @tf.function
    def alone(i):
        own = None if labels is None else labels[i : i + 1]
        batch = GlobalBatch(x[i : i + 1], own, SEED, step, first_row=i)
        with batch, tf.GradientTape() as tape:
            loss = losses_of(batch)["loss"][0]
        return tape.gradient(loss, [v.value for v in variables])

    rows = [alone(i) for i in tf.range(ROWS)]
    norms = [np.sqrt(sum(np.sum(np.square(g)) for g in row)) for row in rows]
    clip_norm = np.median(norms)
    assert min(norms) < 0.999 * clip_norm < 1.001 * clip_norm < max(norms)
    factors = [min(1.0, clip_norm / norm) for norm in norms]
    expected = [
        sum(c * np.asarray(g) for c, g in zip(factors, each, strict=True))
        for each in zip(*rows, strict=True)
    ]
    found = clipped_sum(
        x, labels, SEED, step, losses_of, variables, float(clip_norm)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_of_a_dense_kernel_are_kept_its_input_and_its_delta():
    model = private("vae", (4, 4, 1), **WIDE, num_classes=2)
    batch = GlobalBatch(data((4, 4, 1)), tf.one_hot(LABELS, 2), SEED, 0)
    numbers = _numbers_kept(
        batch,
        lambda row: model.loss_terms(row, 1.0, True),
        model.trainable_variables,
    )
    # Kernels (18, 24), (24, 4), (4, 24), (24, 16), and their biases.
    assert numbers == (42 + 24) + (28 + 4) + (28 + 24) + (40 + 16)


def test_uses_that_nearly_cancel_keep_their_norm():
    """In float32 their terms of 1e16 would leave nothing of 1e8."""
    inputs = tf.constant([[[1e4], [1e4]]])
    deltas = tf.constant([[[1e4], [-9999.0]]])
    product = Product(inputs, deltas)
    np.testing.assert_allclose(product.squares(), [1e8])
    np.testing.assert_allclose(product.weighted([0.5]), [[5e3]])


def test_a_row_knows_no_other_where_a_part_mixes_them_unsaid():
    """What subtracts the mean of all rows leaves nothing of a single one."""
    w = keras.Variable(np.ones((8, 8), "float32"))

    def losses_of(rows):
        h = rows.x @ w.value
        centered = h - tf.reduce_mean(h, axis=0)
        return {"loss": tf.reduce_sum(centered**2, axis=1)}

    found = clipped_sum(data((8,)), None, 0, 0, losses_of, [w], 1.0)[0]
    np.testing.assert_array_equal(found, np.zeros((8, 8)))


@pytest.mark.parametrize("clip_norm", [0.5, 2.0])
def test_no_row_adds_more_than_the_clip_norm(clip_norm):
    w = [keras.Variable([0.0, 0.0]), keras.Variable([[1.0]])]

    def losses_of(rows):
        # Its gradients are x, and the sum of squares of x.
        linear = tf.linalg.matvec(rows.x, w[0].value)
        squared = tf.reduce_sum(rows.x**2, axis=1) * w[1].value[0, 0]
        return {"loss": linear + squared}

    for row in np.float32([[[0.1, 0.2]], [[3.0, -4.0]], [[1e4, 1e5]]]):
        found = clipped_sum(row, None, 0, 0, losses_of, w, clip_norm)
        norm = np.sqrt(sum(np.sum(np.square(g)) for g in found))
        whole = np.hypot(np.linalg.norm(row), np.sum(row**2))
        np.testing.assert_allclose(norm, min(whole, clip_norm), rtol=1e-5)


def test_chunks_change_nothing_and_no_rows_are_no_gradient(monkeypatch):
    w = keras.Variable(np.zeros((3,), "float32"))

    def losses_of(rows):
        return {"loss": tf.linalg.matvec(rows.x, w.value)}

    seen = []

    def track(batch, terms):
        seen.append((terms["loss"].shape[0], batch.weights.numpy().sum()))

    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    whole = clipped_sum(x, None, 0, 0, losses_of, [w], HUGE)[0]
    np.testing.assert_allclose(whole, x.sum(axis=0), rtol=1e-5)
    monkeypatch.setattr("tfgen.privacy.gradients.MOST_ROWS", 2)
    parts = clipped_sum(x, None, 0, 0, losses_of, [w], HUGE, track)[0]
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    assert seen == [(2, 2.0), (2, 2.0), (2, 1.0)]
    none = clipped_sum(x[:0], None, 0, 0, losses_of, [w], HUGE)[0]
    np.testing.assert_array_equal(none, np.zeros(3))


def test_memory_bounds_the_rows_at_once():
    assert rows_at_once(2_000_000) == 2**27 // (4 * 2_000_000) == 16
    assert rows_at_once(1) == 128


def test_noise_has_the_standard_deviation_that_was_said():
    model = private("vae", (4,), **MLP)
    training = begun(model, noise=1.3).private_training
    training.privacy.clip_norm = 0.5
    w = keras.Variable(np.zeros((300, 300), "float32"))

    def losses_of(rows):
        return {"loss": tf.reduce_sum(w.value) * tf.zeros_like(rows.x[:, 0])}

    def noise(step):
        x = data((4,))
        gradients = training.gradients(x, None, step, losses_of, [w])
        return np.ravel(gradients[0])

    first, again, later = noise(1), noise(1), noise(2)
    np.testing.assert_array_equal(first, again)
    # sigma C / B of 90,000 draws, whose deviation is off by .24%.
    wanted = 1.3 * 0.5 / ROWS
    assert abs(first.std() / wanted - 1.0) < 0.01
    assert abs(first.mean()) < 4 * wanted / 300
    assert abs(np.corrcoef(first, later)[0, 1]) < 4 / 300


def test_what_mixes_rows_has_no_gradient_of_a_row():
    w = keras.Variable([1.0])

    def losses_of(rows):
        return {"loss": w.value * (rows.x[:, 0] - rows.global_mean(rows.x))}

    with pytest.raises(ValueError, match="mixes the rows of a batch"):
        clipped_sum(data((1,)), None, 0, 0, losses_of, [w], 1.0)
