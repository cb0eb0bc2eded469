"""Frames of polars are read as the Parquet files that polars writes of them."""

import datetime

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest

import tfgen
from tfgen.data.frames import as_polars

DAY = datetime.date(2024, 2, 29)


@pytest.fixture
def frame():
    """Every kind of column, each with a gap in its second row."""
    columns = {
        "city": ["Rome", None, "Oslo", "Rome"],
        "rooms": [1, None, 3, 12],
        "size": [0.5, None, 2.5, float("nan")],
        "day": [DAY, None, DAY, DAY + datetime.timedelta(40)],
        "new": [True, None, False, True],
        "sold": [datetime.datetime(2024, 1, 1, 5, 30), None] * 2,
    }
    kind = pl.col("city").cast(pl.Categorical).alias("kind")
    return pl.DataFrame(columns).with_columns(kind)


def test_as_the_parquet_file(frame, tmp_path):
    path = tmp_path / "table.parquet"
    frame.write_parquet(path)
    found = tfgen.data.Schema.of(frame)
    assert found == tfgen.data.Schema.of(path)
    kinds = {column.name: column.kind for column in found.columns}
    assert kinds["rooms"] == "whole" and kinds["day"] == "datetime"


def test_values_come_back(frame):
    source = tfgen.data.from_arrays(frame)
    rows = source.reading.to_data_units(source.arrays()[0])
    values = tfgen.data.columns.restored(source.columns, rows)
    assert values["city"].isna().tolist() == [False, True, False, False]
    assert values["city"].dropna().tolist() == ["Rome", "Oslo", "Rome"]
    assert values["day"][3] == datetime.date(2024, 4, 9)
    assert values["rooms"].isna().tolist() == [False, True, False, False]
    assert values["rooms"].dropna().tolist() == [1, 3, 12]


def test_numbers_with_names_and_labels():
    numbers = pl.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 9.5]})
    source = tfgen.data.from_arrays(numbers, pl.Series(["x", "y", "x"]))
    assert source.reading.column_names == ("a", "b")
    assert source.class_names == ("x", "y")
    rows = source.reading.to_data_units(source.arrays()[0])
    np.testing.assert_allclose(rows, [[1, 0.5], [2, 1.5], [3, 9.5]], atol=1e-5)


def test_what_has_no_rows_yet_is_refused(frame):
    with pytest.raises(ValueError, match=r"LazyFrame.* pass x\.collect\(\)"):
        tfgen.data.from_arrays(frame.lazy())


@pytest.fixture(scope="module")
def model():
    """Of a table with texts, whole numbers and decimals."""
    keras.utils.set_random_seed(0)
    columns = {"city": ["Rome", "Oslo"] * 20, "rooms": [3, 7] * 20}
    table = pl.DataFrame({**columns, "size": [i / 8 for i in range(40)]})
    train = tfgen.data.from_arrays(table)
    model = tfgen.build("vae", data=train, latent_dim=2)
    model.compile(run_eagerly=True)  # nothing to trace for 2 steps
    model.fit(train.batches(20), epochs=1, verbose=0)
    return model


def test_gaps_are_filled_in_a_frame_of_polars(model):
    kinds = {"city": pl.String, "rooms": pl.Int16}
    gaps = pl.DataFrame(
        {
            "city": ["Rome", None],
            "rooms": [None, 7],
            "size": [0.5, 2.5],
            "key": [5, 6],
        },
        schema={**kinds, "size": pl.Float64, "key": pl.Int64},
    )
    filled = model.impute(gaps)
    assert filled.schema == gaps.schema
    assert filled["key"].to_list() == [5, 6]
    assert filled["city"][0] == "Rome" and filled["rooms"][1] == 7
    assert filled["city"][1] in ("Rome", "Oslo")
    assert 3 <= filled["rooms"][0] <= 7


def test_what_a_type_cannot_hold_is_not_lost():
    """Decimals in a column of whole numbers; a value that an Enum lacks."""
    found = pd.DataFrame({"a": [1.0, 2.5], "b": ["x", "y"], "c": [1.0, 2.0]})
    types = {"a": pl.Int64, "b": pl.Enum(["x"]), "c": pl.Int16}
    frame = as_polars(found, like=pl.DataFrame(schema=types))
    assert frame["a"].to_list() == [1.0, 2.5]
    assert frame["b"].to_list() == ["x", "y"]
    assert frame["c"].dtype == pl.Int16


def test_decimals_fill_gaps_of_whole_numbers(model):
    columns = {"city": ["Rome"] * 10, "rooms": [3] * 10}
    gaps = pl.DataFrame({"size": [1, *[None] * 9], **columns})
    filled = model.impute(gaps)["size"]
    assert filled.null_count() == 0 and filled[0] == 1
    assert any(value % 1 for value in filled)


def test_a_detector_reads_it_as_pandas():
    rng = np.random.default_rng(0)
    rows = pl.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60)})
    detector = tfgen.detection.Detector("vae", options={"epochs": 1})
    detector.fit(rows)
    assert detector.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(
        detector.score_samples(rows), detector.score_samples(rows.to_pandas())
    )
