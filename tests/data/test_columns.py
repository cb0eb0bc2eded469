import json

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import datasets

from tfgen.data.columns import Column, find_columns, restored, spelled
from tfgen.data.notes import DataNote
from tfgen.data.squashing import (
    say_squashed,
    squash,
    squash_tensor,
    unsquash,
    unsquash_tensor,
    with_transform,
)

TAILED = Column("a", center=4.0, spread=2.0)
PLAIN = Column("b")


def only(x, **options):
    """The one column of these values."""
    return find_columns(np.asarray(x)[:, None], **options)[0]


def transformed(x, transform="auto"):
    x = np.asarray(x, float)[:, None]
    return with_transform(find_columns(x), x, transform)[0]


def test_squashing_is_asinh_about_the_center():
    x = np.array([[4.0, 7.0], [6.0, -1.0], [0.0, 0.0]])
    z = squash([TAILED, PLAIN], x)
    # asinh(y) = log(y + sqrt(y^2 + 1))
    expected = [0.0, np.log(1 + np.sqrt(2)), -np.log(2 + np.sqrt(5))]
    np.testing.assert_allclose(z[:, 0], expected, rtol=1e-15)
    assert z[:, 1].tolist() == [7.0, -1.0, 0.0]
    np.testing.assert_allclose(unsquash([TAILED, PLAIN], z), x, 1e-14, 1e-15)


def test_values_are_not_changed_in_place():
    x = np.array([[9.0]])
    unsquash([TAILED], squash([TAILED], x))
    assert x == 9


@hypothesis.given(
    x=hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e12, 1e12)),
    center=st.floats(-1e6, 1e6),
    spread=st.floats(1e-3, 1e6),
)
def test_unsquash_takes_squash_back(x, center, spread):
    columns = [Column("a", center=center, spread=spread), PLAIN]
    back = unsquash(columns, squash(columns, x))
    # A relative error in z <= 50 is 50 times as large in sinh(z).
    np.testing.assert_allclose(
        back, x, rtol=1e-13, atol=1e-13 * (abs(center) + spread)
    )
    tensor = unsquash_tensor(columns, squash_tensor(columns, tf.constant(x)))
    np.testing.assert_allclose(
        tensor, x, rtol=1e-13, atol=1e-13 * (abs(center) + spread)
    )


def test_tensors_and_arrays_agree():
    x = np.array([[5e9, 1.0], [-3.0, 2.0]])
    z = squash([TAILED, PLAIN], x)
    np.testing.assert_allclose(
        squash_tensor([TAILED, PLAIN], tf.constant(x)), z, rtol=1e-15
    )
    single = squash_tensor([TAILED, PLAIN], tf.constant(x, tf.float32))
    assert single.dtype == tf.float32
    np.testing.assert_allclose(single, z, rtol=1e-6)
    assert squash_tensor([PLAIN], z) is z
    assert unsquash_tensor([PLAIN], z) is z


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_overflows_and_gradients_are_finite(dtype):
    columns = [Column("a", center=1e6, spread=1e4), PLAIN]
    z = tf.constant([[1e4, 1e30], [-1e4, -1e30]], dtype)
    with tf.GradientTape() as tape:
        tape.watch(z)
        x = unsquash_tensor(columns, z)
    assert np.isfinite(x).all()
    assert np.isfinite(tape.gradient(x, z)).all()
    assert np.isfinite(unsquash(columns, z)).all()


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes", "iris"])
def test_ordinary_columns_are_not_squashed(name):
    x = getattr(datasets, f"load_{name}")().data
    found = with_transform(find_columns(x), x)
    assert [column.name for column in found if column.spread] == []


def test_one_mistyped_value_is_squashed_and_said():
    income = np.random.default_rng(0).lognormal(8, 1, 400)
    assert transformed(income).spread == 0
    income[7] = 5e9
    found = transformed(income)
    low, middle, high = np.quantile(income, (0.25, 0.5, 0.75))
    assert (found.center, found.spread) == (middle, high - low)
    # The rest is spread over the scale again, as it was without the value.
    z = squash([found], income[:, None])
    assert np.diff(np.quantile(z, (0.25, 0.75))) > 0.5 * z.std()
    with pytest.warns(DataNote, match="mistyped values in 'column_1':"):
        say_squashed([found])


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        ([0] * 95 + [2, 2, 3, 4, 10**6], 3),
        ([5] * 99 + [10**6], 0),
        ([5] * 100, 0),
        ([0] * 990 + [1] * 10, 0),
    ],
    ids=["counts", "two values", "constant", "rare flag"],
)
def test_columns_that_are_mostly_one_value(values, spread):
    assert transformed(values).spread == spread


