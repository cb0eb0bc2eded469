"""Rules of a schema hold in what commands write, after two epochs."""

import json

import numpy as np
import pandas as pd
import pytest

import tfgen as library

ROWS = 200
PAIRS = (("Rome", "IT"), ("Milan", "IT"), ("Oslo", "NO"), ("Bonn", "DE"))
RULES = [
    {"rule": "at_most", "left": "start", "right": "end"},
    {"rule": "together", "columns": ["city", "land"]},
    {"rule": "sum", "columns": ["net", "tax"], "total": "price"},
    {"rule": "unique", "columns": ["plate"]},
]


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """A CSV whose rows hold them, with gaps."""
    rng = np.random.default_rng(0)
    first = pd.Timestamp("2024-01-01")
    start = first + pd.to_timedelta(rng.integers(0, 200, ROWS), "D")
    end = start + pd.to_timedelta(rng.integers(0, 90, ROWS), "D")
    city, land = zip(*rng.choice(PAIRS, ROWS), strict=True)
    net = rng.lognormal(3, 0.5, ROWS).round(2)
    tax = (net * rng.choice([0.07, 0.19], ROWS)).round(2)
    frame = pd.DataFrame(
        {
            "city": city,
            "land": land,
            "start": start.strftime("%d.%m.%Y"),
            "end": end.strftime("%d.%m.%Y"),
            "net": net,
            "tax": tax,
            "price": (net + tax).round(2),
            "plate": 1000 + rng.permutation(3 * ROWS)[:ROWS],
        }
    )
    frame.loc[::9, "end"] = None
    frame.loc[::11, "tax"] = None
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(orders, tmp_path_factory, run_in):
    folder = tmp_path_factory.mktemp("held")
    (folder / "schema.json").write_text(json.dumps({"rules": RULES}))
    done = run_in(
        folder, "train", "vae", "--data", orders, "--schema", "schema.json",
        "--epochs", 2, "--width", 16, "--latent-dim", 2, "--out", "run",
    )  # fmt: skip
    assert done.status == 0, done.err
    return folder / "run"


def check(path, rows):
    """The rules, of a file as pandas reads it."""
    found = pd.read_csv(path)
    assert len(found) == rows
    start, end = (
        pd.to_datetime(found[name], format="%d.%m.%Y")
        for name in ("start", "end")
    )
    assert ((start <= end) | end.isna()).all()
    assert {*zip(found["city"], found["land"], strict=True)} <= {*PAIRS}
    cents = (found[["net", "tax", "price"]] * 100).round()
    sums = cents["net"] + cents["tax"] == cents["price"]
    assert (sums | found["tax"].isna()).all()
    assert not found["plate"].duplicated().any()
    return found


def test_samples_hold_them(tfgen, run, orders):
    done = tfgen("sample", run, "-n", 90, "--seed", 1, "--out", "a.csv")
    assert done.status == 0, done.err
    found = check("a.csv", 90)
    assert "of 90 rows were drawn again to hold the rules (" in done.err
    real = pd.read_csv(orders)
    for name in ("net", "tax", "price", "plate"):
        assert found[name].min() >= real[name].min()
        assert found[name].max() <= real[name].max()
        np.testing.assert_array_equal(found[name].round(2), found[name])
    for name in ("end", "tax"):
        assert found[name].isna().any()
    model = library.load(run)
    with pytest.warns(library.data.DataNote, match="were drawn again to hold"):
        frame = model.sample_rows(30, seed=1)  # fewer are the first of more
    np.testing.assert_array_equal(frame["price"], found["price"][:30])
    assert frame["start"].dt.strftime("%d.%m.%Y").equals(found["start"][:30])


def test_conditions_and_rules_hold(tfgen, run):
    where = "price=20..30,land=IT,end=01.04.2024..31.05.2024"
    options = ("-n", 40, "--seed", 1, "--out", "w.csv", "--force")
    done = tfgen("sample", run, "--where", where, *options)
    assert done.status == 0, done.err
    found = check("w.csv", 40)
    assert found["price"].between(20, 30).all()
    assert set(found["land"]) == {"IT"}
    assert set(found["end"].str[3:5]) <= {"04", "05"}
    where = "city=Rome,land=NO,plate=1000,start=01.05.2024..,end=..01.04.2024"
    done = tfgen("sample", run, "--where", where, *options)
    assert done.status == 1
    (line,) = [line for line in done.err.splitlines() if "rule 1" in line]
    for part in (
        "conditions that cannot hold the rules: rule 1 ('start' at most 'end'",
        "rule 2 (together: 'city', 'land'): no training row has such a comb",
        "rule 4 (unique: 'plate'): of 40 rows at most 1 can differ",
    ):
        assert part in line


def test_imputed_cells_hold_them(tfgen, run, orders):
    rng = np.random.default_rng(1)
    gaps = pd.read_csv(orders, dtype=str, keep_default_na=False)[:60]
    for name in gaps:
        gaps.loc[rng.random(60) < 0.2, name] = ""
    gaps.to_csv("gaps.csv", index=False)
    done = tfgen("impute", run, "gaps.csv", "--out", "i.csv")
    assert done.status == 0, done.err
    found = check("i.csv", 60)
    assert not found.isna().any(axis=None)
    filled = pd.read_csv("i.csv", dtype=str, keep_default_na=False)
    there = (gaps != "").to_numpy()
    np.testing.assert_array_equal(
        filled.to_numpy()[there], gaps.to_numpy()[there]
    )


def test_info_tells_them(tfgen, run):
    assert "'start' at most 'end'" in tfgen("info", run).out


def test_rows_that_break_them_are_refused(tfgen, orders, tmp_path):
    text = orders.read_text().splitlines()
    (tmp_path / "bad.csv").write_text("\n".join([*text, text[5]]))
    (tmp_path / "s.json").write_text(json.dumps({"rules": RULES}))
    options = ("--data", "bad.csv", "--schema", "s.json", "--out", "run")
    done = tfgen("train", "vae", *options)
    assert done.status == 1
    plate = text[5].split(",")[-1]
    assert (
        f"line {ROWS + 2}, rule 4 (unique: 'plate') does not hold: plate is "
        f"{plate}: mend these rows, or leave the rule out."
    ) in done.err
