"""Images drawn pixel by pixel: enumerated, drawn by whole passes, counted."""

import itertools

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfgen
import tfgen.probability as probability

Image = probability.AutoregressiveImage
BINARY = probability.Bernoulli("threshold")


def moved(likelihood, shape, size=0.7):
    """With weights that are all other than where they start."""
    likelihood.set_shape(shape)
    random = np.random.default_rng(0)
    for weight in likelihood.weights:
        weight.assign(random.normal(size=weight.shape, scale=size))
    return likelihood


def outputs_of_decoder(likelihood, rows, shape, seed=1):
    random = np.random.default_rng(seed)
    size = (rows, *likelihood.decoder_shape(shape))
    return random.normal(size=size).astype("float32")


def every_image(levels, shape):
    values = np.linspace(0, 1, levels)
    images = list(itertools.product(values, repeat=int(np.prod(shape))))
    return np.float32(images).reshape(-1, *shape)


@pytest.mark.parametrize(
    "of, levels, shape",
    [
        (BINARY, 2, (3, 3, 1)),
        (probability.Bernoulli("dynamic"), 2, (2, 2, 2)),
        (probability.Categorical(3), 3, (1, 2, 3)),
        (probability.LogisticMixture(2, levels=3), 3, (2, 1, 3)),
        (probability.DiscretizedLogistic(levels=3), 3, (2, 3, 1)),
    ],
)
def test_probabilities_of_all_images_add_up_to_one(of, levels, shape):
    likelihood = moved(Image(of, filters=4, blocks=2, features=3), shape)
    x = every_image(levels, shape)
    one = outputs_of_decoder(likelihood, 1, shape)
    log_prob = likelihood.log_prob(x, np.repeat(one, len(x), axis=0))
    each = np.exp(np.float64(log_prob))
    assert each.sum() == pytest.approx(1.0, abs=1e-5)
    # And the images are not all alike.
    assert each.max() > 4 * each.min()


