"""A table's rows with values that the training data had not."""

import numpy as np
import pandas as pd
import pytest

import tfgen
from tfgen.runs.on_files import write_answers

ROWS = 40


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "city": rng.choice(["Oslo", "Rome"], ROWS),
            "size": rng.normal(size=ROWS).round(3),
            "paid": rng.choice(["yes", "no"], ROWS),
        }
    )


@pytest.fixture(scope="module")
def model(frame):
    source = tfgen.data.from_arrays(frame)
    vae = tfgen.build(
        "vae", data=source, latent_dim=2, network_options={"units": (8,)}
    )
    vae.compile("adam", run_eagerly=True)  # for one step
    vae.fit(source, batch_size=ROWS, epochs=1, verbose=0)
    return vae


@pytest.fixture
def new(frame):
    """Two rows of a new city, of which one lacks its size."""
    new = frame.copy()
    new.loc[[3, 7], "city"] = "Bonn"
    new.loc[7, "size"] = np.nan
    return new


def sources(new, model, folder):
    """The same rows as a frame, from a CSV and from Parquet."""
    new.to_csv(folder / "new.csv", index=False)
    new.to_parquet(folder / "new.parquet", index=False)
    yield tfgen.data.from_arrays(new, like=model, on_unknown="flag")
    for name in ("new.csv", "new.parquet"):
        yield tfgen.data.load(folder / name, like=model, on_unknown="flag")


def test_rows_are_flagged_alike_in_whatever_they_come(model, new, tmp_path):
    said = (
        "2 of 40 rows have values that the training data had not, flagged: "
        "column 'city': 'Bonn' is none of the 2 values known .2.; column "
        "'size': the value is missing .1.; the first is row 3, counted from 0"
    )
    with pytest.warns(tfgen.data.DataNote, match=said):
        frame, *files = sources(new, model, tmp_path)
    for source in (frame, *files):
        assert {n: [*np.flatnonzero(r)] for n, r in source.unknown.items()} == {
            "city": [3, 7],
            "size": [7],
        }
        known = np.delete(np.arange(ROWS), [3, 7])
        x, _ = source.rows(known)
        wanted = tfgen.data.from_arrays(new.iloc[known], like=model)
        np.testing.assert_array_equal(x, wanted.arrays()[0])
        assert [*source.subset([7, 8]).unknown["city"]] == [True, False]
        assert not source.subset(known).unknown


def test_they_are_refused_unless_asked_for(model, new, tmp_path):
    new.to_csv(tmp_path / "new.csv", index=False)
    line = "line 5, column 'city': 'Bonn' is none of the 2 values known"
    with pytest.raises(ValueError, match=line) as caught:
        tfgen.data.load(tmp_path / "new.csv", like=model)
    assert "go on with --on-unknown flag" in str(caught.value)
    with pytest.raises(ValueError, match="row 3, column 'city': 'Bonn' is"):
        tfgen.data.from_arrays(new, like=model)
    new.loc[2, "size"] = 2.5
    new["size"] = new["size"].astype(object)
    new.loc[2, "size"] = "large"
    new.to_csv(tmp_path / "text.csv", index=False)
    with pytest.raises(ValueError, match="'large' is no finite number"):
        tfgen.data.load(tmp_path / "text.csv", like=model, on_unknown="flag")


def test_other_choices_are_refused(frame, model):
    with pytest.raises(ValueError, match="'keep', expected one of refuse, fl"):
        tfgen.data.from_arrays(frame, like=model, on_unknown="keep")
    with pytest.raises(ValueError, match="without like= nothing is unknown"):
        tfgen.data.from_arrays(frame, on_unknown="flag")


def test_gaps_in_a_table_of_numbers():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(ROWS, 2)), columns=["a", "b"])
    source = tfgen.data.from_arrays(frame)
    new = frame.copy()
    new.loc[5, "b"] = np.nan
    with pytest.raises(ValueError, match="row 5, column 'b': the value is mi"):
        tfgen.data.from_arrays(new, like=source)
    found = tfgen.data.from_arrays(new, like=source, on_unknown="flag")
    assert [*np.flatnonzero(found.unknown["b"])] == [5]
    np.testing.assert_allclose(found.rows([4])[0], source.rows([4])[0])


