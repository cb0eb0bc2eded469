"""Conditions hold in every row, and the others' odds are kept."""

import warnings

import keras
import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.data.columns import Column
from tfgen.data.conditions import find_conditions, split_where

warnings.simplefilter("ignore", tfgen.data.DataNote)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    kind = rng.choice(["x", "y", "z, w"], 300)
    size = np.where(kind == "x", 0.0, 30.0) + rng.normal(0, 5, 300)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        rng.integers(0, 300, 300), "D"
    )
    gain = np.where(rng.random(300) < 0.6, 0, rng.integers(1, 50, 300))
    frame = pd.DataFrame(
        {"kind": kind, "size": size.round(1), "day": days, "gain": gain}
    )
    frame.loc[::5, "size"] = np.nan
    return frame


@pytest.fixture(scope="module")
def model(frame):
    source = tfgen.data.from_arrays(frame)
    vae = tfgen.build(
        "vae",
        data=source,
        latent_dim=2,
        seed=0,
        network_options={"units": (16,)},
    )
    vae.compile(keras.optimizers.Adam(0.01))
    vae.fit(source, batch_size=30, epochs=60, verbose=0)
    return vae


WHERE = {
    "kind=x,size=5..40": lambda rows: (
        (rows["kind"] == "x") & rows["size"].between(5, 40)
    ),
    'kind="z, w",size=': lambda rows: (
        (rows["kind"] == "z, w") & rows["size"].isna()
    ),
    "day=2020-03-01..2020-03-05": lambda rows: rows["day"].between(
        pd.Timestamp("2020-03-01"), pd.Timestamp("2020-03-05")
    ),
    "gain=0,size=..0": lambda rows: (rows["gain"] == 0) & (rows["size"] <= 0),
    "gain=1..7": lambda rows: rows["gain"].between(1, 7),
    "size=12.3": lambda rows: rows["size"] == 12.3,
}


def test_they_hold_in_every_row(model, frame):
    for where, holds in WHERE.items():
        rows = model.sample_where(where, 100, seed=1)
        assert list(rows) == list(frame), where
        assert holds(rows).all(), where
    drawn = model.sample_where({"size": (20, None), "kind": "x"}, 50, seed=2)
    assert (drawn["size"] >= 20).all() and (drawn["kind"] == "x").all()


def test_the_others_have_the_odds_that_they_have_in_the_data(model, frame):
    """Against the rows of the data that fit: kinds, of which one does not."""
    for where, fits in {
        "size=25..35": frame["size"].between(25, 35),
        "size=..10": frame["size"] <= 10,
    }.items():
        drawn = model.sample_where(where, 2000, seed=4)
        for kind in ("x", "y", "z, w"):
            wanted = (frame[fits]["kind"] == kind).mean()
            found = (drawn["kind"] == kind).mean()
            assert found == pytest.approx(wanted, abs=0.08), (where, kind)
        mean = frame[fits]["size"].mean()
        assert drawn["size"].mean() == pytest.approx(mean, abs=1)


def test_a_row_goes_by_seed_and_number(model):
    rows = model.sample_where("kind=y", 9, seed=5)
    pd.testing.assert_frame_equal(
        model.sample_where("kind=y", 4, seed=5), rows[:4]
    )
    assert not model.sample_where("kind=y", 9, seed=6).equals(rows)


def test_a_server_gives_rows_that_keep_them(model, tmp_path):
    tfgen.export.export_saved_model(model, tmp_path / "model")
    report = tfgen.export.verify(tmp_path / "model" / "1")
    assert not report.problems
    assert "generate_where" in {s.name for s in report.signatures}
    served = tfgen.export.cpp_runtime.SavedModelSession(
        tmp_path / "model" / "1"
    )
    texts = np.array(
        [
            ["=z, w", "=5..40", "", "=0"],
            ["=x", "=", "=2020-03-01..2020-03-05", ""],
            ["=v", "", "", "=x"],
        ],
        object,
    )
    where = np.vectorize(str.encode, otypes=[object])(texts)
    answer = served.run("generate_where", where=where, seed=np.arange(3))
    x, problem = answer["x"], answer["problem"]
    kind, size, missing, day, gain, frequent = x[:2].T
    assert kind.tolist() == [2, 0] and 5 <= size[0] <= 40
    assert missing.tolist() == [0, 1] and frequent[0] == 1
    march = pd.Timestamp("2020-03-01").timestamp()
    assert march - 86400 / 2 <= day[1] <= march + 4.5 * 86400
    assert np.isnan(x[2]).all() and problem[:2].tolist() == [b"", b""]
    assert problem[2].decode() == (
        "column 'kind': '=v' is not one of =x, =y, =z, w; "
        "column 'gain': '=x' is not =number or =low..high within 0..48; "
    )


