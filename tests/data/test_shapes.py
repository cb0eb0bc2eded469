"""The drawings, and the known factors of a source."""

import numpy as np
import pytest

import tfgen.data
from tfgen.data import synthetic


@pytest.fixture(scope="module")
def drawings():
    """Images in the order of their factors, as shares of white."""
    images, _ = synthetic.draw_shapes()
    return images.reshape(*synthetic.LEVELS, 32, 32) / 255


def test_each_combination_is_drawn_once():
    images, factors = synthetic.draw_shapes()
    assert images.shape == (14_400, 32, 32)
    assert 3 * 4 * 12 * 10 * 10 == 14_400
    assert len({image.tobytes() for image in images}) == 14_400
    assert len(np.unique(factors, axis=0)) == 14_400
    assert factors.max(axis=0).tolist() == [2, 3, 11, 9, 9]
    assert factors.min() == 0
    assert synthetic.draw_shapes()[0] is images


@pytest.mark.parametrize(
    ("shape", "area"),
    # Of a circle around it of radius 1; for the heart by Monte Carlo:
    # 3.6615 of the curve, which reaches 1.4245.
    [(0, 2.0), (1, np.pi / 2), (2, 3.6615 / 1.4245**2)],
)
def test_areas(drawings, shape, area):
    found = drawings[shape].sum(axis=(-2, -1))
    expected = area * np.array(synthetic.RADII)[:, None, None, None] ** 2
    np.testing.assert_allclose(
        found, np.broadcast_to(expected, found.shape), rtol=0.02
    )


def test_places_and_the_border(drawings):
    pixels = np.arange(32) + 0.5
    square = drawings[0]
    area = square.sum(axis=(-2, -1))
    x = (square.sum(axis=-2) * pixels).sum(axis=-1) / area
    y = (square.sum(axis=-1) * pixels).sum(axis=-1) / area
    places = 7 + 2 * np.arange(10)
    np.testing.assert_allclose(x, x * 0 + places[:, None], atol=0.01)
    np.testing.assert_allclose(y, y * 0 + places, atol=0.01)
    # Symmetric about the middle of the image: nothing is cut.
    np.testing.assert_array_equal(places, 32 - places[::-1])


def test_rotation_turns_against_the_clock(drawings):
    """Angle of the long axis of an ellipse, by its second moments."""
    pixels = np.arange(32) + 0.5
    for level in range(1, 12):
        image = drawings[1, 3, level, 5, 4]
        x, y = np.meshgrid(pixels - 17, 15 - pixels)
        xx, yy, xy = ((image * m).sum() for m in (x * x, y * y, x * y))
        angle = np.degrees(np.arctan2(2 * xy, xx - yy) / 2)
        assert angle == pytest.approx(7.5 * level, abs=0.5)


def test_the_heart_stands_on_its_tip(drawings):
    rows = drawings[2, 3, 0, 0, 0].sum(axis=1)
    filled = np.flatnonzero(rows)
    assert rows[filled[0] + 1] > 2 * rows[filled[-1] - 1]


def test_a_source_carries_its_factors():
    whole = tfgen.data.load("shapes", "all")
    assert whole.factor_names == ("shape", "size", "rotation", "x", "y")
    assert whole.class_names == ("square", "ellipse", "heart")
    assert (whole.shape, whole.value_range) == ((32, 32, 1), (0.0, 1.0))
    np.testing.assert_array_equal(whole.factors, synthetic.draw_shapes()[1])
    np.testing.assert_array_equal(whole.factors[:, 0], whole.labels)
    part = whole.to_range((-1, 1)).subset([700, 30, 14_000]).take(2)
    np.testing.assert_array_equal(
        part.factors, synthetic.draw_shapes()[1][[700, 30]]
    )
    np.testing.assert_allclose(
        (part.arrays()[0][..., 0] + 1) * 127.5,
        synthetic.draw_shapes()[0][[700, 30]],
        atol=1e-4,
    )


def test_splits_carry_their_factors():
    parts = [
        tfgen.data.load("shapes", split, seed=3)
        for split in ("train", "validation", "test")
    ]
    assert [len(part) for part in parts] == [11_520, 1440, 1440]
    for part in (*parts, *parts[1].divide((0.5, 0.5))):
        assert part.factors.dtype == np.int64
        # The factors say where the image stands in the drawing order.
        number = np.ravel_multi_index(part.factors.T, synthetic.LEVELS)
        np.testing.assert_array_equal(
            part.stored()[..., 0], synthetic.draw_shapes()[0][number]
        )


def test_factors_of_arrays():
    x = np.arange(12.0).reshape(6, 2)
    factors = [[0, 5], [1, 5], [2, 5], [0, 6], [1, 6], [2, 6]]
    source = tfgen.data.from_arrays(x, factors=factors)
    assert source.factor_names == ("factor_1", "factor_2")
    assert source.subset([4, 0]).factors.tolist() == [[1, 6], [0, 5]]
    without = tfgen.data.from_arrays(x)
    assert without.factors is without.factor_names is None
    prints = {source.fingerprint(), without.fingerprint()}
    other = tfgen.data.from_arrays(x, factors=factors[::-1])
    assert other.fingerprint() not in prints
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("factors", "names", "message"),
    [
        (np.zeros(6), None, r"shape \(6,\); expected one row .*\(6, num_fac"),
        (np.zeros((5, 2)), None, r"shape \(5, 2\)"),
        (np.full((6, 2), 0.5), None, "fractions such as 0.5"),
        (np.zeros((6, 2)), ["a"], "1 factor_names for 2 factors"),
        ([["a"]] * 6, None, "expected real numbers"),
    ],
)
def test_wrong_factors_are_refused(factors, names, message):
    with pytest.raises(ValueError, match=message):
        tfgen.data.from_arrays(
            np.zeros((6, 2)), factors=factors, factor_names=names
        )
