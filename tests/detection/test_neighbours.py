"""Distances to training rows, and means of measures, against SciPy."""

import json
import pathlib
import re
import shutil
import zipfile

import detectors
import numpy as np
import pandas as pd
import pytest
import scipy.spatial
import scipy.stats

import tfgen
from tfgen.cli.calibrate import calibrate
from tfgen.data import DataNote
from tfgen.data.table_parts import TableParts
from tfgen.detection import Detector, explanation, neighbours
from tfgen.detection.on_run import DetectionOfRuns
from tfgen.evaluation.detection import measure as evaluated
from tfgen.evaluation.subject import Subject
from tfgen.export import SavedModelSession
from tfgen.runs.run import Run

BOTH = ["bound", "neighbours"]
MEAN = {"combine": "mean", "k": 5}


@pytest.fixture(scope="module")
def train(exact):
    return exact.data(300, seed=20)


@pytest.fixture(scope="module")
def held_out(exact):
    return exact.data(999, seed=1)


@pytest.fixture(scope="module")
def both(exact, held_out, train):
    """By the mean of bound and distances."""
    return Detector(exact.vae, held_out, BOTH, train=train, **MEAN)


def fifth(x, rows):
    """The fifth smallest distance of each row, by SciPy."""
    distances = scipy.spatial.distance.cdist(np.float64(x), np.float64(rows))
    return np.sort(distances, axis=1)[:, 4]


def scaled(usual, x):
    return (x - usual.mean()) / usual.std()


def test_distances_are_those_of_scipy(exact, held_out, train):
    detector = Detector(exact.vae, held_out, "neighbours", train=train)
    x = np.concatenate([exact.data(600, seed=2), train[:3]])
    found = detector.detect(x)
    np.testing.assert_allclose(found.score, fifth(x, train), rtol=1e-6)
    usual = fifth(held_out, train)
    more = (usual[None] >= found.score[:, None]).sum(axis=1)
    np.testing.assert_allclose(found.p_value, (1 + more) / 1000, atol=0.0011)


@pytest.mark.parametrize("family", ["gan", "vae_gan"])
def test_of_other_families_too(exact, held_out, train, family):
    """Whatever the model is: images of a VAE and a mixed table are below."""
    model = tfgen.build(family, input_shape=(4,), network="mlp")
    detector = Detector(model, held_out, "neighbours", train=train)
    x = exact.data(50, seed=2)
    found = detector.explain(x)
    np.testing.assert_allclose(found.score, fifth(x, train), rtol=1e-6)


def test_near_rows_are_told_apart(exact):
    """Where squares of large numbers would cancel."""
    rows = np.float32(1000 + np.arange(8)[:, None] * 1e-3 * np.ones(4))
    detector = Detector(exact.vae, rows[:7] + 1, "neighbours", train=rows)
    wanted = fifth(rows, rows)
    assert wanted.max() < 0.02
    np.testing.assert_allclose(-detector.score_samples(rows), wanted, rtol=1e-6)


def test_of_fewer_than_five_rows_the_last(exact, held_out):
    rows = exact.data(2)
    detector = Detector(exact.vae, held_out[:50], "neighbours", train=rows)
    apart = scipy.spatial.distance.cdist(held_out[:9], rows).max(axis=1)
    found = -detector.score_samples(held_out[:9])
    np.testing.assert_allclose(found, apart, rtol=1e-6)


def test_a_mean_of_measures_by_hand(exact, both, held_out, train):
    x = exact.data(40, seed=3)
    normal = scipy.stats.multivariate_normal(exact.mean, exact.covariance)
    bounds = [-normal.logpdf(np.float64(rows)) for rows in (held_out, x)]
    distances = [fifth(rows, train) for rows in (held_out, x)]
    wanted = (scaled(*bounds) + scaled(*distances)) / 2
    np.testing.assert_allclose(-both.score_samples(x), wanted, atol=1e-4)
    assert both.words == "mean of bound and neighbours"


def test_a_mean_of_an_ensemble_by_hand(exact, held_out, train):
    wide = exact.linear(tfgen.probability.Gaussian(1.0))
    x, models = exact.data(40, seed=3), [exact.vae, wide]
    both = ["elbo", "neighbours"]
    detector = Detector(models, held_out, both, train=train, **MEAN)
    each = [
        scaled(-np.float64(model.score(held_out)), -np.float64(model.score(x)))
        for model in models
    ]
    apart = scaled(fifth(held_out, train), fifth(x, train))
    wanted = (np.mean(each, axis=0) + apart) / 2
    np.testing.assert_allclose(-detector.score_samples(x), wanted, atol=1e-4)
    why = detector.explain(x)
    total = why.shares.sum(axis=1) + why.rest
    np.testing.assert_allclose(total, why.score - why.reference, atol=1e-9)