COLUMNS = (
    Column("land", "categorical", "str", categories=("DE", "FR"), missing=""),
    Column("age", "whole", "int64", low=17, high=90),
    Column("since", "datetime", format="%d.%m.%Y", step=86400.0),
    Column("id", "id"),
    Column("kids", "categorical", "int64", categories=("0", "1", "2")),
)
REFUSED = {
    "age=91..99": "column 'age': '91..99' lies outside of the data, which go "
    "from 17 to 90",
    "age=40..30": "'40..30' is an empty range",
    "age=20.2..20.8": "no value that the column may have (whole numbers)",
    "land=..": "column 'land': '..' has no end, expected one or both",
    "age=old": "column 'age': 'old' is no finite number",
    "age=": "column 'age': it has no gaps in the training data",
    "since=2020-13-01": "'2020-13-01' is no date",
    "kids=3..9": "'3..9' has none of its values, 0, 1, 2",
    "kids=2..1": "'2..1' is an empty range",
    "land=A..F": "'A..F' is none of its 2 values, such as 'DE', 'FR'; texts "
    "have no ranges",
    "id=3": "column 'id' is id, of which there is no choice",
    "land=F,ages=3": "'F' is none of its 2 values: did you mean 'FR'; there "
    "is no column 'ages': did you mean 'age'",
    "FR": "'FR' is no condition, expected 'country=FR,age=30..40'",
    "age=30,age=40": "column 'age' stands twice",
    "": "'' is no condition",
}


@pytest.mark.parametrize("where", REFUSED)
def test_refused(where):
    with pytest.raises(ValueError) as error:
        find_conditions(where, COLUMNS)
    assert REFUSED[where] in str(error.value)
    assert "\n" not in str(error.value)


def test_ranges_of_categories_that_are_numbers():
    """In the order of the numbers, whatever that of the categories."""
    kids = pd.DataFrame({"kids": np.tile([2, 10, 0, -1, 1], 30)})
    kids["size"] = kids["kids"] + np.random.default_rng(0).normal(size=150)
    source = tfgen.data.from_arrays(kids, schema="by_value")
    (column, _) = source.columns
    assert column.kind == "categorical" and "-1" in column.categories
    vae = tfgen.build("vae", data=source, seed=0)
    vae.reading = source.reading
    for where, wanted in {
        "kids=1..10": {1, 2, 10},
        "kids=..0": {-1, 0},
        "kids=0.5..1.5": {1},
        "kids=3..": {10},
    }.items():
        drawn = vae.sample_where(where, 60, seed=0)
        assert set(drawn["kids"]) == wanted, where
    where = np.array([[b"=1..10", b""], [b"=3..9", b""], [b"=1", b""]], object)
    answer = vae.run_endpoint(
        "generate_where", {"where": where, "seed": np.arange(3)}
    )
    assert column.categories[int(answer["x"][0, 0])] in ("1", "2", "10")
    assert column.categories[int(answer["x"][2, 0])] == "1"
    problem = answer["problem"][1].decode()
    assert "'=3..9' is not one of" in problem and "=low..high" in problem


def test_texts_are_split():
    assert split_where('a=1, "b,=""c"="x, y",d=') == {
        "a": "1",
        'b,="c': "x, y",
        "d": "",
    }
    (since,) = find_conditions("since=01.02.2020..2020-02-03", COLUMNS)
    days = pd.Timestamp("2020-02-01"), pd.Timestamp("2020-02-03")
    assert (since.low, since.high) == tuple(day.timestamp() for day in days)


def test_other_models_refuse(frame):
    vae = tfgen.build("vae", input_shape=(3,))
    with pytest.raises(ValueError, match="cannot sample by conditions: train"):
        vae.sample_where("a=1", 3)
    assert "generate_where" not in vae.endpoints()