def test_scores_are_as_low_as_can_be(model, new, tmp_path):
    source = tfgen.data.from_arrays(new, like=model, on_unknown="flag")
    write_answers(model, "score", source, tmp_path / "s.csv", lambda n: None)
    found = pd.read_csv(tmp_path / "s.csv")
    is_new = np.isin(np.arange(ROWS), [3, 7])
    assert (found["score"][is_new] == -np.inf).all()
    assert (found["log_likelihood"][is_new] == -np.inf).all()
    assert found["kl"].isna().tolist() == is_new.tolist()
    known = tfgen.data.from_arrays(new[~is_new], like=model)
    np.testing.assert_allclose(
        found["score"][~is_new], model.score(known), rtol=1e-4
    )


@pytest.mark.parametrize("measure", ["elbo", "latent", ["elbo", "latent"]])
def test_a_detector_takes_them_for_the_oddest(model, frame, new, measure):
    held_out = tfgen.data.from_arrays(frame, like=model)
    detector = tfgen.detection.Detector(model, held_out, measure, alpha=0.1)
    source = tfgen.data.from_arrays(new, like=model, on_unknown="flag")
    found = detector.detect(source)
    smallest = 1 / (ROWS + 1) * (2 if isinstance(measure, list) else 1)
    np.testing.assert_allclose(found.p_value[[3, 7]], smallest)
    assert found.is_odd[[3, 7]].all()
    assert {3, 7} == {*np.argsort(-found.score)[:2]}
    known = np.delete(np.arange(ROWS), [3, 7])
    wanted = detector.detect(held_out)
    np.testing.assert_allclose(found.score[known], wanted.score[known], 1e-4)
    assert (detector.predict(source)[[3, 7]] == -1).all()
    assert (detector.decision_function(source)[[3, 7]] < 0).all()


def test_what_is_unknown_has_all_of_the_share(model, frame, new):
    held_out = tfgen.data.from_arrays(frame, like=model)
    detector = tfgen.detection.Detector(model, held_out, alpha=0.1)
    source = tfgen.data.from_arrays(new, like=model, on_unknown="flag")
    why = detector.explain(source)
    np.testing.assert_array_equal(why.shares[3], [np.inf, 0, 0])
    np.testing.assert_array_equal(why.shares[7], [np.inf, np.inf, 0])
    assert np.isfinite(np.delete(why.shares, [3, 7], axis=0)).all()
    found = detector.detect(source)
    quality = tfgen.detection.detection_quality(
        found, np.isin(np.arange(ROWS), [3, 7])
    )
    assert quality.auroc == 1.0


def test_a_file_that_a_detector_reads_itself(model, frame, new, tmp_path):
    new.to_csv(tmp_path / "new.csv", index=False)
    held_out = tfgen.data.from_arrays(frame, like=model)
    detector = tfgen.detection.Detector(model, held_out, alpha=0.1)
    with pytest.warns(tfgen.data.DataNote, match="2 of 40 rows have values"):
        assert (detector.predict(tmp_path / "new.csv")[[3, 7]] == -1).all()


def test_imputation_keeps_them_and_draws_without(model, new):
    new.loc[3, "paid"] = None
    with pytest.raises(ValueError, match="row 3, column 'city': 'Bonn' is no"):
        model.impute(new)
    said = "texts that the training data had not stay.*'Bonn' is none of the 2"
    with pytest.warns(tfgen.data.DataNote, match=said):
        filled = model.impute(new, on_unknown="flag", seed=2)
    assert filled["city"].tolist() == new["city"].tolist()
    assert not filled.isna().any(axis=None)
    # As if nothing were known of the city.
    unknown = new.copy()
    unknown.loc[[3, 7], "city"] = None
    wanted = model.impute(unknown, seed=2)
    pd.testing.assert_frame_equal(
        filled.drop(columns="city"), wanted.drop(columns="city")
    )
