import warnings

import numpy as np
import pytest

from tfgen.data import DataNote, from_arrays, load

RNG = np.random.default_rng(0)
FRACTIONS = RNG.uniform(0, 1, (50, 8, 8, 1)).astype(np.float32)


def read(x, **options):
    """A source of `x`, and what is said of it."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        source = from_arrays(x, **options)
    assert all(note.category is DataNote for note in told)
    return source, " / ".join(str(note.message) for note in told)


def refusal(x, **options) -> str:
    with pytest.raises(ValueError) as caught:
        read(x, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def with_value(value, share=None):
    """Fractions of which one, or a share, has another value."""
    x = FRACTIONS.copy()
    count = 1 if share is None else int(share * x.size)
    x.reshape(-1)[:count] = value
    return x


@pytest.mark.parametrize("value", [-1e-7, -9e-4, 1.0000001, 1.0009])
def test_rounding_at_either_end_is_clipped_and_said(value):
    source, told = read(with_value(value))
    assert source.value_range == (0, 1)
    found = source.arrays()[0]
    np.testing.assert_array_equal(found.reshape(-1)[0], float(value > 0))
    np.testing.assert_array_equal(found[1:], FRACTIONS[1:])
    assert "has 1 value beyond [0, 1]" in told


def test_a_mapped_file_of_floats_is_clipped_as_it_is_read(tmp_path):
    np.save(tmp_path / "a.npy", with_value(1.0005))
    source = load(tmp_path / "a.npy", "all")
    assert source.arrays()[0].max() == 1
    assert source.rows([0])[0].reshape(-1)[0] == 1


@pytest.mark.parametrize("value", [-1.0005, 1.0005])
def test_rounding_at_either_end_of_minus_1_to_1(value):
    x = 2 * FRACTIONS - 1
    x[0, 0, 0] = value
    source, told = read(x)
    assert source.value_range == (-1, 1)
    assert abs(source.arrays()[0]).max() == 1
    assert "has 1 value beyond [-1, 1]" in told


def test_a_range_below_0_goes_by_the_bulk():
    assert read(FRACTIONS)[1] == ""
    source, told = read(with_value(-0.5, 0.05))
    assert source.value_range == (-1, 1)
    assert "lies in [-1, 1] by its values, 5% of them below 0" in told
    message = refusal(with_value(-0.5, 0.01))
    assert "1.0% of them below 0, which leaves open" in message
    assert "value_range=(-1, 1)" in message


def test_what_is_brought_from_below_0_is_said():
    x = with_value(-0.5, 0.05)
    source, told = read(x, value_range=(0, 1))
    np.testing.assert_allclose(source.arrays()[0], (x + 1) / 2, atol=1e-6)
    assert "5% of them below 0; -1 becomes 0, and 0 a half" in told
    assert read(x, value_range=(-1, 1))[1] == ""


def test_the_target_decides_what_the_bulk_leaves_open():
    x = with_value(-0.5, 0.01)
    signed, _ = read(x, value_range=(-1, 1))
    np.testing.assert_array_equal(signed.arrays()[0], x)
    unsigned, told = read(x, value_range=(0, 1))
    np.testing.assert_array_equal(unsigned.arrays()[0], np.maximum(x, 0))
    assert "has 32 values beyond [0, 1], by up to 0.5: clipped" in told
    # What the bulk does not leave open is brought to the target.
    scaled, _ = read(FRACTIONS, value_range=(-1, 1))
    np.testing.assert_allclose(scaled.arrays()[0], 2 * FRACTIONS - 1, atol=1e-6)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.002, "to 1.002; expected"),
        (1.00101, "to 1.00101; expected"),
        (-1.5, "from -1.5 to"),
        (1.3, "clip them as in np.clip(x, 0, 1)"),
        (254.5, "divide by 255, or pass bit_depth=8"),
        (1e6, "or pass bit_depth"),
    ],
)
def test_fractions_outside_are_refused(value, expected):
    assert expected in refusal(with_value(value))


def test_the_largest_value_is_told_with_digits_that_differ():
    x = with_value(1.0).astype(np.float64)
    x[0] = 1.00000001
    x[1] = -3
    assert "to 1.00000001; expected" in refusal(x)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64", "float32"])
@pytest.mark.parametrize(
    ("largest", "depth"),
    [(2, 8), (255, 8), (256, 10), (1024, 12), (4096, 14), (65535, 16)],
)
def test_whole_numbers_have_the_smallest_usual_depth(dtype, largest, depth):
    x = RNG.integers(0, largest + 1, (9, 8, 8)).astype(dtype)
    x[0, 0, 0] = largest
    source, told = read(x)
    white = 2**depth - 1
    assert source.stored_range == (0, white)
    expected = (x / white)[..., None].astype(np.float32)
    np.testing.assert_allclose(source.arrays()[0], expected, rtol=1e-6)
    note = f"{depth} bits, {white} is white; bit_depth= sets another"
    assert (note in told) == ((dtype, depth) != ("uint16", 16))


def test_bit_depth_sets_the_depth():
    x = np.full((9, 8, 8), 16, np.uint8)
    source, told = read(x, bit_depth=5)
    np.testing.assert_allclose(source.arrays()[0], 16 / 31, rtol=1e-6)
    assert told == ""
    deep, _ = read(x.astype(np.uint16), bit_depth=12)
    np.testing.assert_allclose(deep.arrays()[0], 16 / 4095, rtol=1e-6)
    wide = np.full((9, 8, 8), 2**23, np.int32)
    half = read(wide, bit_depth=24)[0].arrays()[0]
    np.testing.assert_allclose(half, 0.5, rtol=1e-6)
    fractions = read(FRACTIONS * 255, bit_depth=8)[0].arrays()[0]
    np.testing.assert_allclose(fractions, FRACTIONS, rtol=1e-6)
    # Floats up to 1 have no bits.
    np.testing.assert_array_equal(
        read(FRACTIONS, bit_depth=8)[0].arrays()[0], FRACTIONS
    )


@pytest.mark.parametrize(
    ("x", "options", "expected"),
    [
        (np.full((2, 4, 4), 16), {"bit_depth": 4}, "0 to 15 for bit_depth=4"),
        (np.full((2, 4, 4), 16), {"bit_depth": 0}, "number of bits, 1 to 32"),
        (np.full((2, 4, 4), 16), {"bit_depth": 8.5}, "bit_depth is 8.5"),
        (np.full((2, 4, 4), -2), {}, "from -2 to -2; expected whole numbers"),
        (np.full((2, 4, 4), 2**16), {}, "or pass bit_depth"),
        (np.eye(4), {"bit_depth": 8}, "bit_depth is for images"),
        (np.eye(4), {"fit": "pad"}, "are for images; 'arrays' is a table"),
    ],
)
def test_other_whole_numbers_and_options_are_refused(x, options, expected):
    assert expected in refusal(x, **options)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool"])
def test_masks_of_0_and_1(dtype):
    x = RNG.integers(0, 2, (9, 8, 8)).astype(dtype)
    source, told = read(x)
    np.testing.assert_array_equal(source.arrays()[0][..., 0], x)
    assert ("read as masks, 1 is white" in told) == (dtype != "bool")
    black, told = read(x, bit_depth=8)
    if dtype != "bool":
        assert black.arrays()[0].max() == np.float32(1 / 255)
        assert "all but black" in told


def test_masks_of_0_and_255():
    x = 255 * RNG.integers(0, 2, (9, 8, 8))
    source, _ = read(x)
    np.testing.assert_array_equal(source.arrays()[0][..., 0], x // 255)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.full((2, 4, 4), 16, np.uint8), "bit_depth=5 holds them too"),
        (FRACTIONS / 255, "1 is white, but 99.9% of the values are up to"),
    ],
)
def test_a_set_that_comes_out_all_but_black_is_said(x, expected):
    _, told = read(x)
    assert "comes out all but black" in told
    assert expected in told


def test_one_hot_pixel_does_not_darken_a_set_in_silence():
    x = RNG.integers(0, 4096, (99, 8, 8)).astype(np.uint16)
    x[3, 3, 3] = 65535
    _, told = read(x)
    assert "the largest is 6.55e+04; clip the few that are larger" in told


def test_a_set_of_zeros_is_as_black_as_it_was_stored():
    assert read(np.zeros((2, 4, 4), np.uint8))[1] == ""
