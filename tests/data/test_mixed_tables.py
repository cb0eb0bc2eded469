"""Mixed tables: numbers for their cells, and cells for the numbers."""

import warnings

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from tfgen.data import DataNote, from_arrays, load
from tfgen.data.columns import restored, spelled
from tfgen.data.tables import read_table


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNote)
        yield


def frame_of(columns, rows, spell=False):
    """The table that rows in the columns' units stand for."""
    found = restored(columns, rows)
    return pd.DataFrame(spelled(columns, found) if spell else found)


def read(path):
    """The columns of a file, and its rows in their units."""
    table = read_table(path)
    rows = table.x
    if isinstance(rows, list):
        rows = np.stack(rows, axis=1) if rows else np.zeros((0, 0))
    return table.columns, rows


def everything(path):
    """All rows, standardized by all of them."""
    source = load(path, "all")
    return source.standardized_by(source)


TABLE = pd.DataFrame(
    {
        "city": ["Rome", "Oslo", None, "Rome"] * 3,
        "size": [1.5, np.nan, 2.5, 4.25] * 3,
        "rooms": pd.array([1, 2, None, 12], "Int64").tolist() * 3,
        "day": ["2024-01-31", "2024-02-01", "", "2023-12-24"] * 3,
        "new": [True, False, True, True] * 3,
    }
)
TABLE["rooms"] = TABLE["rooms"].astype("Int64")


@pytest.fixture
def path(tmp_path):
    TABLE.to_csv(tmp_path / "a.csv", index=False)
    return tmp_path / "a.csv"


def test_rows_as_a_model_sees_them(path):
    source = everything(path)
    assert source.feature_names == (
        *("city", "size", "size is missing", "rooms", "rooms is missing"),
        *("day", "day is missing", "new"),
    )
    assert source.reading.parts == (
        *(3, "number or 1", "number or 1", "number or 1", 2),
    )
    x = source.arrays()[0]
    assert x.dtype == np.float32
    sizes = TABLE["size"]
    np.testing.assert_allclose(
        x[:4, 1],
        [*((sizes - sizes.mean()) / sizes.std(ddof=0)).fillna(0)[:4]],
        rtol=1e-6,
    )
    np.testing.assert_array_equal(x[:4, 2], [0, 1, 0, 0])
    np.testing.assert_array_equal(x[:4, 0], [1, 0, 2, 1])
    np.testing.assert_array_equal(x[:4, 7], [1, 0, 1, 1])
    assert [a.dtype.itemsize for a in source.storage.arrays] == [
        *(1, 8, 1, 8, 1, 8, 1, 1),
    ]


def test_a_file_comes_out_as_it_went_in(path, tmp_path):
    frame_of(*read(path), spell=True).to_csv(tmp_path / "b.csv", index=False)
    assert (tmp_path / "b.csv").read_text() == path.read_text()
    source = everything(path)
    rows = source.original_units(source.arrays()[0])
    again = frame_of(source.columns, rows, spell=True)
    again.to_csv(tmp_path / "b.csv", index=False)
    assert (tmp_path / "b.csv").read_text() == path.read_text()


def test_marks_of_gaps_spellings_and_formats(tmp_path):
    text = (
        "a;b;c\nyes;?;31.12.2023 10:15\nno;1.50;\nyes;2.25;01.01.2024 00:00\n"
    )
    (tmp_path / "a.csv").write_text(text)
    out = frame_of(*read(tmp_path / "a.csv"), spell=True)
    out = out.to_csv(index=False, sep=";")
    assert out == text


def test_digits_that_floats_do_not_hold(tmp_path):
    # 2^60 and 2^60 + 1 are one float; so are close microseconds after 2038.
    rows = [
        "a,1152921504606846976,2045-01-15 15:16:31.050247",
        "b,1152921504606846977,2100-06-12 08:20:17.136829",
    ]
    text = "\n".join(["k,n,t", *rows * 5, ""])
    (tmp_path / "a.csv").write_text(text)
    out = frame_of(*read(tmp_path / "a.csv"), spell=True)
    assert out.to_csv(index=False) == text


