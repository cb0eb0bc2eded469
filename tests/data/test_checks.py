import re

import numpy as np
import pytest
import tensorflow as tf

import tfgen.data
from tfgen.data import check_examples, check_labels

SHAPE = (28, 28, 1)


def refusal(function, *arguments, **options) -> str:
    with pytest.raises(ValueError) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "x",
    [
        np.ones((2, 3)),
        np.ones((2, 3), np.float32, order="F"),
        np.ones((2, 3), np.int64),
        np.ones((2, 3), bool),
        [[1, 1, 1], [1, 1, 1]],
        tf.ones((2, 3)),
        tf.ones((2, 3), tf.bfloat16),
    ],
)
def test_numbers_of_any_kind_become_float32(x):
    examples = check_examples(x, shape=(3,), value_range=(0, 1))
    assert examples.dtype == np.float32
    np.testing.assert_array_equal(examples, [[1, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ({"image": 1}, "is a dict with keys 'image'"),
        ((i for i in range(3)), "can be read only once"),
        (iter([1]), "pass np.stack"),
        ("data.npz", "tfgen.data.load"),
        (tf.data.Dataset.range(3), "only fit and evaluate"),
        ([[1, 2], [3]], "parts differ in shape"),
        (np.array(["a"]), "dtype <U1"),
        (np.array([None]), "dtype object"),
        (np.zeros(3, complex), "dtype complex128"),
        (np.zeros((0, 3)), "is empty, its shape is (0, 3)"),
        (3.0, "single number"),
    ],
)
def test_what_is_no_array_is_refused(x, expected):
    assert expected in refusal(check_examples, x)


def test_a_source_is_refused():
    source = tfgen.data.from_arrays(np.eye(3))
    assert "source.arrays()[0]" in refusal(check_examples, source)


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((2, 28, 28), "x[..., None]"),
        ((28, 28, 1), "x[None]"),
        ((2, 1, 28, 28), "np.moveaxis(x, 1, -1)"),
        ((2, 784), "reshape"),
        ((2, 28, 28, 3), "3 channels instead of 1"),
        ((2, 32, 32, 1), "resize"),
        ((2, 5), "the rank is 2 instead of 4"),
    ],
)
def test_another_shape_is_refused_with_advice(shape, advice):
    message = refusal(check_examples, np.zeros(shape), shape=SHAPE)
    assert f"has shape {shape}; expected (n, 28, 28, 1)" in message
    assert advice in message


@pytest.mark.parametrize(
    ("x", "value_range", "expected"),
    [
        (np.array([[0, 255]], np.uint8), (0, 1), "divide by 255"),
        (np.array([[0.0, 255.0]]), (-1, 1), "divide by 255 and rescale"),
        (np.array([[-1.0, 1.0]]), (0, 1), "(x + 1) / 2"),
        (np.array([[-7.5, 3.0]]), (-1, 1), "from -7.5 to 3; expected [-1, 1]"),
    ],
)
def test_values_out_of_range_are_refused(x, value_range, expected):
    message = refusal(check_examples, x, value_range=value_range)
    assert expected in message


def test_rounding_at_the_border_is_clipped():
    assert check_examples([[1.000001]], value_range=(0, 1)) == 1.0


def test_an_overshoot_is_clipped_and_said():
    with pytest.warns(
        tfgen.data.DataNote, match="0.0009 to 1.0009; .* clipped"
    ):
        examples = check_examples(
            [[-0.0009, 0.5, 1.0009]], value_range=(0, 1), name="images"
        )
    np.testing.assert_array_equal(examples, np.float32([[0, 0.5, 1]]))
    assert "to 1.0011" in refusal(
        check_examples, [[1.0011]], value_range=(0, 1)
    )


def test_values_that_are_not_finite_are_counted():
    x = np.zeros((5, 2))
    x[3] = np.nan, np.inf
    message = refusal(check_examples, x, name="images")
    assert message.startswith("images has 2 values")
    assert "the first in row 3" in message


def test_float64_beyond_float32_is_refused():
    assert "too large for float32" in refusal(check_examples, [[1e300]])


def test_labels_become_int64():
    labels = check_labels(np.array([[2.0], [0.0]]), 3, 2)
    assert labels.dtype == np.int64
    assert labels.tolist() == [2, 0]


def test_one_hot_rows_become_class_numbers():
    labels = check_labels(np.eye(3, dtype=bool)[[2, 0]], 3, 2)
    assert labels.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 3], "class numbers from 0 to 3; expected 0 to 2 for 3"),
        ([-1, 0], "class numbers from -1 to 0"),
        ([0, 1, 2], "has 3 values for 2 examples"),
        ([0.5, 1], "fractions such as 0.5"),
        (np.eye(2), "one-hot rows of shape (2, 3)"),
        (np.eye(2, 3) / 2, "not one-hot, the first is row 0"),
        ([[1, 0, 0], [0, 1, 1]], "the first is row 1"),
        (["a", "b"], "dtype <U1"),
    ],
)
def test_wrong_labels_are_refused(y, expected):
    assert re.search(re.escape(expected), refusal(check_labels, y, 3, 2))