def gradients(likelihood, shape):
    """Of each pixel's parameters by each pixel: whether any is not 0."""
    height, width, _ = shape
    random = np.random.default_rng(2)
    x = tf.constant(random.random((1, *shape)), tf.float32)
    outputs = outputs_of_decoder(likelihood, 1, shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        parameters = likelihood.pixel_parameters(x, outputs)[0]
    by = np.abs(tape.jacobian(parameters, x)[..., 0, :, :, :])
    return by.max(axis=(2, 5)).reshape(height * width, height * width)


def test_a_pixel_depends_on_all_before_it_and_on_nothing_else():
    """Gradients are exactly 0 from the pixel itself on, and nowhere before."""
    shape = (4, 5, 2)
    likelihood = moved(Image(filters=6, blocks=5, features=3), shape, 0.5)
    by = gradients(likelihood, shape)
    assert np.all(by[np.triu_indices(20)] == 0.0)
    assert np.all(by[np.tril_indices(20, -1)] > 0.0)


@pytest.mark.parametrize("blocks, kernel_size", [(1, 3), (3, 3), (2, 5)])
def test_how_far_a_pixel_sees(blocks, kernel_size):
    """As the docstring says: b (k // 2) + 1 up and left, one less right."""
    shape = (9, 13, 1)
    likelihood = moved(Image("categorical", 4, blocks, kernel_size), shape, 0.5)
    x = tf.constant(np.random.default_rng(2).random((1, *shape)), tf.float32)
    outputs = outputs_of_decoder(likelihood, 1, shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        parameters = likelihood.pixel_parameters(x, outputs)[0, 7, 6]
        total = tf.reduce_sum(tf.square(parameters))
    reach = blocks * (kernel_size // 2) + 1
    rows, columns = np.nonzero(tape.gradient(total, x)[0, ..., 0])
    assert rows.min() == 7 - reach
    assert columns[rows == 7].min() == 6 - reach
    assert columns.max() == 6 + reach - 1
    assert columns.min() == 6 - reach


def levels_of(x, likelihood):
    return np.rint(x * (likelihood.levels - 1))


@pytest.mark.parametrize(
    "of, shape, options",
    [
        (BINARY, (5, 6, 1), {"blocks": 3}),
        (probability.Categorical(4), (4, 5, 2), {"blocks": 1}),
        (probability.Categorical(4), (3, 7, 1), {"kernel_size": 1}),
        (probability.LogisticMixture(3), (4, 4, 3), {"blocks": 2}),
        (BINARY, (6, 4, 1), {"kernel_size": 5, "blocks": 2}),
        (BINARY, (1, 7, 1), {}),
        (BINARY, (7, 1, 1), {}),
    ],
)
def test_draws_are_those_of_a_whole_pass_a_pixel(of, shape, options):
    likelihood = moved(Image(of, filters=5, features=3, **options), shape)
    outputs = outputs_of_decoder(likelihood, 3, shape)
    random = np.random.default_rng(3)
    uniform = random.random((3, *shape)).astype("float32")
    drawn = tf.function(likelihood.sample)(outputs, uniform).numpy()
    x = np.zeros_like(drawn)
    for row, column in np.ndindex(*shape[:2]):
        parameters = likelihood.pixel_parameters(x, outputs)
        draws = of.sample(parameters, uniform).numpy()
        x[:, row, column] = draws[:, row, column]
    # Dividing by 255 rounds otherwise in a graph.
    np.testing.assert_array_equal(levels_of(drawn, of), levels_of(x, of))
    assert len(np.unique(drawn)) > 1


def test_draws_have_the_probabilities():
    """All 16 images of 2 x 2, counted in 4,000 draws."""
    shape = (2, 2, 1)
    likelihood = moved(Image(BINARY, filters=4, blocks=2), shape)
    x = every_image(2, shape)
    one = outputs_of_decoder(likelihood, 1, shape)
    log_prob = likelihood.log_prob(x, np.repeat(one, 16, axis=0))
    expected = np.exp(np.float64(log_prob))
    uniform = np.random.default_rng(0).random((4000, *shape))
    drawn = likelihood.sample(
        np.repeat(one, 4000, axis=0), np.float32(uniform)
    ).numpy()
    counts = np.bincount(
        np.int64(drawn.reshape(-1, 4) @ [8, 4, 2, 1]), minlength=16
    )
    often = expected > 2e-3
    counts = np.append(counts[often], counts[~often].sum())
    expected = np.append(expected[often], expected[~often].sum() + 1e-9)
    wanted = expected / expected.sum() * 4000
    assert scipy.stats.chisquare(counts, wanted).pvalue > 1e-3


def test_rows_are_drawn_one_by_one():
    shape = (4, 4, 1)
    likelihood = moved(Image(probability.Categorical(4), 5, 2), shape)
    outputs = outputs_of_decoder(likelihood, 9, shape)
    uniform = np.float32(np.random.default_rng(0).random((9, *shape)))
    all_rows = likelihood.sample(outputs, uniform).numpy()
    for rows in (slice(0, 1), slice(2, 5), slice(8, 9)):
        some = likelihood.sample(outputs[rows], uniform[rows])
        np.testing.assert_array_equal(some, all_rows[rows])


def test_what_is_typical_goes_by_the_decoder_s_output_alone():
    shape = (4, 4, 1)
    likelihood = moved(Image(BINARY, filters=5), shape)
    outputs = outputs_of_decoder(likelihood, 4, shape)
    outputs[3] = outputs[0]
    came = likelihood.typical(outputs).numpy()
    assert set(np.unique(came)) == {0.0, 1.0}
    np.testing.assert_array_equal(came[3], came[0])
    assert np.any(came[1] != came[0])
    np.testing.assert_array_equal(likelihood.typical(outputs[1:2])[0], came[1])


def test_data_are_those_of_the_pixels_likelihood():
    likelihood = Image(BINARY)
    grey = np.float32([[0.2, 0.7], [0.5, 1.0]])[None, ..., None]
    cut = likelihood.targets(grey, batch=None)
    np.testing.assert_array_equal(np.ravel(cut), [0, 1, 1, 1])
    assert (likelihood.levels, likelihood.data_range) == (2, (0.0, 1.0))
    with pytest.raises(ValueError, match="has grey values such as 0.2"):
        likelihood.check_values(grey)
    real = Image(probability.Gaussian(1.0))
    assert (real.levels, real.data_range) == (None, None)


def test_an_image_holds_the_numbers_of_its_network():
    """16 features, and 4 and 2 times 32 channels of each pixel."""
    assert Image().numbers_held((4, 5, 3)) == 20 * (16 + 128 + 64)
    assert BINARY.numbers_held((4, 5, 3)) == 60


def model(**options):
    options = {
        "likelihood": Image(BINARY, filters=4, blocks=2),
        "network": "mlp",
        "network_options": {"units": (8,)},
        **options,
    }
    shape = (4, 4, 1)
    return tfgen.build(
        "vae", input_shape=shape, latent_dim=2, seed=0, **options
    )


def test_a_vae_shows_draws():
    vae = model()
    assert vae.observation_noise
    x = vae.sample(6, seed=2)
    for images in (x, vae.decode(vae.encode(x)), vae.reconstruct(x)):
        assert set(np.unique(images)) <= {0.0, 1.0}
    np.testing.assert_array_equal(vae.sample(2, seed=2), x[:2])


def test_log_likelihoods_of_several_latents():
    """Bernoulli's formula of the logits that the network gives each pixel."""
    vae = model()
    moved(vae.likelihood, (4, 4, 1), 0.3)
    x = every_image(2, (2, 2, 1)).repeat(2, axis=1).repeat(2, axis=2)
    latents = np.float32(np.random.default_rng(0).normal(size=(16, 3, 2)))
    came = vae.log_likelihood(x, latents).numpy()
    for draw in range(3):
        outputs = vae.decoder(latents[:, draw])
        logits = vae.likelihood.pixel_parameters(x, outputs).numpy()
        signs = np.where(x == 1, 1.0, -1.0)
        wanted = -np.logaddexp(0, -signs * np.float64(logits)).sum((1, 2, 3))
        np.testing.assert_allclose(came[:, draw], wanted, rtol=1e-5)


def test_it_learns_what_latents_need_not_tell():
    """Rows of one colour, by chance: 4 bits, of which each pixel is one."""
    random = np.random.default_rng(0)
    x = np.float32(random.integers(0, 2, (2000, 4, 1, 1))).repeat(4, axis=2)
    vae = model()
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit(x, epochs=15, batch_size=100, verbose=0)
    nats = -vae.score(x[:200]).mean()
    assert nats == pytest.approx(4 * np.log(2), abs=0.15)
    rows = vae.sample(100, seed=0)[..., 0]
    assert np.mean(rows.min(axis=2) == rows.max(axis=2)) > 0.97


def test_it_is_saved_with_its_network(tmp_path):
    vae = model(likelihood=Image(probability.Categorical(4), 4, 2, 5, 3))
    moved(vae.likelihood, (4, 4, 1))
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")
    assert again.likelihood.get_config() == vae.likelihood.get_config()
    assert again.likelihood.of.levels == 4
    np.testing.assert_array_equal(
        again.sample(5, seed=1), vae.sample(5, seed=1)
    )


def test_a_vq_vae_takes_it():
    vq_vae = tfgen.build(
        "vq_vae",
        input_shape=(4, 4, 1),
        num_codes=4,
        network_options={"filters": (4,)},
        likelihood=Image(BINARY, filters=4, blocks=2),
    )
    assert vq_vae.observation_noise
    assert set(np.unique(vq_vae.sample(5, seed=0))) == {0.0, 1.0}


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Image("bernoulli"), "Bernoulli, which takes grey values in"),
        (
            lambda: Image(probability.Bernoulli("dynamic", False)),
            "takes probabilities, but the network gives logits",
        ),
        (lambda: Image(Image()), "AutoregressiveImage, which is of whole"),
        (lambda: Image("normal"), "likelihood is 'normal', expected one of"),
        (lambda: Image(blocks=0), "blocks is 0, expected 1, 2, 3"),
        (lambda: Image(kernel_size=4), "kernel_size is 4, expected an odd"),
        (
            lambda: tfgen.build(
                "vae", input_shape=(5,), likelihood="autoregressive"
            ),
            r"is of images .height, width, channels., got data of shape .5,.",
        ),
        (
            lambda: tfgen.build(
                "vae",
                input_shape=(4, 4, 1),
                likelihood=Image("full_gaussian"),
            ),
            "'gaussian', or 'logistic_mixture' for 8-bit images",
        ),
        (
            lambda: tfgen.build(
                "vae_gan",
                input_shape=(8, 8, 1),
                likelihood="autoregressive",
            ),
            "is drawn pixel by pixel, which hands no gradient on",
        ),
        (
            lambda: moved(Image(), (4, 4, 1)).set_shape((4, 4, 3)),
            "of images of 1 channels, got 3: make one for each model",
        ),
        (
            lambda: moved(Image(), (4, 4, 1)).mean(np.zeros((1, 4, 4, 16))),
            "take pixel_parameters, log_prob, sample or typical",
        ),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