def test_the_rate_of_alarms(exact, both):
    usual = both.p_values(exact.data(200, seed=4))
    odd = both.p_values(exact.data(200, seed=5) + np.float32([0, 0, 0, 6]))
    for alpha in (0.01, 0.05, 0.1):
        alarms = int(np.sum(usual <= alpha))
        assert scipy.stats.binomtest(alarms, 200, alpha).pvalue > 0.01
        assert np.mean(odd <= alpha) > 0.3
    # As one score, without Bonferroni's rule.
    assert both.p_values(np.full((1, 4), 1e3)) == 1 / 1000


def test_shares_of_distances_by_hand(exact, held_out, train):
    x = exact.data(20, seed=6)
    detector = Detector(exact.vae, held_out, "neighbours", train=train)
    why = detector.explain(x)

    def values(rows):
        without = [
            fifth(np.delete(rows, i, axis=1), np.delete(train, i, axis=1))
            for i in range(4)
        ]
        return fifth(rows, train)[:, None] - np.transpose(without)

    wanted = values(x) - np.median(values(held_out), axis=0)
    np.testing.assert_allclose(why.shares, wanted, atol=1e-6)
    total = why.shares.sum(axis=1) + why.rest
    np.testing.assert_allclose(total, why.score - why.reference, atol=1e-9)


def test_shares_on_the_way_from_usual_rows_by_hand(exact, held_out, train):
    """Of a quadratic score integrals are exact: its slope in the middle."""
    x, both = exact.data(20, seed=6), ["bound", "neighbours"]
    detector = Detector(exact.vae, held_out, both, train=train, **MEAN)
    precision = np.linalg.inv(exact.covariance)

    def values(rows):
        rows, usual = np.float64(rows), np.float64(train)
        distances = scipy.spatial.distance.cdist(rows, usual)
        near = usual[np.argsort(distances, axis=1)[:, :5]]
        middle = (rows[:, None] + near) / 2 - exact.mean
        likelihood = np.mean((rows[:, None] - near) * (middle @ precision), 1)
        normal = scipy.stats.multivariate_normal(exact.mean, exact.covariance)
        # Beside another measure distances say nothing of values.
        return likelihood / normal.logpdf(np.float64(held_out)).std() / 2

    wanted = values(x) - np.median(values(held_out), axis=0)
    # Of the ELBO's few draws.
    np.testing.assert_allclose(detector.explain(x).shares, wanted, atol=0.03)


def test_the_changed_column_is_found_by_both(exact, both):
    random = np.random.default_rng(3)
    x = exact.data(200, seed=7)
    columns = random.integers(0, 4, 200)
    x[np.arange(200), columns] += 5.0
    why = both.explain(x)
    total = why.shares.sum(axis=1) + why.rest
    np.testing.assert_allclose(total, why.score - why.reference, atol=1e-9)
    np.testing.assert_array_equal(why.score, -both.score_samples(x))
    assert np.mean(why.shares.argmax(axis=1) == columns) > 0.8


def test_kept_and_served_it_is_the_same(exact, held_out, train, tmp_path):
    model, x = exact.linear(), 1.5 * exact.data(50, seed=8)
    given = {"train": train, "alpha": 0.1, **MEAN}
    detector = Detector(model, held_out, ["elbo", "neighbours"], **given)
    detector.keep()
    model.save(tmp_path / "model.keras")
    again = Detector.of(tmp_path / "model.keras")
    kept = again.models[0].held_out_scores
    assert str(kept) == (
        "mean of elbo and neighbours, by 999 held-out rows, alpha 0.1, keeps "
        "300 training rows"
    )
    assert kept.describe()["training_rows"] == 300
    for name, values in vars(detector.detect(x)).items():
        np.testing.assert_array_equal(getattr(again.detect(x), name), values)
    wanted, why = detector.explain(x), again.explain(x)
    np.testing.assert_array_equal(why.shares, wanted.shares)
    path = detectors.export_alone(again.models[0], tmp_path / "m")
    with SavedModelSession(path) as session:
        answer = session.run("detect", x=x, alpha=np.full(50, 0.1))
        shares = session.run("explain", x=x)
    found = again.detect(x)
    for name in ("score", "p_value", "is_odd"):
        values = np.float32(getattr(found, name))
        np.testing.assert_array_equal(answer[name], values)
    assert 5 < found.is_odd.sum() < 45
    np.testing.assert_allclose(shares["share"], wanted.shares, atol=1e-6)
    np.testing.assert_array_equal(shares["score"], np.float32(found.score))


