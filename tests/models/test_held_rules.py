"""Rules hold in rows of a model that has hardly learned anything."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.data.rules import values_of
from tfgen.export.saved_model_writer import _describe
from tfgen.models.rule_limits import described_rules

warnings.simplefilter("ignore", tfgen.data.DataNote)
PAIRS = {("Rome", "IT"), ("Oslo", "NO"), ("Bonn", "DE")}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    city, land = zip(*rng.choice(sorted(PAIRS), 60), strict=True)
    net, tax = rng.integers(0, 900, (2, 60)) / 10
    columns = {"city": city, "land": land, "net": net, "tax": tax}
    return pd.DataFrame({**columns, "price": (net + tax).round(1)})


@pytest.fixture(scope="module")
def model(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("held") / "a.csv"
    frame.to_csv(path, index=False)
    rules = [
        {"rule": "together", "columns": ["city", "land"]},
        {"rule": "at_most", "left": "tax", "right": "price"},
        {"rule": "sum", "columns": ["net", "tax"], "total": "price"},
        {"rule": "unique", "columns": ["net", "tax"]},
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tfgen.data.DataNote)
        source = tfgen.data.load(path, schema={"rules": rules})
    vae = tfgen.build(
        "vae", data=source, latent_dim=2, network_options={"units": (4,)}
    )
    vae.compile("adam")
    vae.fit(source, batch_size=32, epochs=2, verbose=0)
    return vae


def check(rows):
    assert {*zip(rows["city"], rows["land"], strict=True)} <= PAIRS
    tenths = (rows[["net", "tax", "price"]] * 10).round().astype(int)
    assert (tenths["net"] + tenths["tax"] == tenths["price"]).all()
    np.testing.assert_array_equal(rows["price"].round(1), rows["price"])
    assert not rows.duplicated(["net", "tax"]).any()


def test_samples(model, frame):
    rows = model.sample_rows(50, seed=3)
    assert list(rows) == list(frame) and (rows.dtypes == frame.dtypes).all()
    check(rows)
    for name in ("net", "tax", "price"):
        assert rows[name].between(frame[name].min(), frame[name].max()).all()
    few = model.sample_rows(9, seed=3)
    pd.testing.assert_frame_equal(few, rows[:9])


def test_conditions(model):
    rows = model.sample_where("price=50..60,land=NO", 20, seed=1)
    check(rows)
    assert rows["price"].between(50, 60).all() and set(rows["city"]) == {"Oslo"}
    with pytest.raises(ValueError, match="has such a combination: loosen them"):
        model.sample_where("city=Rome,land=NO", 2)


def test_gaps(model, frame):
    rows = frame.copy()
    rows.loc[::3, "price"] = np.nan
    rows.loc[1::3, ["tax", "city"]] = None
    rows.loc[2::3, ["land"]] = None
    filled = model.impute(rows, seed=2)
    check(filled)
    # One alone that is missing goes by the others.
    pd.testing.assert_frame_equal(
        filled.drop(columns="city"), frame.drop(columns="city")
    )


def test_signatures_say_what_they_leave_to_clients(model):
    told = described_rules(model)
    assert told == {
        "narrow_draws": ["together: 'city', 'land'", "'tax' at most 'price'"],
        "left_to_clients": ["'net' + 'tax' = 'price'", "unique: 'net', 'tax'"],
    }
    described = _describe(model, SimpleNamespace(signatures={}), "", None)
    assert described["rules"] == told
    # Rows of the endpoint itself, which nobody draws again.
    x = model.run_endpoint("generate", {"seed": np.arange(200)})["x"]
    rows = model.reading.nearest(model.reading.to_data_units(x))
    places = values_of(model.reading.columns, rows, ["city", "land"])
    numbers, _ = model.reading.rules[0].numbers(places)
    assert {*map(tuple, numbers)} <= {*model.reading.rules[0].combinations}


def test_models_without_columns_refuse():
    vae = tfgen.build("vae", input_shape=(3,))
    with pytest.raises(ValueError, match="does not know the columns of a tabl"):
        vae.sample_rows(3)
