import contextlib
import warnings

import numpy as np
import pandas as pd
import pytest

import tfgen.data
from tfgen.data import DataNote, from_arrays

RNG = np.random.default_rng(0)
FRACTIONS = RNG.uniform(0, 1, (6, 4, 4, 1))


def test_booleans_are_a_table_of_zeros_and_ones():
    source = from_arrays(np.array([[True, False], [False, False]] * 4))
    # A mean and a deviation of 1/2; a constant is 0.
    wanted = [[1.0, 0.0], [-1.0, 0.0]] * 4
    np.testing.assert_allclose(source.arrays()[0], wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "shape", "value_range"),
    [
        (np.full((2, 4, 4, 3), 255, np.uint8), (4, 4, 3), (0, 1)),
        (np.full((2, 4, 4), 255, np.int64), (4, 4, 1), (0, 1)),
        (np.full((2, 4, 4), 65535, np.uint16), (4, 4, 1), (0, 1)),
        (np.ones((2, 4, 4), bool), (4, 4, 1), (0, 1)),
        (np.ones((2, 4, 4), np.uint8), (4, 4, 1), (0, 1)),
        (np.ones((2, 4, 4), order="F"), (4, 4, 1), (0, 1)),
    ],
)
def test_white_images_of_any_type_become_one(x, shape, value_range):
    source = from_arrays(x)
    assert (source.kind, source.shape) == ("image", shape)
    assert source.value_range == value_range
    assert source.arrays()[0].dtype == np.float32
    assert (source.arrays()[0] == 1).all()


def test_fractions_keep_the_range_found():
    np.testing.assert_array_equal(
        from_arrays(FRACTIONS).arrays()[0], FRACTIONS.astype(np.float32)
    )
    both = 2 * FRACTIONS - 1
    assert from_arrays(both).value_range == (-1, 1)
    scaled = from_arrays(both, value_range=(0, 1)).arrays()[0]
    np.testing.assert_allclose(scaled, FRACTIONS, atol=1e-6)


def test_points_are_left_and_flat_images_scaled():
    x = RNG.normal(size=(5, 2))
    points = from_arrays(x, kind="points")
    assert points.value_range is None
    np.testing.assert_array_equal(points.arrays()[0], x.astype(np.float32))
    flat = from_arrays(np.full((2, 784), 255, np.uint8), value_range=(-1, 1))
    assert (flat.arrays()[0] == 1).all()
    assert not flat.standardized


@pytest.mark.parametrize(
    ("x", "options", "expected"),
    [
        (FRACTIONS * 255, {}, "divide by 255, or pass bit_depth=8"),
        (FRACTIONS - 9, {}, "expected whole numbers of 0 to 65535, or floats"),
        (np.zeros((2, 3, 8, 8)), {}, "np.moveaxis"),
        (np.zeros((2, 8, 8, 5)), {}, "1 or 3 channels"),
        (np.zeros(5), {}, "has shape (5,); expected"),
        (np.zeros((2, 3, 4)), {"kind": "table"}, "x.reshape(len(x), -1)"),
        (np.full((2, 4, 4), np.nan), {}, "32 values that are NaN"),
        (np.zeros((2, 2)), {"kind": "tabel"}, "expected 'image', 'table'"),
        (np.zeros((2, 2)), {"image_size": 4}, "are for images"),
        (np.zeros((2, 2)), {"feature_names": "abc"}, "3 feature_names"),
        (FRACTIONS, {"image_size": (0, 3)}, "expected a positive whole"),
        (FRACTIONS, {"color_mode": "gray"}, "'grayscale' or 'rgb'"),
        (FRACTIONS, {"value_range": (0, 2)}, "expected (0, 1) or (-1, 1)"),
        (iter([1]), {}, "read only once"),
    ],
)
def test_wrong_arrays_are_refused(x, options, expected):
    with pytest.raises(ValueError) as caught:
        from_arrays(x, **options)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_texts_are_numbered_in_sorted_order():
    source = from_arrays(np.eye(4), np.array(["cat", "dog", "ant", "cat"]))
    assert source.class_names == ("ant", "cat", "dog")
    assert source.labels.tolist() == [1, 2, 0, 1]
    assert from_arrays(np.eye(2), [b"x", b"y"]).class_names == ("x", "y")


@pytest.mark.parametrize(
    ("y", "labels", "names"),
    [
        ([[1], [3], [3]], [0, 1, 1], ("1", "3")),
        ([1, -1, 1], [1, 0, 1], ("-1", "1")),
        ([2016.0, 2015.0, 2015.0], [1, 0, 0], ("2015", "2016")),
        ([100, 300, 200], [0, 2, 1], ("100", "200", "300")),
        (["10", "9", "9"], [1, 0, 0], ("9", "10")),
        (["01", "1", "1"], [0, 1, 1], ("01", "1")),
    ],
)
def test_any_labels_become_classes_and_are_said(y, labels, names):
    texts = names == ("01", "1")
    with (
        contextlib.nullcontext()
        if texts
        else pytest.warns(DataNote, match="they become classes 0 to")
    ):
        source = from_arrays(np.eye(3), y)
    assert source.labels.tolist() == labels
    assert source.class_names == names