def test_transform_can_be_set():
    cauchy = np.random.default_rng(0).standard_cauchy(500)
    assert transformed(cauchy).spread > 0
    assert transformed(cauchy, "standard").spread == 0
    assert transformed([1, 2, 3, 4, 5], "asinh").spread == 2
    assert transformed([5, 5], "asinh").spread == 0
    with pytest.raises(ValueError, match="expected one of auto, standard, asi"):
        transformed([1.0], "log")


def test_nothing_squashed_says_nothing(recwarn):
    say_squashed([PLAIN])
    assert not recwarn


@pytest.mark.parametrize(
    ("values", "kind", "decimals"),
    [
        ([18, 90], "whole", None),
        ([1.0, 2.0], "whole", None),
        ([0, 1], "whole", None),
        ([True, False], "boolean", None),
        ([0.5, 12.25, 3.1], "decimal", 2),
        ([1e-7, 0.5], "decimal", 7),
        ([0.1 + 0.2, 1.0], "decimal", None),
        ([np.pi, 1.0], "decimal", None),
        (np.array([0.1, 12.3], np.float32), "decimal", 1),
        (np.array([np.pi, 1.0], np.float32), "decimal", None),
        ([1e300, 0.5], "decimal", None),
    ],
)
def test_kinds_are_found(values, kind, decimals):
    found = only(values)
    assert (found.kind, found.decimals) == (kind, decimals)
    assert (found.low, found.high) == (min(values), max(values))


def test_names_are_given_or_numbered():
    x = np.zeros((2, 2))
    assert [c.name for c in find_columns(x)] == ["column_1", "column_2"]
    assert [c.name for c in find_columns(x, ["u", "v"])] == ["u", "v"]
    with pytest.raises(ValueError, match="the name 'u' more than once"):
        find_columns(x, ["u", "u"])


def test_samples_come_back_as_the_values_came():
    x = np.array([[18, 0, 0.5, 1], [90, 1, 12.25, 0]])
    columns = find_columns(
        x,
        ["age", "member", "price", "half"],
        dtypes=["int16", "bool", "float64", "float32"],
        texts={"member": ("no", "yes")},
    )
    assert columns[1].texts == ("no", "yes")
    drawn = [[17.2, 0.7, 3.14159, 0.4], [41.5001, 0.2, 99.0, -3.0]]
    back = restored(columns, drawn)
    assert back["age"].tolist() == [18, 42]
    assert back["member"].tolist() == [True, False]
    assert back["price"].tolist() == [3.14, 12.25]
    assert back["half"].tolist() == [0.0, 0.0]
    texts = spelled(columns, back)
    assert texts["member"].tolist() == ["yes", "no"]
    assert texts["age"] is back["age"]
    dtypes = [values.dtype.name for values in back.values()]
    assert dtypes == ["int16", "bool", "float64", "float32"]


@hypothesis.given(
    hnp.arrays(
        st.sampled_from(["int8", "uint8", "int32", "float32", "float64"]),
        st.tuples(st.integers(1, 5), st.integers(1, 3)),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_rows_that_were_seen_come_back_in_all_bits(x):
    back = restored(find_columns(x), x)
    for i, values in enumerate(back.values()):
        np.testing.assert_array_equal(values, x[:, i])
        assert values.dtype == x.dtype


@pytest.mark.parametrize("largest", [2**63 - 1, -(2**63)])
def test_bounds_of_64_bits_do_not_overflow(largest):
    values = restored([only([0, largest])], [[float(largest) * 2]])
    assert values["column_1"].dtype == np.int64
    np.testing.assert_allclose(
        values["column_1"].astype(float), largest, rtol=1e-15
    )


def test_json_keeps_every_field():
    full = Column("a", "boolean", "bool", 2, 0.1, 0.3, 1 / 3, 2.0, ("n", "y"))
    for column in (full, PLAIN):
        text = json.dumps(column.to_json(), allow_nan=False)
        assert Column.from_json(json.loads(text)) == column
    later = {**full.to_json(), "of_a_later_version": 1}
    assert Column.from_json(later) == full
