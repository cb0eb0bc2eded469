"""Likelihoods of levels against float64 NumPy and SciPy."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import tfgen
import tfgen.probability as probability

LOGISTIC = scipy.stats.logistic


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def mixture_log_prob(levels, outputs, components, top, min_scale=0.1):
    """Of one pixel: `levels` are whole numbers, one a channel."""
    channels = len(levels)
    parts = np.float64(outputs).reshape(-1, components)
    weights = scipy.special.softmax(parts[0])
    middles = (np.arange(components) + 0.5) / components
    locations = top * (middles + parts[1 : 1 + channels])
    raws = parts[1 + channels : 1 + 2 * channels]
    scales = min_scale + np.logaddexp(0, raws) * top / 8
    coefficients = iter(parts[1 + 2 * channels :])
    each = weights
    for channel, level in enumerate(levels):
        location = locations[channel]
        for before in levels[:channel]:
            location = location + next(coefficients) * (before - top / 2)
        bins = LOGISTIC(location, scales[channel])
        below = 0.0 if level == 0 else bins.cdf(level - 0.5)
        above = 1.0 if level == top else bins.cdf(level + 0.5)
        each = each * (above - below)
    return np.log(each.sum())


def pixels(levels, top):
    """Pixels `(n, channels)` as images of one, in [0, 1]."""
    return np.float32(np.array(levels) / top)[:, None, None]


def every_pixel(likelihood, channels, outputs):
    """log p of each combination of levels, under the same outputs."""
    top = likelihood.levels - 1
    combinations = list(itertools.product(range(top + 1), repeat=channels))
    tiled = np.tile(outputs, (len(combinations), 1, 1, 1))
    log_probs = likelihood.log_prob(pixels(combinations, top), tiled)
    return np.array(combinations), np.float64(log_probs)


@pytest.mark.parametrize("channels, levels", [(1, 256), (3, 6), (2, 9)])
def test_logistic_mixture(channels, levels):
    likelihood = probability.LogisticMixture(3, levels)
    (*_, size) = likelihood.decoder_shape((1, 1, channels))
    outputs = normal(size)
    combinations, came = every_pixel(likelihood, channels, outputs)
    wanted = [
        mixture_log_prob(each, outputs, 3, levels - 1) for each in combinations
    ]
    np.testing.assert_allclose(came, wanted, rtol=1e-4, atol=1e-5)
    assert np.exp(came).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("raw", [-8.0, -3.0, 1.0])
@pytest.mark.parametrize("location", [-0.9, 0.0, 0.6])
def test_256_levels_sum_to_one(raw, location):
    outputs = np.float32([0.3, -0.2, location, -location, raw, raw + 1])
    likelihood = probability.LogisticMixture(2)
    _, came = every_pixel(likelihood, 1, outputs)
    assert np.isfinite(came).all()
    assert np.exp(came).sum() == pytest.approx(1, abs=1e-5)


def test_one_component_is_the_discretized_logistic():
    x = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 1)) / 255
    location, raw = normal(2, 5, 4, 3, 1)
    came = probability.LogisticMixture(1).log_prob(
        x, np.concatenate([0 * raw, location, raw], axis=-1)
    )
    wanted = probability.DiscretizedLogistic().log_prob(
        x, np.concatenate([location, raw], axis=-1)
    )
    np.testing.assert_allclose(came, wanted, rtol=1e-5)


def test_a_pixel_s_channels_go_together():
    """Two components, both channels low or both high: never one of each."""
    likelihood = probability.LogisticMixture(2, levels=4)
    low_or_high = np.float32(
        [0, 0, -0.25, 0.25, -0.25, 0.25, *[-9.0] * 4, 0, 0]
    )
    combinations, came = every_pixel(likelihood, 2, low_or_high)
    probable = {tuple(each) for each in combinations[np.exp(came) > 0.01]}
    assert probable == {(0, 0), (3, 3)}


@pytest.mark.parametrize("raw", [-30.0, -1.0, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_mean_of_grey_pixels(raw, seed):
    """Within half a level of the sum; where scales are wide, much nearer."""
    likelihood = probability.LogisticMixture(2, levels=64)
    outputs = np.concatenate([normal(4, seed=seed), np.float32([raw, raw])])
    levels, log_probs = every_pixel(likelihood, 1, outputs)
    wanted = np.exp(log_probs) @ levels[:, 0] / 63
    came = likelihood.mean(outputs[None, None, None])
    assert came.shape == (1, 1, 1, 1)
    tolerance = 0.5 / 63 if raw == -30 else 1e-4
    assert float(came[0, 0, 0, 0]) == pytest.approx(wanted, abs=tolerance)


def test_mean_of_colour_pixels():
    """Where nothing is cut at the ends it is the sum over all colours."""
    likelihood = probability.LogisticMixture(2, levels=16)
    outputs = np.float32(
        [0.4, -0.4, *[0.2, -0.2] * 3, *[-4.0] * 6, 0.2, 0.1, -0.2, 0.3, 0.2, 0]
    )
    levels, log_probs = every_pixel(likelihood, 3, outputs)
    wanted = np.exp(log_probs) @ levels / 15
    came = likelihood.mean(outputs[None, None, None])[0, 0, 0]
    np.testing.assert_allclose(came, wanted, atol=0.01)


@pytest.mark.parametrize("channels, levels", [(1, 12), (2, 4), (3, 3)])
def test_samples_of_a_logistic_mixture(channels, levels):
    likelihood = probability.LogisticMixture(3, levels)
    (*_, size) = likelihood.decoder_shape((1, 1, channels))
    outputs, rows = normal(size, seed=1), 50_000
    random = np.random.default_rng(0)
    uniform = np.float32(random.uniform(size=(rows, 1, 1, channels)))
    tiled = np.tile(outputs, (rows, 1, 1, 1))
    came = likelihood.sample(tiled, uniform).numpy()
    drawn = came.reshape(rows, channels) * (levels - 1)
    np.testing.assert_allclose(drawn, np.round(drawn), atol=1e-5)
    combinations, log_probs = every_pixel(likelihood, channels, outputs)
    place = levels ** np.arange(channels)[::-1]
    counts = np.bincount(
        np.int64(np.round(drawn) @ place), minlength=len(combinations)
    )
    wanted = np.exp(log_probs)
    probable = wanted * rows > 5
    assert counts[~probable].sum() <= 3 * wanted[~probable].sum() * rows + 5
    share = wanted[probable] / wanted[probable].sum()
    chi = scipy.stats.chisquare(
        counts[probable], share * counts[probable].sum()
    )
    assert chi.pvalue > 1e-3
    alone = likelihood.sample(tiled[:1], uniform[7:8]).numpy()
    np.testing.assert_array_equal(alone[0], came[7])


def test_a_component_without_weight_is_never_drawn():
    likelihood = probability.LogisticMixture(3, levels=3)
    outputs = np.float32([-200, 0, -200, 0, 0, 0, -30, -30, -30])
    uniform = np.float32([0.0, 1e-8, 0.5, 1 - 2**-24]).reshape(4, 1, 1, 1)
    came = likelihood.sample(np.tile(outputs, (4, 1, 1, 1)), uniform)
    # Of the one in the middle: level 1, or the next in its tails.
    assert float(came[2, 0, 0, 0]) == 0.5
    assert np.isfinite(came).all()


EXTREME = np.float32([-1e4, -100, -1e-8, 0, 1e-8, 100, 1e4])


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "likelihood",
    [probability.LogisticMixture(2), probability.Categorical(11)],
    ids=lambda likelihood: likelihood.name,
)
def test_values_and_gradients_are_finite_at_extremes(likelihood, x):
    shape = (200, *likelihood.decoder_shape((1, 1, 3)))
    outputs = tf.constant(np.random.default_rng(0).choice(EXTREME, shape))
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = likelihood.log_prob(np.full((200, 1, 1, 3), x), outputs)
    assert np.isfinite(value).all()
    assert np.isfinite(tape.gradient(value, outputs)).all()
    assert np.isfinite(likelihood.mean(outputs)).all()


@pytest.mark.parametrize("data_range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 4.0)])
def test_categorical(data_range):
    likelihood = probability.Categorical(5, data_range)
    outputs = normal(6, 4, 15)
    level = np.random.default_rng(0).integers(0, 5, (6, 4, 3))
    low, high = data_range
    values = low + np.arange(5) * (high - low) / 4
    log_probs = scipy.special.log_softmax(
        np.float64(outputs).reshape(6, 4, 3, 5), axis=-1
    )
    came = likelihood.log_prob(values[level], outputs)
    wanted = np.take_along_axis(log_probs, level[..., None], -1).sum((1, 2, 3))
    np.testing.assert_allclose(came, wanted, rtol=1e-5)
    mean = np.exp(log_probs) @ values
    np.testing.assert_allclose(
        likelihood.mean(outputs), mean, rtol=1e-4, atol=1e-5
    )


def test_samples_of_a_categorical():
    likelihood, logits = probability.Categorical(4), normal(4)
    uniform = np.float32(np.random.default_rng(0).uniform(size=(50_000, 1)))
    came = likelihood.sample(np.tile(logits, (50_000, 1)), uniform).numpy()
    counts = np.bincount(np.int64(np.round(3 * came[:, 0])), minlength=4)
    wanted = scipy.special.softmax(np.float64(logits)) * 50_000
    assert scipy.stats.chisquare(counts, wanted).pvalue > 1e-3


def test_values_between_levels_are_no_data_of_a_categorical():
    likelihood = probability.Categorical(5)
    likelihood.check_values(np.float32([0, 0.25, 1]))
    with pytest.raises(ValueError, match="values such as 0.3, expected the 5"):
        likelihood.check_values(np.float32([0, 0.25, 0.3]))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: probability.LogisticMixture(0), "components is 0, expected"),
        (lambda: probability.Categorical(1), "levels is 1, expected 2"),
        (
            lambda: tfgen.build(
                "vae", input_shape=(5,), likelihood="logistic_mixture"
            ),
            "LogisticMixture is of images",
        ),
        (
            lambda: tfgen.build(
                "vae_gan",
                input_shape=(8, 8, 1),
                objective="larsen",
                likelihood="logistic_mixture",
            ),
            "LogisticMixture has more to learn than a mean",
        ),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
