"""`tfgen score`, `encode`, `reconstruct`, `decode`: a run on a file."""

import numpy as np
import pandas as pd
import PIL.Image
import pytest

import tfgen as library


@pytest.fixture
def flowers(tmp_path):
    """Ten rows of iris in a file: columns turned round, one more, no label."""
    source = library.data.load("iris", "all")
    frame = pd.DataFrame(source.stored()[::15], columns=source.feature_names)
    frame = frame[frame.columns[::-1]].assign(garden="b")
    frame.to_csv(tmp_path / "flowers.csv", index=False)
    return tmp_path / "flowers.csv"


def test_score_and_encode_rows_of_a_file(tfgen, trained_table, flowers):
    done = tfgen("score", trained_table, flowers, "--out", "s.csv")
    assert (done.status, done.out) == (0, "10 rows   s.csv\n")
    assert "left out" in done.err and "garden" in done.err
    done = tfgen("encode", trained_table, flowers, "--out", "l.npz")
    assert done.status == 0
    model = library.load(trained_table)
    x = library.data.load("iris").reading.from_data_units(
        library.data.load("iris", "all").stored()[::15]
    )
    scores = pd.read_csv("s.csv")
    assert list(scores) == ["row", "score", "log_likelihood", "kl"]
    np.testing.assert_allclose(scores["score"], model.score(x), rtol=1e-6)
    np.testing.assert_array_equal(np.load("l.npz")["mean"], model.encode(x))


def test_latents_edited_or_not_become_rows(tfgen, trained_table, flowers):
    tfgen("encode", trained_table, flowers, "--out", "l.csv")
    tfgen("decode", trained_table, "l.csv", "--out", "d.csv")
    tfgen("reconstruct", trained_table, flowers, "--out", "r.parquet")
    decoded, again = pd.read_csv("d.csv"), pd.read_parquet("r.parquet")
    source = library.data.load("iris")
    assert list(decoded) == list(again) == list(source.feature_names)
    np.testing.assert_allclose(decoded, again, rtol=1e-6)
    # The columns have one digit, and samples as many.
    np.testing.assert_array_equal(decoded, decoded.round(1))


def test_images_come_as_a_folder_by_class(tfgen, trained_by_class, tmp_path):
    library.data.load("digits", "test")
    arguments = (trained_by_class, "digits", "--split", "test")
    done = tfgen("reconstruct", *arguments, "--out", "pictures")
    assert done.status == 0
    files = sorted((tmp_path / "pictures").glob("*/*.png"))
    assert len(files) == 180
    model = library.load(trained_by_class)
    x, labels = library.data.load("digits", "test").rows([5])
    file = tmp_path / "pictures" / str(labels[0]) / "000005.png"
    pixels = np.asarray(PIL.Image.open(file)) / 255
    expected = model.reconstruct(x, labels)[0, ..., 0]
    np.testing.assert_allclose(pixels, expected, atol=0.5 / 255 + 1e-6)


def test_what_differs_is_one_line(refused, tfgen, trained_table, flowers):
    frame = pd.read_csv(flowers).drop(columns="petal width (cm)")
    frame.to_csv("three.csv", index=False)
    message = refused("score", trained_table, "three.csv", "--out", "s.csv")
    assert "no column 'petal width (cm)'" in message
    message = refused("decode", trained_table, flowers, "--out", "d.csv")
    assert "expected 2, named mean_1" in message
    message = refused("score", trained_table, flowers, "--out", "s.txt")
    assert "expected a file that ends in one of .csv" in message


def test_info_says_how_a_run_reads_its_data(tfgen, trained_table):
    done = tfgen("info", trained_table)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.status == 0
    assert "data iris" in lines
    # Columns of the 120 training flowers: whole table 4.3 to 7.9, 2 to 4.4.
    assert "sepal length (cm) decimal, 4.3 to 7.9" in lines
    assert "class setosa (35.8%)" in lines


def test_a_guess_is_said_once(tfgen, tmp_path):
    """Though each split is read for itself."""
    incomes = np.random.default_rng(0).lognormal(8, 1, (60, 2))
    incomes[:5, 0] = 5e9
    pd.DataFrame(incomes, columns=["a", "b"]).to_csv("t.csv", index=False)
    done = tfgen(
        *("train", "vae", "--data", "t.csv", "--epochs", 1, "--out", "run")
    )
    assert done.status == 0
    assert done.err.count("long tails or mistyped values in 'a'") == 1
