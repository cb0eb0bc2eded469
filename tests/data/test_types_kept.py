"""Types of Parquet files and frames come out as they came, and dates in text.

What is wanted is written down as Arrow, pandas or Python have it themselves.
"""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tfgen
from tfgen.data.columns import restored, spelled
from tfgen.runs.row_writer import RowWriter

NUMBERS = [1.5, 2.25, 3.125] * 4
TEXTS = ["red", "blue", "red", None] * 3
PRICES = [decimal.Decimal(n).scaleb(-2) for n in (600623, 4203570, 7988900)] * 4
DAYS = [datetime.date(1999, 12, 31), datetime.date(2024, 2, 29)] * 6


def rows_of(source):
    return source.storage.read(np.arange(len(source.storage)))


def again(path, out, pieces=1):
    """A file's own rows, written as samples are."""
    source = tfgen.data.load(path, "all")
    with RowWriter(out, source.columns) as file:
        for rows in np.array_split(rows_of(source), pieces):
            columns = restored(source.columns, rows)
            if out.suffix == ".csv":
                columns = spelled(source.columns, columns)
            file.append(columns)
    return source.columns


@pytest.mark.parametrize("texts", [[], TEXTS], ids=["numbers", "mixed"])
@pytest.mark.parametrize(
    "values",
    [
        pa.array(PRICES, pa.decimal128(9, 2)),
        pa.array([*PRICES[:-1], None], pa.decimal128(12, 3)),
        pa.array(DAYS),
        pa.array(DAYS[:-1] + [None]),
        pa.array([True, False, None] * 4),
        pa.array([None] * 12, pa.string()),
    ],
    ids=str,
)
def test_columns_of_arrow_keep_type_and_values(tmp_path, values, texts):
    names = ["a", "z", *(["t"] if texts else [])]
    arrays = [pa.array(NUMBERS), values, *([pa.array(texts)] if texts else [])]
    table = pa.table(arrays, names)
    pq.write_table(table, tmp_path / "a.parquet")
    if values.null_count == len(values):
        return  # without a type of pandas nothing says which gaps these are
    again(tmp_path / "a.parquet", tmp_path / "b.parquet")
    found = pq.read_table(tmp_path / "b.parquet")
    assert found["z"].type == values.type
    assert found["z"].to_pylist() == values.to_pylist()
    frames = [pd.read_parquet(tmp_path / f"{n}.parquet") for n in "ab"]
    pd.testing.assert_series_equal(frames[0]["z"], frames[1]["z"])


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, 2, 3] * 4, "Int64"),
        pd.array([1, 2, None] * 4, "Int16"),
        pd.array([1.5, 2.5, 9.75] * 4, "Float64"),
        pd.array([True, False, True] * 4, "boolean"),
        pd.array([True, False, None] * 4, "boolean"),
        pd.array([None] * 12, "boolean"),
        pd.array(["x", "y", None] * 4, "string"),
        pd.Categorical(["lo", "hi", None] * 4, ["lo", "mid", "hi"], True),
        pd.Categorical([3, 1, 3] * 4, [3, 2, 1]),
        pd.Categorical.from_codes(
            [0, 1, 0] * 4, pd.Index([7, 9], dtype="int8")
        ),
        pd.Categorical([0.5, 1.5, 0.5] * 4, ordered=True),
        pd.Categorical([True, False, True] * 4),
    ],
    ids=lambda values: str(values.dtype).split(",")[0],
)
@pytest.mark.parametrize("texts", [False, True])
def test_types_of_pandas_come_back(tmp_path, values, texts):
    columns = {"a": NUMBERS, "z": values} | ({"t": TEXTS} if texts else {})
    frame = pd.DataFrame(columns)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    again(tmp_path / "a.parquet", tmp_path / "b.parquet")
    found = pd.read_parquet(tmp_path / "b.parquet")
    wanted = pd.read_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(found, wanted)
    source = tfgen.data.from_arrays(frame)
    rows = restored(source.columns, rows_of(source))
    pd.testing.assert_series_equal(
        pd.Series(rows["z"]), frame["z"], check_names=False
    )


def test_a_piece_of_gaps_alone_is_of_the_column_s_type(tmp_path):
    frame = pd.DataFrame(
        {
            "a": NUMBERS,
            "day": [None] * 6 + DAYS[:6],
            "price": [None] * 6 + PRICES[:6],
            "truth": pd.Series([None] * 6 + [True, False] * 3, dtype=object),
        }
    )
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    again(tmp_path / "a.parquet", tmp_path / "b.parquet", pieces=2)
    found = pd.read_parquet(tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(found, frame, check_dtype=False)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (
            pd.Series([datetime.datetime(2024, 1, 31, 10)] * 12, dtype=object),
            "datetime64[us]",
        ),
        (pd.arrays.SparseArray([0, 0, 7] * 4), "int64"),
        (pd.array(PRICES, pd.ArrowDtype(pa.decimal128(9, 2))), "object"),
        (
            pd.array([*PRICES[:-1], None], pd.ArrowDtype(pa.decimal128(9, 2))),
            "object",
        ),
    ],
    ids=["datetime", "sparse", "decimal", "decimal with a gap"],
)
def test_frames_of_other_types_are_read(values, wanted):
    frame = pd.DataFrame({"t": TEXTS, "z": values})
    source = tfgen.data.from_arrays(frame)
    found = pd.Series(restored(source.columns, rows_of(source))["z"])
    assert found.dtype == wanted
    assert found.dropna().tolist() == pd.Series(values).dropna().tolist()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [2**70] * 12,
            "the type is whole numbers of more than 64 bits, expected numbers, "
            "texts or dates: convert the column, or leave it out.",
        ),
        (
            pd.to_datetime(["2020-01-01", "2020-01-02"] * 6)
            .tz_localize("UTC")
            .to_series(range(12))
            .map(lambda day: day.tz_convert(f"Etc/GMT{day.day:+d}"))
            .astype(object),
            "the type is times of several time zones, expected",
        ),
    ],
    ids=["wide", "zones"],
)
def test_what_no_column_can_be_is_refused(values, message):
    frame = pd.DataFrame({"t": TEXTS, "z": values})
    with pytest.raises(ValueError, match="column 'z': ") as caught:
        tfgen.data.from_arrays(frame)
    assert message in str(caught.value)


