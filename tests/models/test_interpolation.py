"""Points between latents, against plain geometry."""

import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.models.latents import spherical, straight


def at(function, start, end, weight):
    tensors = (tf.constant(np.float32(v)) for v in (start, end, weight))
    return function(*tensors).numpy()


def test_arcs_turn_by_a_share_of_the_angle():
    """In the plane the arc between unit vectors at angles a and b."""
    a, b = np.array([0.2, 1.0, -2.0]), np.array([1.4, 0.5, 0.7])
    weight = np.array([0.25, 0.5, 0.9])
    vectors = [np.stack([np.cos(t), np.sin(t)], 1) for t in (a, b)]
    between = a + weight * (b - a)
    expected = np.stack([np.cos(between), np.sin(between)], 1)
    np.testing.assert_allclose(
        at(spherical, *vectors, weight), expected, atol=1e-6
    )


def test_arcs_keep_the_length_of_equals():
    random = np.random.default_rng(0)
    ends = random.normal(size=(2, 50, 64))
    ends *= 8 / np.linalg.norm(ends, axis=-1, keepdims=True)
    points = at(spherical, *ends, random.uniform(size=50))
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 8, rtol=1e-5)


@pytest.mark.parametrize("factor", [1.0, 3.0, -2.0])
def test_arcs_between_parallel_latents_are_straight(factor):
    start = np.array([[1.0, 2.0]])
    points = at(spherical, start, factor * start, [0.25])
    np.testing.assert_allclose(
        points, (0.75 + 0.25 * factor) * start, atol=1e-6
    )


@pytest.mark.parametrize("function", [spherical, straight])
def test_ends(function):
    start, end = np.random.default_rng(1).normal(size=(2, 4, 5))
    points = at(function, start, end, [0, 1, 0, 1])
    expected = np.where([[1], [0], [1], [0]], start, end)
    np.testing.assert_allclose(points, expected, atol=1e-6)


def test_straight():
    points = at(straight, [[0.0, 2.0]], [[4.0, -2.0]], [0.25])
    np.testing.assert_array_equal(points, [[1.0, 1.0]])


def test_of_a_gan_the_points_are_latents_on_arcs():
    model = tfgen.build("gan", input_shape=(3,), latent_dim=2, network="mlp")
    start, end = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    half = np.array([[np.sqrt(0.5), np.sqrt(0.5)]])
    line = model.interpolate(start, end, steps=3)
    expected = model.decode(np.concatenate([start, half, end]))
    np.testing.assert_allclose(line[0], expected, rtol=1e-5, atol=1e-6)


def test_of_a_vae_they_are_between_posterior_means():
    model = tfgen.build("vae", input_shape=(3,), latent_dim=2, network="mlp")
    start, end = np.float32(np.random.default_rng(0).normal(size=(2, 2, 3)))
    means = model.encode(start), model.encode(end)
    lines = model.interpolate(start, end, steps=5)
    expected = model.decode(0.75 * means[0] + 0.25 * means[1])
    np.testing.assert_allclose(lines[:, 1], expected, rtol=1e-5, atol=1e-6)


def test_sources_are_read_like_the_training_data():
    rows = np.random.default_rng(0).normal(5, 3, (20, 3))
    source = tfgen.data.from_arrays(rows, np.arange(20) % 2)
    model = tfgen.build(
        "vae", input_shape=(3,), latent_dim=2, network="mlp", num_classes=2
    )
    model.reading = source.reading
    x, y = source.arrays()
    expected = model.interpolate(x[:4], x[4:8], 3, y[:4])
    own = source.standardized_by(source.take(9))  # by other statistics
    found = model.interpolate(own.take(4), own.subset(np.arange(4, 8)), 3)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    found = model.interpolate(own.take(4), x[4:8], 3, 1 - y[:4])
    assert np.abs(found - expected).max() > 1e-3  # labels that are given


def test_other_numbers_of_rows_are_refused():
    model = tfgen.build("gan", input_shape=(3,), latent_dim=2, network="mlp")
    with pytest.raises(ValueError, match="start has 2 rows and end 1"):
        model.interpolate(np.zeros((2, 2)), np.zeros((1, 2)))
