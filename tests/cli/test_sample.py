"""`tfgen sample`: what it writes, and what it refuses."""

import json
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import tfgen as library
from tfgen.models import table_rows


@pytest.fixture
def unfinished(trained, tmp_path):
    folder = tmp_path / "unfinished"
    shutil.copytree(trained, folder)
    (folder / "model.keras").unlink()
    return folder


def test_arrays_are_those_of_the_model(tfgen, trained):
    done = tfgen("sample", trained, "-n", 5, "--seed", 3, "--out", "s.npz")
    assert (done.status, done.out) == (0, "5 samples   s.npz\n")
    model = library_model(trained)
    with np.load("s.npz") as file:
        assert file.files == ["x"]
        np.testing.assert_array_equal(file["x"], model.sample(5, seed=3))


def test_arrays_in_pieces(tfgen, trained_by_class, monkeypatch):
    monkeypatch.setattr(table_rows, "PIECE", 1)  # batches of 256
    words = ("sample", trained_by_class, "-n", 600, "--seed", 3)
    assert tfgen(*words, "--out", "s.npz").status == 0
    model = library_model(trained_by_class)
    labels = model.draw_labels(600, 3, balanced=False)
    with np.load("s.npz") as file:
        assert file.files == ["x", "y"]
        np.testing.assert_array_equal(file["y"], labels)
        drawn = model.sample(600, seed=3, labels=labels)
        np.testing.assert_array_equal(file["x"], drawn)


def test_picture_shows_as_many_as_asked(tfgen, trained):
    done = tfgen("sample", trained, "-n", 9, "--seed", 0, "--out", "s.png")
    assert done.status == 0
    picture = np.asarray(PIL.Image.open("s.png"))
    side = (picture.shape[0] + 2) // 3 - 2
    assert picture.shape == (3 * side + 4, 3 * side + 4)
    image = picture[:side, :side] / 255
    x = library_model(trained).sample(1, seed=0)[0, :, :, 0]
    np.testing.assert_allclose(
        image, np.kron(x, np.ones((side // 8,) * 2)), atol=1 / 255
    )


def test_without_a_seed_samples_differ(tfgen, trained):
    for name in ("a.npz", "b.npz"):
        tfgen("sample", trained, "-n", 2, "--out", name)
    assert not np.array_equal(np.load("a.npz")["x"], np.load("b.npz")["x"])


def test_balanced_classes_come_in_turn(tfgen, trained_by_class):
    done = tfgen(
        *("sample", trained_by_class, "-n", 12, "--balanced"),
        *("--out", "s.npz"),
    )
    assert done.status == 0
    assert np.load("s.npz")["y"].tolist() == [*range(10), 0, 1]


def test_one_class(tfgen, trained_by_class):
    tfgen(
        *("sample", trained_by_class, "-n", 3, "--seed", 1),
        *("--label", 7, "--out", "s.npz"),
    )
    model = library_model(trained_by_class)
    with np.load("s.npz") as file:
        assert file["y"].tolist() == [7, 7, 7]
        expected = model.sample(3, seed=1, labels=[7, 7, 7])
        np.testing.assert_array_equal(file["x"], expected)


def test_table_in_its_own_units(tfgen, trained_table):
    for name in ("s.csv", "s.npz", "s.png"):
        done = tfgen(
            *("sample", trained_table, "-n", 400, "--seed", 0, "--out", name)
        )
        assert done.status == 0, done.err
    train = library.data.load("iris")
    lines = Path("s.csv").read_text().splitlines()
    assert lines[0] == "sepal length (cm),sepal width (cm)," + (
        "petal length (cm),petal width (cm)"
    )
    assert len(lines) == 401
    real = train.original_units(train.arrays()[0]).mean(axis=0)
    for x in (np.loadtxt(lines[1:], delimiter=","), np.load("s.npz")["x"]):
        assert x.shape == (400, 4)
        # Standardized values would have means near 0.
        np.testing.assert_allclose(x.mean(axis=0), real, rtol=0.25)


@pytest.mark.parametrize("name", ["s.jpg", "s", "s.png.txt"])
def test_file_of_another_kind(refused, trained, name):
    message = refused("sample", trained, "--out", name)
    assert message.startswith(f"--out is {name}, expected a file that ends in")


def test_images_as_a_table(refused, trained):
    message = refused("sample", trained, "--out", "s.csv")
    assert "pass a file that ends in .png or .npz" in message


def test_file_that_exists(tfgen, refused, trained):
    Path("s.npz").write_text("mine")
    message = refused("sample", trained, "--out", "s.npz")
    assert message == "s.npz exists: pass --force to replace it."
    assert Path("s.npz").read_text() == "mine"
    assert tfgen("sample", trained, "--out", "s.npz", "--force").status == 0
    assert np.load("s.npz")["x"].shape == (64, 8, 8, 1)


def test_folder_as_file(refused, trained):
    Path("s.npz").mkdir()
    message = refused("sample", trained, "--out", "s.npz", "--force")
    assert message.startswith("s.npz is a folder")


def test_unfinished_run(refused, unfinished):
    message = refused("sample", unfinished, "--out", "s.npz")
    assert message == (
        f"{unfinished} has no model.keras, its training has not finished an "
        f"epoch: run `tfgen train --resume --out {unfinished}`."
    )
    assert not Path("s.npz").exists()


def test_damaged_model(refused, unfinished):
    (unfinished / "model.keras").write_bytes(b"PK nothing")
    message = refused("sample", unfinished, "--out", "s.npz")
    assert message.startswith(f"{unfinished}/model.keras cannot be loaded")
    assert message.endswith("writes one from the last checkpoint.")


def test_damaged_config(refused, unfinished):
    (unfinished / "config.json").write_text("{")
    message = refused("sample", unfinished, "--out", "s.npz")
    assert message.startswith(f"{unfinished}/config.json is not what `tfgen")


@pytest.mark.parametrize(
    "make, what",
    [(lambda path: None, "is no folder"), (Path.mkdir, "has no config.json")],
    ids=["missing", "another folder"],
)
def test_no_run(refused, tmp_path, make, what):
    make(tmp_path / "other")
    message = refused("sample", "other", "--out", "s.npz")
    assert message.startswith(f"other is not a run of `tfgen train`, it {what}")


def test_label_out_of_range(refused, trained_by_class):
    message = refused(
        "sample", trained_by_class, "--label", 10, "--out", "s.npz"
    )
    assert message == (
        "label is '10'; expected one of the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, "
        "9."
    )


def test_label_of_a_run_without_classes(refused, trained):
    message = refused("sample", trained, "--label", 1, "--out", "s.npz")
    assert message.startswith("--label is 1, but the run was trained without")


def test_label_of_a_plot(tfgen, refused):
    tfgen(
        *("train", "vae", "--data", "iris", "--out", "run", "--conditional"),
        *("--epochs", 1, "--network", "mlp"),
    )
    message = refused("sample", "run", "--label", 1, "--out", "s.png")
    assert "pass a file that ends in .csv or .npz" in message


def library_model(folder):
    import keras

    assert json.loads((folder / "config.json").read_text())["model"] == "vae"
    return keras.models.load_model(folder / "model.keras")
