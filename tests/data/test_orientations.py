"""Histograms of oriented gradients, by ramps whose gradients are known."""

import numpy as np
import pytest

from tfgen.data import orientation_histograms

SIZE = 64
MIDDLE = slice(5, 11)
"""Points that see neither a border nor the middle third of the others."""
ACROSS, DOWN = np.meshgrid(np.arange(SIZE), np.arange(SIZE))


def histograms(image):
    """Of one image, `(16, 16, 8)`."""
    (row,) = orientation_histograms(np.float32(image)[None, ..., None])
    return row.reshape(SIZE // 4, SIZE // 4, 8)


def ramp(degrees):
    angle = np.deg2rad(degrees)
    return np.cos(angle) * ACROSS + np.sin(angle) * DOWN


@pytest.mark.parametrize("orientation", range(8))
def test_a_ramp_counts_in_the_orientation_of_its_gradient(orientation):
    found = histograms(ramp(22.5 * orientation))[MIDDLE, MIDDLE]
    others = np.delete(found, orientation, axis=-1)
    assert found[..., orientation].min() > 0.5
    # Angles are rounded to about 1e-5 steps, of which the root is taken.
    assert others.max() < 0.15


def test_a_gradient_between_two_orientations_counts_in_both_alike():
    found = histograms(ramp(180 - 22.5 / 2))[MIDDLE, MIDDLE]
    np.testing.assert_allclose(found[..., 7], found[..., 0], rtol=1e-3)
    assert found[..., 0].min() > 0.5


def test_shares_are_by_nearness():
    # A quarter of the way: 3 to 1, of which the fourth root is 1.316.
    found = histograms(ramp(22.5 / 4))[MIDDLE, MIDDLE]
    np.testing.assert_allclose(
        found[..., 0] / found[..., 1], 3**0.25, rtol=1e-3
    )


def test_sixteen_times_the_gradient_counts_twice():
    slopes = np.where(np.arange(SIZE) < SIZE // 2, 1.0, 16.0)
    found = histograms(np.tile(np.cumsum(slopes), (SIZE, 1)))
    weak, strong = found[MIDDLE, 4, 0], found[MIDDLE, 11, 0]
    np.testing.assert_allclose(strong / weak, 2.0, rtol=1e-3)


def test_neither_contrast_nor_light_to_dark_changes_it():
    images = np.random.default_rng(0).random((3, 28, 28, 1))
    rows = orientation_histograms(images)
    np.testing.assert_allclose(np.mean(rows**2, axis=1), 1.0, rtol=1e-5)
    for others in (0.3 * images + 0.5, 1 - images, np.tile(images, 3)):
        found = orientation_histograms(others)
        np.testing.assert_allclose(found, rows, atol=0.02)


def test_a_step_within_a_cell_changes_it_less_than_pixels():
    image = np.zeros((SIZE, SIZE))
    image[20:44, 30:32] = 1.0
    moved = np.roll(image, 1, axis=1)
    first, second = histograms(image), histograms(moved)
    assert np.mean((first - second) ** 2) < 0.05
    assert np.mean((image - moved) ** 2) / np.mean(image**2) == 1.0


@pytest.mark.parametrize(
    ("shape", "columns"),
    [((28, 28, 1), 7 * 7 * 8), ((9, 4, 3), 3 * 1 * 8)],
)
def test_shapes(shape, columns):
    for count in (0, 1):
        rows = orientation_histograms(np.zeros((count, *shape)))
        assert (rows.shape, rows.dtype) == ((count, columns), np.float32)
        assert not rows.any()


def test_many_images_are_as_one_by_one():
    images = np.random.default_rng(0).random((1001, 4, 4, 1))
    rows = orientation_histograms(images)
    last = orientation_histograms(images[-1:])
    assert len(rows) == 1001
    np.testing.assert_allclose(rows[-1:], last, rtol=1e-5)


@pytest.mark.parametrize("shape", [(2, 28, 28), (2, 3, 28, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="expected") as caught:
        orientation_histograms(np.zeros(shape))
    assert str(shape) in str(caught.value)
    assert "\n" not in str(caught.value)