def test_files_of_before_are_the_detectors_they_were(exact, held_out, tmp_path):
    """Without what means and neighbours need."""
    model, x = exact.linear(), exact.data(30, seed=2)
    detector = Detector(model, held_out, ["reconstruction", "latent"])
    detector.keep()
    model.save(tmp_path / "new.keras")
    with (
        zipfile.ZipFile(tmp_path / "new.keras") as new,
        zipfile.ZipFile(tmp_path / "old.keras", "w") as old,
    ):
        for name in new.namelist():
            content = new.read(name)
            if name.endswith("held_out_scores.npz"):
                content = _as_before(content, tmp_path)
            old.writestr(name, content)
    again = Detector.of(tmp_path / "old.keras")
    assert again.words == "reconstruction and latent"
    np.testing.assert_array_equal(
        again.detect(x).score, detector.detect(x).score
    )


def _as_before(content, folder):
    file = pathlib.Path(folder, "scores.npz")
    file.write_bytes(content)
    with np.load(file) as arrays:
        values = json.loads(str(arrays["text"]))
        values.pop("combine")
        np.savez(file, text=json.dumps(values), scores=arrays["scores"])
    return file.read_bytes()


def test_refused(exact, held_out, train):
    with pytest.raises(ValueError, match="needs rows that the model was train"):
        Detector(exact.vae, held_out, "neighbours")
    with pytest.raises(ValueError, match="are the same rows"):
        Detector(exact.vae, held_out, "neighbours", train=held_out)
    with pytest.raises(ValueError, match="combine is 'sum', expected one of"):
        Detector(exact.vae, held_out, ["elbo", "latent"], combine="sum")
    private = tfgen.build("vae", input_shape=(4,), privacy="epsilon=3")
    with pytest.raises(ValueError, match="promises epsilon=3 to each: take an"):
        Detector(private, held_out, "neighbours", train=train)


def test_of_many_rows_some_are_kept(exact, held_out, monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_ROWS", 100)
    rows = exact.data(500, seed=9)
    wanted = "of 500 training rows 100, drawn by chance, are kept"
    with pytest.warns(DataNote, match=wanted):
        detector = Detector(exact.vae, held_out, "neighbours", train=rows)
    assert detector.num_training_rows == 100
    found = -detector.score_samples(held_out)
    assert (found > fifth(held_out, rows) - 1e-6).all()
    assert np.corrcoef(found, fifth(held_out, rows))[0, 1] > 0.8


def test_images_are_told_by_all_their_pixels():
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)) / 255
    model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=2)
    held_out, train = np.float32(x[:20]), np.float32(x[20:])
    detector = Detector(model, held_out, "neighbours", train=train)
    wanted = fifth(held_out.reshape(20, -1), train.reshape(20, -1))
    found = -detector.score_samples(held_out)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert detector.explain(held_out).shares.shape == held_out.shape


@pytest.mark.parametrize("family", ["vae", "gan"])
def test_codes_of_a_mixed_table_count_one(family, monkeypatch):
    """By hand: numbers of variance 1, and 1 for another text or a gap."""
    frame = pd.DataFrame(
        {
            "size": np.arange(60) * 0.37 % 7,
            "kind": [("red", "green", "blue")[i % 3] for i in range(60)],
        }
    )
    frame.loc[::7, "size"] = np.nan
    source = tfgen.data.from_arrays(frame)
    train, held_out = source.subset(np.arange(40)), source.subset(range(40, 60))
    model = tfgen.build(family, data=train)
    detector = Detector(model, held_out, "neighbours", train=train)
    x, rows = held_out.arrays()[0], train.arrays()[0]
    levels = np.array(TableParts(tuple(train.reading.parts)).levels)
    assert (levels > 0).any() and (levels == 0).any()
    apart = x[:, None] - rows[None]
    squares = np.where(levels > 0, np.round(apart) != 0, apart**2)
    distances = np.sqrt(squares.sum(axis=2))
    wanted = np.sort(distances, axis=1)[:, 4]
    found = -detector.score_samples(held_out)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    without = np.sort(squares.sum(axis=2)[..., None] - squares, axis=1)[:, 4]
    values = wanted[:, None] - np.sqrt(without.clip(0))
    np.testing.assert_allclose(
        detector.explain(held_out).shares,
        values - np.median(values, axis=0),
        atol=1e-5,
    )
    if family == "gan":
        return
    # Between two codes there is none.
    monkeypatch.delattr(explanation, "integrated_gradients")
    both = ["elbo", "neighbours"]
    detector = Detector(model, held_out, both, train=train, combine="mean")
    why = detector.explain(held_out)
    total = why.shares.sum(axis=1) + why.rest
    np.testing.assert_allclose(total, why.score - why.reference, atol=1e-6)


