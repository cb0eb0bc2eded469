"""Imputation draws from the model's distribution given what is there."""

import warnings

import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.models.imputation import Imputer

warnings.simplefilter("ignore", tfgen.data.DataNote)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    kind = rng.choice(["x", "y", "z"], 300)
    size = np.where(kind == "x", 0.0, 3.0) + rng.normal(0, 0.5, 300)
    twin = np.where(rng.random(300) < 0.8, kind, "x")
    return pd.DataFrame({"kind": kind, "size": size.round(3), "twin": twin})


@pytest.fixture(scope="module")
def model(frame):
    vae = tfgen.build(
        "vae",
        data=tfgen.data.from_arrays(frame),
        latent_dim=2,
        seed=0,
        network_options={"units": (16,)},
    )
    vae.compile(optimizer="adam")
    source = tfgen.data.from_arrays(frame)
    vae.fit(source, batch_size=30, epochs=30, verbose=0)
    return vae


def test_draws_have_the_decoder_s_own_probabilities(model, frame):
    """Of one column given the others, by its logits."""
    row = frame.iloc[[0]]
    many = pd.concat([row] * 3000, ignore_index=True)
    many["kind"] = pd.Series([None] * 3000, dtype=frame["kind"].dtype)
    drawn = model.impute(many, seed=1)["kind"]
    x = tfgen.data.from_arrays(row, like=model).arrays()[0]
    # The number, codes of kind and of twin, which of the three are given, and
    # that latents say nothing.
    told = [x[0, 1], 0, 0, 0, *np.eye(3)[int(x[0, 2])], 0, 1, 1, 1]
    outputs = np.array(model.decoder([np.zeros((1, 2)), np.float32([told])]))
    odds = np.exp(np.float64(outputs[0, 15:18]))  # after 5 Gaussians of size
    wanted = odds / odds.sum()
    shares = [(drawn == kind).mean() for kind in "xyz"]
    np.testing.assert_allclose(shares, wanted, atol=0.03)
    assert 0.02 < max(wanted) < 0.98  # it could fail


def test_dates_and_booleans_that_are_texts_stay_texts(tmp_path):
    """As pandas reads a file, which knows no such dates or booleans."""
    rows = [
        f"{i % 28 + 1:02d}.03.2024,{'yes' if i % 3 else 'no'}\n"
        for i in range(40)
    ]
    (tmp_path / "a.csv").write_text("day,paid\n" + "".join(rows))
    train = tfgen.data.load(tmp_path / "a.csv")
    assert [c.kind for c in train.columns] == ["datetime", "boolean"]
    vae = tfgen.build("vae", data=train, latent_dim=2)
    vae.compile(run_eagerly=True)  # nothing to trace for 3 steps
    vae.fit(train, batch_size=16, epochs=1, verbose=0)
    gaps = pd.DataFrame({"day": ["05.03.2024", None], "paid": [None, "no"]})
    filled = vae.impute(gaps)
    assert filled.dtypes.tolist() == gaps.dtypes.tolist()
    assert filled["day"][0] == "05.03.2024" and filled["paid"][1] == "no"
    assert pd.to_datetime(filled["day"][1], format="%d.%m.%Y").month == 3
    assert filled["paid"][0] in ("yes", "no")


def test_only_gaps_change_by_seed_and_row(model, frame):
    gaps = frame.copy()
    gaps.loc[5:9, "size"] = np.nan
    gaps.loc[[2, 7], "twin"] = None
    gaps["other"] = "kept"
    impute = Imputer(model).impute_frame  # traced once
    filled = impute(gaps, 3)
    assert list(filled) == list(gaps)
    assert not filled.isna().any(axis=None)
    pd.testing.assert_frame_equal(
        filled.where(gaps.notna()), gaps, check_dtype=False
    )
    assert filled["size"].between(frame["size"].min(), 9).all()
    assert set(filled["twin"]) <= {"x", "y", "z"}
    pd.testing.assert_frame_equal(impute(gaps, 3), filled)
    part = impute(gaps.iloc[:8], 3)
    pd.testing.assert_frame_equal(part, filled.iloc[:8])
    other = impute(gaps, 4)
    assert (other["size"] != filled["size"]).sum() == 5
    pd.testing.assert_frame_equal(model.impute(frame), frame)


def test_gaps_that_were_learned_are_filled(frame):
    table = frame.copy()
    table.loc[::3, "size"] = np.nan
    table.loc[::4, "kind"] = None
    vae = tfgen.build(
        "vae", data=tfgen.data.from_arrays(table), latent_dim=2, seed=0,
        network_options={"units": (8,)},
    )  # fmt: skip
    vae.compile(optimizer="adam", run_eagerly=True)  # for a few steps
    vae.fit(tfgen.data.from_arrays(table), batch_size=60, epochs=1, verbose=0)
    assert vae.reading.parts == (4, "number or 1", 3)
    filled = vae.impute(table)
    assert not filled.isna().any(axis=None)
    assert set(filled["kind"]) == {"x", "y", "z"}


def test_refusals(model, frame):
    with pytest.raises(ValueError, match="without the likelihood 'table'"):
        tfgen.build("vae", input_shape=(3,)).impute(frame)
    with pytest.raises(ValueError, match="does not know its columns"):
        tfgen.build("vae", input_shape=(1,), columns=[3]).impute(frame)
    with pytest.raises(ValueError, match="no column 'twin'; the model takes"):
        model.impute(frame.drop(columns="twin"))
    odd = frame.assign(kind="w")
    with pytest.raises(ValueError, match="row 0, column 'kind': 'w' is none"):
        model.impute(odd)
    own = tfgen.build(
        "vae",
        data=tfgen.data.from_arrays(frame),
        given_columns=False,
        network_options={"units": (4,)},
    )
    own.reading = model.reading
    with pytest.raises(ValueError, match="its decoder is told no columns"):
        own.impute(frame)


def test_several_draws_are_traced_once(model, frame):
    gaps = frame.copy()
    gaps.loc[5:9, "size"] = np.nan
    first = model.impute(gaps, seed=1)
    draw = model._imputer._draw
    traced = draw.experimental_get_tracing_count()
    for seed in (2, 3):
        assert not model.impute(gaps, seed=seed).equals(first)
    assert model._imputer._draw is draw
    assert draw.experimental_get_tracing_count() == traced
    # Of other weights, others: they are not traced with it.
    weights = model.get_weights()
    model.set_weights([0.5 * w for w in weights])
    assert not model.impute(gaps, seed=1).equals(first)
    model.set_weights(weights)
    assert model.impute(gaps, seed=1).equals(first)