@pytest.mark.parametrize(
    ("y", "names"),
    [
        ([2, 0, 1], ("0", "1", "2")),
        (np.eye(3)[[2, 0, 1]], ("0", "1", "2")),
        (np.eye(3, dtype=bool)[[2, 0, 1]], ("0", "1", "2")),
    ],
)
def test_class_numbers_and_one_hot_rows_are_alike(y, names):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = from_arrays(np.eye(3), y)
    assert source.labels.tolist() == [2, 0, 1]
    assert source.class_names == names


def test_booleans_are_two_classes():
    source = from_arrays(np.eye(3), [True, False, True])
    assert source.labels.tolist() == [1, 0, 1]
    assert source.class_names == ("False", "True")


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 1, 2], "one label for each of the 2 examples"),
        ([[0.5, 0.5], [1, 0]], "rows are not one-hot"),
        ([0.5, 1], "fractions such as 0.5"),
        ([np.nan, 1], "NaN"),
        (["a", None], "1 missing labels, the first in row 1"),
    ],
)
def test_wrong_labels_are_refused(y, expected):
    with pytest.raises(ValueError, match=expected):
        from_arrays(np.eye(2), y)


def test_a_label_of_its_own_for_each_row_is_no_class():
    with pytest.raises(ValueError, match="200 different labels in 200 rows"):
        from_arrays(np.zeros((200, 1)), np.arange(200))


def test_class_names_must_cover_the_labels():
    with pytest.raises(ValueError, match="'c', which are not among"):
        from_arrays(np.eye(2), ["a", "c"], class_names=["a", "b"])
    with pytest.raises(ValueError, match="'2', which are not among"):
        from_arrays(np.eye(2), [1, 2], class_names=["0", "1"])
    with pytest.raises(ValueError, match="2, which are not among"):
        from_arrays(np.eye(2), [0, 2], class_names=["a", "b"])


def test_numbers_are_looked_up_among_names_or_are_places():
    by_name = from_arrays(np.eye(2), [2, 1], class_names=["1", "2"])
    by_place = from_arrays(np.eye(2), [1, 0], class_names=["cat", "dog"])
    assert by_name.labels.tolist() == by_place.labels.tolist() == [1, 0]


def test_images_are_resized_and_converted():
    x = np.zeros((2, 4, 4, 3), np.uint8)
    x[0] = 200
    x[1, ..., 1] = 255
    gray = from_arrays(x, image_size=(6, 8), color_mode="grayscale")
    assert gray.shape == (6, 8, 1)
    # A uniform image keeps its value; green weighs 0.587: 149.685 -> 150.
    values = gray.arrays()[0].reshape(2, -1) * 255
    np.testing.assert_allclose(values[0], 200, atol=1e-3)
    np.testing.assert_allclose(values[1], 150, atol=1e-3)
    rgb = from_arrays(FRACTIONS, color_mode="rgb").arrays()[0]
    np.testing.assert_array_equal(rgb[..., 0], rgb[..., 2])


def test_uint8_images_stay_bytes_in_memory():
    x = np.full((100, 8, 8, 1), 9, np.int64)
    assert from_arrays(x).storage.row_bytes == 64
    assert tfgen.data.load("digits").storage.row_bytes == 4 * 64


def test_a_source_knows_what_its_stored_values_are_meant_to_span():
    bytes_ = np.full((2, 4, 4), 9, np.uint8)
    assert from_arrays(bytes_).stored_range == (0, 255)
    assert from_arrays(bytes_).to_range((-1, 1)).stored_range == (0, 255)
    assert from_arrays(FRACTIONS * 2 - 1).stored_range == (-1, 1)
    assert from_arrays(np.ones((3, 2))).stored_range is None


class TestDataFrames:
    VALUES = {
        "flag": [True, False, True, True],
        "count": [1, 2, 3, 2**40],
        "share": [0.25, 0.5, 0.75, 1.0],
        "size": [1.5, 2.25, 3.0, 4.0],
    }
    TYPES = {"flag": "boolean", "count": "Int64", "share": "Float64"}

    @pytest.mark.parametrize("types", [{}, TYPES], ids=["numpy", "nullable"])
    def test_columns_as_of_a_file(self, tmp_path, types):
        frame = pd.DataFrame(self.VALUES).astype(types)
        frame.to_parquet(tmp_path / "a.parquet")
        file = tfgen.data.load(tmp_path / "a.parquet", "all")
        file = file.standardized_by(file)  # not by the training rows alone
        source = tfgen.data.from_arrays(frame)
        assert source.columns == file.columns
        assert [c.kind for c in source.columns] == [
            *("boolean", "whole", "decimal", "decimal")
        ]
        np.testing.assert_array_equal(source.stored(), file.stored())

    def test_one_type_stays(self):
        frame = pd.DataFrame(np.eye(3, dtype="float32"))
        assert tfgen.data.from_arrays(frame).storage.dtype == np.float32

    def test_all_columns_of_no_numbers_are_named(self):
        frame = pd.DataFrame(
            {
                "city": ["Paris", "Rome"],
                "wave": [1j, 2j],
                "span": pd.to_timedelta([1, 2], "s"),
            }
        )
        with pytest.raises(ValueError) as error:
            tfgen.data.from_arrays(frame)
        message = str(error.value)
        assert "column 'wave': the type is complex128, expected" in message
        assert "column 'span': the type is timedelta64" in message

    def test_labels(self):
        frame = pd.DataFrame(np.eye(3))
        flags = pd.Series([True, False, True], dtype="boolean")
        source = tfgen.data.from_arrays(frame, flags)
        assert source.class_names == ("False", "True")
        assert source.labels.tolist() == [1, 0, 1]
