"""How data were read, and other data read so."""

import json

import numpy as np
import pandas as pd
import pytest

import tfgen.data
from tfgen.data import DataNote, from_arrays, load
from tfgen.data.reading import Reading

ROWS = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 20.0]])
NAMES = ("a", "b")


@pytest.fixture
def train():
    return from_arrays(ROWS, ["x", "y", "y"], feature_names=NAMES)


def test_json_says_all_of_a_reading():
    for name in ("iris", "digits", "ring"):
        reading = tfgen.data.load(name).reading
        text = json.dumps(reading.to_json())
        assert Reading.from_json(json.loads(text)) == reading


def test_units_of_a_standardized_table(train):
    # Means 3 and 20, standard deviations sqrt(8/3) and sqrt(200/3).
    deviations = np.sqrt([8 / 3, 200 / 3])
    new = np.array([[4.0, 0.0]])
    expected = (new - [3, 20]) / deviations
    x = train.reading.from_data_units(new)
    np.testing.assert_allclose(x, expected, rtol=1e-6)
    np.testing.assert_allclose(train.reading.to_data_units(x), new, atol=1e-5)


def test_tensors_have_the_units_of_arrays():
    incomes = np.random.default_rng(0).lognormal(8, 1, (200, 2))
    incomes[7, 0] = 5e9
    reading = from_arrays(incomes).reading
    assert [column.spread > 0 for column in reading.columns] == [True, False]
    x = reading.from_data_units_tensor(incomes).numpy()
    np.testing.assert_array_equal(x, reading.from_data_units(incomes))
    back = reading.to_data_units_tensor(x).numpy()
    np.testing.assert_allclose(back, incomes, rtol=1e-5)


def test_rows_like_others_have_their_scale_and_columns(train):
    shuffled = from_arrays(ROWS[:, ::-1], feature_names=("b", "a"), like=train)
    np.testing.assert_array_equal(shuffled.arrays()[0], train.arrays()[0])
    assert shuffled.feature_names == NAMES
    part = from_arrays(ROWS[:1], feature_names=NAMES, like=train)
    np.testing.assert_array_equal(part.arrays()[0], train.arrays()[0][:1])


def test_columns_without_names_are_told_by_their_place(train):
    x = from_arrays(ROWS, like=train).arrays()[0]
    np.testing.assert_array_equal(x, train.arrays()[0])


def test_further_columns_are_left_out_and_named(train):
    rows = np.c_[ROWS[:, 1], [7, 8, 9], ROWS[:, 0]]
    with pytest.warns(DataNote, match="left out: c"):
        found = from_arrays(rows, feature_names=("b", "c", "a"), like=train)
    np.testing.assert_array_equal(found.arrays()[0], train.arrays()[0])


def test_all_that_differs_is_named_at_once(train):
    with pytest.raises(ValueError) as error:
        from_arrays(ROWS, ["y", "z", "w"], feature_names="cd", like=train)
    text = str(error.value)
    assert "no column 'a', 'b'" in text
    assert "the classes 'w', 'z' beside 'x', 'y'" in text
    assert "\n" not in text


def test_parts_of_what_is_read_like_others_keep_their_scale(train):
    rows = np.random.default_rng(0).normal(7, 5, (40, 2))
    for part in from_arrays(rows, feature_names=NAMES, like=train).divide(
        (0.5, 0.5)
    ):
        assert (
            part.reading
            == from_arrays(ROWS, feature_names=NAMES, like=train).reading
        )
    own = from_arrays(rows, feature_names=NAMES).divide((0.5, 0.5))[0]
    np.testing.assert_allclose(own.arrays()[0].mean(axis=0), 0, atol=1e-6)


def test_labels_are_numbered_as_in_training(train):
    found = from_arrays(ROWS, ["y", "y", "y"], feature_names=NAMES, like=train)
    assert found.labels.tolist() == [1, 1, 1]
    assert found.class_names == ("x", "y")


def test_images_like_others_have_their_size_colours_and_range():
    grey = from_arrays(np.full((3, 4, 4), 255, np.uint8), value_range=(-1, 1))
    found = from_arrays(np.zeros((2, 8, 8, 3), np.uint8), like=grey)
    assert found.shape == (4, 4, 1)
    np.testing.assert_array_equal(found.arrays()[0], -np.ones((2, 4, 4, 1)))


def test_a_file_is_read_like_a_source(tmp_path):
    file = tmp_path / "few.npz"
    np.savez(file, x=np.zeros((1, 8, 8), np.uint8), y=[7])
    found = tfgen.data.load(file, like=tfgen.data.load("digits"))
    assert len(found) == 1
    assert found.labels.tolist() == [7]


def test_other_kinds_are_refused(train):
    with pytest.raises(ValueError, match="images of 4x4x1, not 2 columns"):
        from_arrays(np.zeros((2, 4, 4)), kind="image").read_like(train.reading)
    with pytest.raises(ValueError, match="has 3 columns, not 2"):
        from_arrays(np.zeros((2, 3)), like=from_arrays(ROWS))
    with pytest.raises(ValueError, match="like is a str"):
        from_arrays(ROWS, like="run")


def test_columns_of_a_data_frame_are_told_by_their_names(train):
    frame = pd.DataFrame(ROWS[:, ::-1], columns=["b", "a"])
    found = from_arrays(frame, like=train)
    np.testing.assert_array_equal(found.arrays()[0], train.arrays()[0])
    assert from_arrays(frame).feature_names == ("b", "a")
    assert from_arrays(pd.DataFrame(ROWS)).feature_names is None


@pytest.mark.parametrize("like", ["from_arrays", "read_like"])
def test_few_images_are_read_in_the_range_of_training(like):
    def read(x, train):
        if like == "from_arrays":
            return from_arrays(x, like=train).arrays()[0]
        return from_arrays(x).read_like(train.reading).arrays()[0]

    signed = np.linspace(-1, 1, 32, dtype=np.float32).reshape(2, 4, 4)
    bright = np.full((1, 4, 4), 0.5, np.float32)
    assert (read(bright, from_arrays(signed)) == 0.5).all()
    deep = np.linspace(0, 4095, 32).astype(np.uint16).reshape(2, 4, 4)
    dark = np.full((1, 4, 4), 819, np.uint16)
    found = read(dark, from_arrays(deep))
    np.testing.assert_allclose(found, 0.2, rtol=1e-6)
    # Bytes are of 8 bits whatever the others are.
    byte = np.full((1, 4, 4), 51, np.uint8)
    np.testing.assert_allclose(read(byte, from_arrays(deep)), 0.2, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::tfgen.data.DataNote")
def test_a_header_is_part_of_it(tmp_path):
    """Whether there is one was said once; for others like these it holds."""
    lines = ["1,2", *(f"{i},{i * i}.5" for i in range(20))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    (tmp_path / "b.csv").write_text("\n".join(lines))
    train = load(tmp_path / "a.csv", "all", header=False)
    assert len(train) == 21
    assert train.reading.header is False
    again = Reading.from_json(json.loads(json.dumps(train.reading.to_json())))
    assert again.header is False
    assert len(load(tmp_path / "b.csv", like=again)) == 21


def test_arrays_without_labels_like_a_conditional_model():
    class Model:
        num_classes, endpoints = 2, ()

    model = Model()
    x, y = np.arange(12.0).reshape(6, 2), [0, 1] * 3
    model.reading = from_arrays(x, y).reading
    assert from_arrays(x[:3], like=model).class_names is None
    with pytest.raises(ValueError, match="it has the classes '7'"):
        from_arrays(x[:3], [0, 1, 7], like=model)
