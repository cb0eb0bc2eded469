"""Gated masked convolutions: what they see, and what they add up to."""

import itertools

import keras
import numpy as np
import pytest

import tfgen
from tfgen.networks.code_prior import CodePrior

SHAPE = (4, 5)


def moved(network, seed=0):
    """With weights that are all other than where they start."""
    random = np.random.default_rng(seed)
    for weight in network.weights:
        weight.assign(random.normal(size=weight.shape))
    return network


@pytest.fixture(scope="module")
def prior():
    # Three layers of 3 x 3 reach 3 rows up and 3 pixels aside: all of it.
    network = CodePrior(SHAPE, 3, filters=5, blocks=5)
    return moved(network)


@pytest.mark.parametrize("place", [0, 7, 12, 19])
def test_all_before_a_place_is_seen_and_nothing_else(prior, place):
    codes = np.random.default_rng(1).integers(0, 3, (1, *SHAPE))
    others = np.repeat(codes, 20, axis=0).reshape(20, 20)
    others[np.arange(20), np.arange(20)] += 1
    others = others.reshape(20, *SHAPE) % 3
    at = np.unravel_index(place, SHAPE)
    before = np.asarray(prior(codes))[0][at]
    after = np.asarray(prior(others))[:, at[0], at[1]]
    seen = np.any(np.abs(after - before) > 1e-4, axis=1)
    np.testing.assert_array_equal(seen, np.arange(20) < place)


def test_probabilities_of_all_grids_add_up_to_one():
    prior = moved(CodePrior((2, 3), 2, 2, filters=3, blocks=2))
    grids = np.array(list(itertools.product((0, 1), repeat=6)))
    grids = grids.reshape(-1, 2, 3)
    for label in np.eye(2, dtype="float32"):
        labels = np.repeat(label[None], len(grids), axis=0)
        logits = np.float64(prior([grids, labels]))
        logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        each = np.take_along_axis(logs, grids[..., None], -1).sum((1, 2, 3))
        assert np.exp(each).sum() == pytest.approx(1.0, abs=1e-5)


def test_the_first_layer_by_hand():
    """A kernel of ones adds up what is above, and what is to the left."""
    layer = tfgen.layers.GatedMaskedConv2D(1, is_first=True)
    image = np.arange(12, dtype="float32").reshape(1, 3, 4, 1) / 50
    layer([image, image])
    for weight in layer.weights:
        weight.assign(keras.ops.zeros_like(weight))
        if "kernel" in weight.path:
            weight.assign(keras.ops.ones_like(weight))
    vertical, horizontal = (
        np.asarray(v)[0, ..., 0] for v in layer([image] * 2)
    )
    padded = np.pad(image[0, ..., 0], ((2, 0), (2, 1)))
    # Of the pixel (1, 2): rows -1 and 0, columns 1 to 3; then 0 and 1 of row 1.
    above = padded[1:3, 3:6].sum()
    left = padded[3, 2:4].sum()
    gate = lambda value: np.tanh(value) / (1 + np.exp(-value))  # noqa: E731
    assert vertical[1, 2] == pytest.approx(gate(above), rel=1e-5)
    # The vertical convolution's two channels, both `above`, come across.
    wanted = gate(left + 2 * above)
    assert horizontal[1, 2] == pytest.approx(wanted, rel=1e-5)


def test_a_map_adds_at_its_own_pixels():
    """To both gates of both stacks, where kernels are zeros."""
    layer = tfgen.layers.GatedMaskedConv2D(1, is_first=True)
    image = np.zeros((1, 2, 3, 1), "float32")
    told = np.float32([[1.0, -2.0, 0.5], [0.0, 3.0, -0.3]])[None, ..., None]
    layer([image, image, told])
    for weight in layer.weights:
        weight.assign(keras.ops.zeros_like(weight))
    layer._on.kernel.assign([[[[1.0]]]])
    layer._of_label.kernel.assign([[0.7, -0.4, 1.5, 0.6]])
    vertical, horizontal = layer([image, image, told])
    gate = lambda a, b: np.tanh(a * told) / (1 + np.exp(-b * told))  # noqa: E731
    np.testing.assert_allclose(vertical, gate(0.7, -0.4), atol=1e-6)
    np.testing.assert_allclose(horizontal, gate(1.5, 0.6), atol=1e-6)


def test_an_even_kernel():
    with pytest.raises(ValueError, match="kernel_size is 4, expected an odd"):
        tfgen.layers.GatedMaskedConv2D(2, 4)
