import numpy as np
import pytest

import tfgen.data


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal([5, -100], [2, 30], (40, 2))


def test_equal_rows_stay_together():
    rng = np.random.default_rng(1)
    unique = rng.integers(0, 256, (60, 4, 4, 1), np.uint8)
    which = rng.integers(0, 60, 300)
    source = tfgen.data.from_arrays(unique[which])
    for seed in range(5):
        parts = source.divide((0.6, 0.2, 0.2), seed)
        seen = [{row.tobytes() for row in part.arrays()[0]} for part in parts]
        assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]
        assert sum(len(part) for part in parts) == 300


def test_zero_and_minus_zero_are_equal_rows():
    x = np.array([[zero, i] for i in range(20) for zero in (0.0, -0.0)])
    parts = tfgen.data.from_arrays(x, kind="points").divide((0.5, 0.5))
    seen = [set(part.stored()[:, 1].tolist()) for part in parts]
    assert seen[0].isdisjoint(seen[1])


def test_division_is_a_function_of_content_and_seed(table):
    def training_rows(x, seed):
        source = tfgen.data.from_arrays(x, kind="points")
        part = source.divide((0.75, 0.25), seed)[0]
        return {row.tobytes() for row in part.arrays()[0]}

    order = np.random.default_rng(2).permutation(len(table))
    first = training_rows(table, 0)
    assert len(first) == 30
    assert training_rows(table[order], 0) == first
    assert training_rows(table, 1) != first


def test_a_table_is_standardized_by_its_first_part(table):
    source = tfgen.data.from_arrays(table)
    train, test = source.divide((0.5, 0.5), 0)
    raw_train, raw_test = table[train.indices], table[test.indices]
    mean, deviation = raw_train.mean(0), raw_train.std(0)
    np.testing.assert_allclose(
        train.arrays()[0], (raw_train - mean) / deviation, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        test.arrays()[0], (raw_test - mean) / deviation, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        test.original_units(test.arrays()[0]), raw_test, rtol=1e-5
    )


def test_new_rows_are_standardized_by_the_training_rows(table):
    train = tfgen.data.from_arrays(table)
    new = tfgen.data.from_arrays([[5.0, -100.0]]).standardized_by(train)
    expected = ([5, -100] - table.mean(0)) / table.std(0)
    np.testing.assert_allclose(new.arrays()[0][0], expected, rtol=1e-5)


def test_a_column_far_from_zero_keeps_its_digits():
    seconds = 1.7e9 + np.arange(10.0)[:, None]  # float32 resolves 128 s here
    x = tfgen.data.from_arrays(seconds).arrays()[0][:, 0]
    expected = (np.arange(10) - 4.5) / np.sqrt(99 / 12)  # discrete uniform
    np.testing.assert_allclose(x, expected, rtol=1e-5)


def test_a_constant_column_becomes_zero():
    x = np.stack([np.arange(5.0), np.full(5, 0.1)], axis=1)
    rows = tfgen.data.from_arrays(x).arrays()[0]
    np.testing.assert_allclose(rows[:, 1], 0, atol=1e-6)


def test_uint8_is_scaled_exactly():
    x = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
    source = tfgen.data.from_arrays(x)
    assert source.arrays()[0].ravel().tolist() == [0, np.float32(0.2), 1]
    wide = source.to_range((-1, 1))
    assert wide.arrays()[0].ravel().tolist() == [-1, np.float32(-0.6), 1]
    back = wide.to_range((0, 1))
    assert back.arrays()[0].ravel().tolist() == [0, np.float32(0.2), 1]
    assert wide.value_range == (-1.0, 1.0)


def test_data_without_a_range_are_not_scaled(table):
    source = tfgen.data.from_arrays(table, name="mine")
    with pytest.raises(ValueError, match="'mine' holds real numbers"):
        source.to_range((0, 1))
    with pytest.raises(ValueError, match=r"value_range is \(0, 255\)"):
        tfgen.data.load("digits").to_range((0, 255))