def test_a_frame_without_columns_is_refused():
    with pytest.raises(ValueError, match="x has no columns"):
        tfgen.data.from_arrays(pd.DataFrame(index=range(3)))


def test_times_keep_an_offset_that_all_have(tmp_path):
    hours = ["2024-01-31T10:00:00-05:00", "2024-03-01T23:30:00-05:00"] * 6
    pd.DataFrame({"a": NUMBERS, "t": hours}).to_csv(
        tmp_path / "a.csv", index=False
    )
    columns = again(tmp_path / "a.csv", tmp_path / "b.csv")
    assert columns[1].format == "%Y-%m-%dT%H:%M:%S-05:00"
    assert pd.read_csv(tmp_path / "b.csv")["t"].tolist() == hours


def test_times_of_several_offsets_come_out_in_utc(tmp_path):
    hours = ["2024-01-31 10:00:00+01:00", "2024-07-01 10:30:00+02:00"] * 6
    pd.DataFrame({"a": NUMBERS, "t": hours}).to_csv(
        tmp_path / "a.csv", index=False
    )
    with pytest.warns(tfgen.data.DataNote, match="times in t come out in UTC"):
        again(tmp_path / "a.csv", tmp_path / "b.csv")
    utc = ["2024-01-31 09:00:00+00:00", "2024-07-01 08:30:00+00:00"] * 6
    assert pd.read_csv(tmp_path / "b.csv")["t"].tolist() == utc


@pytest.mark.parametrize("form", ["€{}.50", "{}.50 EUR", "$ {}", "{},50€"])
def test_sums_with_a_currency_are_no_texts(tmp_path, form):
    lines = [f'"{form.format(i)}",{"xy"[i % 2]}' for i in range(30)]
    (tmp_path / "a.csv").write_text("\n".join(["sum,t", *lines]))
    with pytest.raises(ValueError, match="is no finite number .and 29 more.: "):
        tfgen.data.load(tmp_path / "a.csv")


@pytest.mark.parametrize("mixed", [False, True])
def test_numbers_whose_mean_is_beyond_64_bits_are_refused(mixed):
    columns = {"a": NUMBERS, "far": [1.7e308, 1.6e308, 1.5e308] * 4}
    frame = pd.DataFrame(columns | ({"t": TEXTS} if mixed else {}))
    with pytest.raises(ValueError, match="'far' has numbers up to 1.7e.308"):
        tfgen.data.from_arrays(frame, transform="standard").arrays()


def test_a_column_of_which_training_rows_have_no_number_is_near_to_0():
    far = [None] * 11 + [2e15]
    frame = pd.DataFrame({"a": NUMBERS, "far": far, "t": TEXTS})
    whole = tfgen.data.from_arrays(frame)
    train = whole.subset(np.arange(11))
    x, _ = whole.standardized_by(train).arrays()
    assert np.abs(x).max() < 10


def test_nothing_to_learn_says_why_and_what_to_do():
    frame = pd.DataFrame({"note": [f"text {i * 7} x" for i in range(30)]})
    with pytest.raises(ValueError, match="nothing to learn") as caught:
        tfgen.data.from_arrays(frame)
    assert "'note' (hardly a value comes twice, taken for ids)" in str(
        caught.value
    )
    assert '{"name": "note", "kind": "categorical"}' in str(caught.value)


@pytest.mark.parametrize("zones", [("Europe/Berlin", None), (None, "UTC")])
def test_times_with_and_without_a_zone_are_not_taken_for_each_other(zones):
    days = pd.Series(pd.date_range("2024-07-01", periods=12, freq="h"))
    train, new = (
        pd.DataFrame({"a": NUMBERS, "day": days.dt.tz_localize(zone)})
        for zone in zones
    )
    wanted, came = (zone or "none" for zone in zones)
    source = tfgen.data.from_arrays(train)
    message = f"column 'day': the time zone is {came}, expected {wanted}"
    with pytest.raises(ValueError, match=message):
        tfgen.data.from_arrays(new, like=source)


def test_times_of_another_zone_are_the_same_moments():
    hours = pd.Series(pd.date_range("2024-07-01", periods=12, freq="h"))
    berlin = hours.dt.tz_localize("Europe/Berlin")
    frame = pd.DataFrame({"a": NUMBERS, "day": berlin})
    source = tfgen.data.from_arrays(frame)
    frame["day"] = berlin.dt.tz_convert("Asia/Kolkata")
    found = tfgen.data.from_arrays(frame, like=source)
    np.testing.assert_array_equal(found.arrays()[0], source.arrays()[0])


def test_the_first_number_that_no_float_holds_keeps_its_digits(tmp_path):
    numbers = [0] * 9 + [1, 2**53 + 1]
    frame = pd.DataFrame({"n": numbers, "t": ["x", "y, z"] * 5 + ["x"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    again(tmp_path / "a.csv", tmp_path / "b.csv")
    assert pd.read_csv(tmp_path / "b.csv")["n"].tolist() == numbers