def test_of_large_images_fewer_are_kept(monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_VALUES", 64 * 7 + 63)
    x = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)) / 255
    model = tfgen.build("vae", input_shape=(8, 8, 1), latent_dim=2)
    with pytest.warns(DataNote, match="of 20 training rows 7, drawn"):
        detector = Detector(
            *(model, np.float32(x[20:]), "neighbours"), train=np.float32(x[:20])
        )
    assert detector.num_training_rows == 7


@pytest.fixture(scope="module")
def run(exact, tmp_path_factory, without_pictures):
    """A run of the preset that recommends both."""
    folder = tmp_path_factory.mktemp("preset")
    rows = exact.data(400, seed=10)
    frame = pd.DataFrame(rows, columns=[*"abcd"])
    frame.to_csv(folder / "rows.csv", index=False)
    given = {"data": str(folder / "rows.csv"), "preset": "detector_table"}
    Run.new(folder / "run", given | {"epochs": 1}).train()
    return folder / "run"


def test_a_run_takes_what_its_preset_recommends(run, tmp_path):
    data = str(run.parent / "rows.csv")
    found = DetectionOfRuns([run], data)
    found.calibrate(None, None, None, 5)
    assert found.detector.words == "mean of elbo, neighbours and mixture"
    model = tfgen.load(run)
    held_out = tfgen.data.load(data, "validation", like=model)
    by_folder = Detector(run, held_out, k=5)
    rows = tfgen.data.load(data, "test", like=model)
    wanted = found.detector.detect(rows).score
    np.testing.assert_array_equal(by_folder.detect(rows).score, wanted)
    # The neighbours are the training split.
    split = tfgen.data.load(data, "train", like=model)
    assert by_folder.num_training_rows == len(split)
    found.calibrate(None, ["elbo"], None, None)
    assert found.detector.words == "elbo"
    found.calibrate(None, ["elbo", "latent"], None, None)
    assert found.detector.words == "elbo and latent"
    found.calibrate(None, None, None, 5, "max")
    assert found.detector.words == "elbo, neighbours and mixture"


def test_a_calibrated_run_keeps_them(run, tmp_path, capsys):
    copy = shutil.copytree(run, tmp_path / "run")
    calibrate(copy, k=5)
    said = capsys.readouterr().out
    assert re.search("measure +mean of elbo, neighbours and mixture", said)
    assert re.search(r"keeps +\d+ training rows as they are, here", said)
    data = str(run.parent / "rows.csv")
    found = DetectionOfRuns([copy], data)
    found.calibrate(None, None, None, None)
    assert found.detector.source == "the run's validation split"
    assert found.detector.num_training_rows > 200


def test_an_evaluation_judges_by_them(run):
    model, data = tfgen.load(run), str(run.parent / "rows.csv")
    splits = [
        tfgen.data.load(data, name, like=model)
        for name in ("train", "validation", "test")
    ]
    odd = splits[2].take(5)
    subject = Subject(model, *splits, odd=odd, preset="detector_table")
    section = evaluated(subject)
    assert section.measurements[0].details["measure"] == (
        "mean of elbo, neighbours and mixture"
    )


def test_a_name_trains_the_epochs_of_its_preset(exact):
    detector = Detector("detector_table", k=5).fit(exact.data(200, seed=11))
    (model,) = detector.models
    assert model.steps_done == 10 * 3  # 160 rows by 64, ten times
    assert detector.words == "mean of elbo, neighbours and mixture"
    assert detector.num_training_rows == 160