def test_rows_are_random_access(table):
    source = tfgen.data.from_arrays(table, np.arange(40), kind="points")
    x, labels = source.rows([7, 0, 7])
    np.testing.assert_array_equal(x, table[[7, 0, 7]].astype(np.float32))
    assert labels.tolist() == [7, 0, 7]
    assert source.rows([])[0].shape == (0, 2)
    part = source.subset([30, 20, 10]).take(2)
    assert part.labels.tolist() == [30, 20]
    assert len(source.take(99)) == 40


@pytest.mark.parametrize("indices", [[40], [-1], [0.5], [[0]], [True]])
def test_wrong_row_numbers_are_refused(table, indices):
    with pytest.raises(IndexError, match="rows"):
        tfgen.data.from_arrays(table).rows(indices)


def test_wrong_fractions_are_refused(table):
    source = tfgen.data.from_arrays(table)
    with pytest.raises(ValueError, match=r"sum to 0.9; expected"):
        source.divide((0.5, 0.4))
    with pytest.raises(ValueError, match="expected shares of at least 0"):
        source.divide((1.5, -0.5))


def test_fingerprint_sees_content_labels_order_and_scaling(table):
    def fingerprint(x, y, **options):
        return tfgen.data.from_arrays(x, y, **options).fingerprint()

    y = np.arange(40) % 2
    changed = table.copy()
    changed[3, 1] += 1e-9
    first = fingerprint(table, y)
    assert len(bytes.fromhex(first)) == 32
    assert fingerprint(table.copy(order="F"), y) == first
    others = {
        fingerprint(changed, y),
        fingerprint(table, 1 - y),
        fingerprint(table[::-1], y),
        fingerprint(table, y, kind="points"),
        first,
    }
    assert len(others) == 5


def test_description_is_one_line():
    source = tfgen.data.load("digits", "test")
    assert source.description == (
        "digits, test: 180 images of 8x8x1 in [0, 1], 10 classes"
    )


def test_few_distinct_rows_are_divided_by_rows_which_is_said():
    x = np.random.default_rng(0).integers(0, 2, (1000, 2))
    source = tfgen.data.from_arrays(x)
    with pytest.warns(tfgen.data.DataNote, match="only 4 of 1000 rows are dis"):
        parts = source.divide((0.8, 0.1, 0.1), 0)
    assert [len(part) for part in parts] == [800, 100, 100]
    stored = np.concatenate([part.indices for part in parts])
    assert sorted(stored.tolist()) == list(range(1000))
    for part in parts:
        # 100 draws of shares of a quarter: 25 with a deviation of 4.3.
        counts = np.unique(part.stored(), axis=0, return_counts=True)[1]
        assert len(counts) == 4
        assert (np.abs(counts / len(part) - 0.25) < 0.15).all()
    moved = tfgen.data.from_arrays(x[::-1]).divide((0.8, 0.1, 0.1), 0)
    for part, other in zip(parts, moved, strict=True):
        assert sorted(part.stored().tolist()) == sorted(other.stored().tolist())
    again = source.divide((0.8, 0.1, 0.1), 1)
    assert set(again[1].indices) != set(parts[1].indices)


def test_equal_rows_stay_together_where_there_are_enough(recwarn):
    x = np.random.default_rng(0).integers(0, 100, (1000, 1))
    parts = tfgen.data.from_arrays(x).divide((0.8, 0.1, 0.1), 0)
    seen = [set(part.stored().ravel().tolist()) for part in parts]
    assert seen[0].isdisjoint(seen[1] | seen[2])
    assert seen[1].isdisjoint(seen[2])
    assert min(len(part) for part in parts) >= 50
    assert not recwarn


def test_unscaled_rows_are_as_stored_where_tails_were_squashed():
    x = np.random.default_rng(0).normal(size=(200, 2))
    x[7, 0] = 5e9
    source = tfgen.data.from_arrays(x)
    assert source.columns[0].spread > 0
    np.testing.assert_array_equal(
        source.unscaled().arrays()[0], x.astype(np.float32)
    )