def test_days_of_a_frame_are_written_without_a_time():
    days = pd.to_datetime(["2024-01-31", None, "2024-02-01"] * 4)
    source = from_arrays(pd.DataFrame({"day": days}))
    rows = source.original_units(source.arrays()[0])
    found = frame_of(source.columns, rows, spell=True)["day"]
    assert set(found) == {"2024-01-31", "", "2024-02-01"}


def test_ids_are_made_anew_and_constants_come_back(tmp_path):
    frame = pd.DataFrame({"n": range(5, 17), "v": "a", "x": ["u", "w"] * 6})
    frame.insert(0, "key", [f"K-{i:03d}/b" for i in range(12)])
    frame = frame.rename(columns={"n": "user_id"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    source = load(tmp_path / "a.csv", "all")
    assert source.shape == (1,)
    rows = restored(source.columns, np.zeros((2, 1)), first_row=3)
    assert list(rows) == ["key", "user_id", "v", "x"]
    assert rows["key"].tolist() == ["K-003/b", "K-004/b"]
    assert rows["user_id"].tolist() == [8, 9]
    assert rows["v"].tolist() == ["a", "a"]


def test_ids_count_on_beyond_a_small_type():
    frame = pd.DataFrame(
        {"n": np.arange(60, dtype=np.int8), "k": ["u", "w"] * 30}
    )
    columns = from_arrays(frame).columns
    rows = restored(columns, np.zeros((200, 1)))
    assert rows["n"].tolist() == list(range(200))


def test_frequent_numbers_have_a_code(tmp_path):
    values = [0.0] * 20 + [float(i) for i in range(7, 27)]
    frame = pd.DataFrame({"gain": values, "k": ["u", "w"] * 20})
    source = from_arrays(frame)
    x = source.arrays()[0]
    np.testing.assert_array_equal(x[:, 1], [1] * 20 + [0] * 20)
    np.testing.assert_array_equal(x[:20, 0], 0)
    assert x[20:, 0].mean() == pytest.approx(0, abs=1e-6)
    rows = source.original_units(x)
    assert frame_of(source.columns, rows)["gain"].tolist() == values
    # Whoever sends such a number need not know its code.
    sent = np.array([[0.0, 0.0, 1.0], [9.0, 0.0, 1.0]])
    seen = source.reading.from_data_units_tensor(sent).numpy()
    np.testing.assert_allclose(seen[:, :2], [[0, 1], [x[22, 0], 0]], rtol=1e-6)
    nearest = source.reading.nearest([[3.3, 1.2, 9.0], [9.4, 0.3, 0.2]])
    np.testing.assert_array_equal(nearest, [[0, 1, 1], [9, 0, 0]])


def test_other_rows_are_read_like_these(path, tmp_path):
    train = load(path, "all")
    TABLE.iloc[[3, 2], ::-1].to_csv(tmp_path / "b.csv", index=False)
    wanted = train.rows([3, 2])[0]
    new = load(tmp_path / "b.csv", like=train)
    np.testing.assert_array_equal(new.arrays()[0], wanted)
    new = from_arrays(pd.read_csv(tmp_path / "b.csv"), like=train)
    np.testing.assert_array_equal(new.arrays()[0], wanted)
    # Read by itself, its codes are others.
    alone = load(tmp_path / "b.csv", "all")
    assert alone.columns[-1].categories == ("Rome",)
    new = alone.read_like(train.reading)
    np.testing.assert_array_equal(new.arrays()[0], wanted)


def test_rows_that_do_not_fit_are_refused_at_once(path, tmp_path):
    train = load(path, "all")
    TABLE.assign(new="maybe").replace("Oslo", "Bonn").to_csv(
        tmp_path / "b.csv", index=False
    )
    with pytest.raises(ValueError) as caught:
        load(tmp_path / "b.csv", like=train)
    for part in (
        "line 3, column 'city': 'Bonn' is none of the 2 values known",
        "line 2, column 'new': 'maybe' is none of the 2 values known",
    ):
        assert part in str(caught.value)
    assert str(caught.value).endswith(
        ": write values as they were in the training data, or remove these "
        "rows; tfgen detect, score and impute go on with --on-unknown flag."
    )
    TABLE.drop(columns="city").to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(ValueError) as caught:
        load(tmp_path / "b.csv", like=train)
    assert str(caught.value).count("there is no column") == 1
    frame = TABLE.assign(new=None)
    with pytest.raises(ValueError, match="row 0, column 'new': the value is m"):
        from_arrays(frame, like=train)
    plain = from_arrays(np.zeros((4, 2)) + np.arange(4)[:, None])
    with pytest.raises(ValueError, match="cannot be read like"):
        plain.read_like(train.reading)


def test_gaps_in_rows_for_a_model_of_numbers_are_refused(tmp_path):
    train = from_arrays(pd.DataFrame({"a": [1.5, 2.5], "b": [1, 3]}))
    (tmp_path / "a.csv").write_text("a,b\n1.5,\nx,2\n")
    with pytest.raises(ValueError) as caught:
        load(tmp_path / "a.csv", like=train)
    assert "line 2, column 'b': the value is missing" in str(caught.value)
    assert "line 3, column 'a': 'x' is no finite number" in str(caught.value)


def test_codes_and_gaps_do_not_move_the_scale(path):
    source = everything(path)
    assert source.shift[0] == source.shift[7] == 0
    assert source.scale[0] == source.scale[7] == 1
    assert source.shift[1] == pytest.approx(np.mean([1.5, 2.5, 4.25]))
    seconds = pd.to_datetime(["2024-01-31", "2024-02-01", "2023-12-24"])
    seconds = seconds.as_unit("s").astype("int64")
    assert source.shift[5] == pytest.approx(np.mean(seconds))


texts = st.text("abé ,;\"'01", min_size=1, max_size=4).map(
    lambda text: f"t{text.strip()}"
)
KINDS = {
    "text": texts,
    "boolean": st.booleans(),
    "whole": st.integers(-(2**40), 2**40),
    "small": st.integers(0, 3),
    "decimal": st.decimals(-1000, 1000, places=2, allow_nan=False).map(float),
    "float": st.floats(-1e9, 1e9),
    "day": st.dates().map(pd.Timestamp),
    "time": st.datetimes(
        pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")
    ).map(lambda t: pd.Timestamp(t).floor("s")),
}


@st.composite
def tables(draw):
    """A frame of random columns with gaps."""
    rows = draw(st.integers(2, 24))
    kinds = draw(
        st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5)
    )
    frame = {}
    for i, kind in enumerate(kinds):
        values = draw(st.lists(KINDS[kind], min_size=rows, max_size=rows))
        gaps = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
        if draw(st.booleans()):
            gaps = [False] * rows
        values = [None if g else v for v, g in zip(values, gaps, strict=True)]
        frame[f"{kind}{i}"] = pd.Series(values)
    return pd.DataFrame(frame)


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(frame=tables())
def test_what_pandas_wrote_comes_out_as_it_went_in(tmp_path_factory, frame):
    folder = tmp_path_factory.mktemp("mixed")
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_parquet(folder / "a.parquet")
    for name, reader in (
        ("a.csv", pd.read_csv),
        ("a.parquet", pd.read_parquet),
    ):
        wanted = reader(folder / name)
        if frame.isna().all(axis=None):
            continue
        columns, rows = read(folder / name)
        if not rows.size:
            continue  # ids and constants alone
        out = frame_of(columns, rows, spell=name == "a.csv")
        if name == "a.csv":
            out.to_csv(folder / "out.csv", index=False)
            out = pd.read_csv(folder / "out.csv")
        ids = [column.name for column in columns if column.kind == "id"]
        assert list(out) == list(wanted)
        pd.testing.assert_frame_equal(
            out.drop(columns=ids), wanted.drop(columns=ids), rtol=1e-9
        )
