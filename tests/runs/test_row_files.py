"""Rows of a table come out of the model as they went in."""

import gzip
import pathlib

import numpy as np
import pandas
import PIL.Image
import pytest

from tfgen.data import from_arrays, load
from tfgen.data.reading import Reading
from tfgen.runs.on_files import (
    _write_images,
    example_columns,
    read_latents,
    write_answers,
)
from tfgen.runs.out_files import check_out
from tfgen.runs.row_writer import RowWriter

TEXT = """age,member,price,ratio,kind
18,no,1.5,0.12345678901234,cat
90,yes,99.25,1e-07,dog
41,yes,3.0,12.0,cat
""".replace("no", "false").replace("yes", "TRUE")


@pytest.fixture
def written(tmp_path):
    """Writes the rows of a file in two pieces, as the model sees them."""

    def write(name):
        (tmp_path / "a.csv").write_text(TEXT)
        source = load(
            tmp_path / "a.csv",
            label_column="kind",
            validation_fraction=0,
            test_fraction=0,
        )
        out = tmp_path / name
        with RowWriter(out) as file:
            for rows in ([0], [1, 2]):
                x, labels = source.rows(rows)
                file.append(example_columns(source.reading, x, labels, out))
        return out

    return write


@pytest.mark.parametrize("name", ["b.csv", "b.tsv", "b.csv.gz"])
def test_text_is_as_it_was(written, name):
    content = written(name).read_bytes()
    text = gzip.decompress(content) if name.endswith("gz") else content
    text = text.decode().replace("\t", ",")
    found = pandas.DataFrame([line.split(",") for line in text.split()])
    expected = pandas.DataFrame([line.split(",") for line in TEXT.split()])
    exact = [0, 1, 2, 4]
    pandas.testing.assert_frame_equal(found[exact], expected[exact])
    # float32 numbers of the model in between.
    np.testing.assert_allclose(
        found[3][1:].astype(float), expected[3][1:].astype(float), atol=1e-6
    )


def test_parquet_has_the_types(written):
    frame = pandas.read_parquet(written("b.parquet"))
    assert frame["age"].tolist() == [18, 90, 41]
    assert frame["age"].dtype == np.int64
    assert frame["member"].tolist() == [False, True, True]
    assert frame["price"].tolist() == [1.5, 99.25, 3.0]
    assert frame["kind"].tolist() == ["cat", "dog", "cat"]


def test_npz_has_rounded_numbers(written):
    with np.load(written("b.npz")) as file:
        assert file["x"][:, :3].tolist() == [
            [18, 0, 1.5],
            [90, 1, 99.25],
            [41, 1, 3],
        ]
        assert file["y"].tolist() == [0, 1, 0]


class Score:
    """A model that says how bright an image is."""

    num_classes = None

    def run_endpoint(self, name, inputs):
        return {name: inputs["x"].mean(axis=(1, 2, 3))}


def test_answers_name_the_files_of_images(tmp_path):
    for number in range(3):
        pixels = np.full((2, 2), 51 * number, np.uint8)
        file = tmp_path / f"images/{'ba'[number % 2]}/{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels).save(file)
    source = load(tmp_path / "images", "all").subset([2, 0])
    out = tmp_path / "s.csv"
    write_answers(Score(), "score", source, out, lambda rows: None)
    frame = pandas.read_csv(out)
    for name, score in zip(frame["file"], frame["score"], strict=True):
        assert np.asarray(PIL.Image.open(name)).mean() / 255 == pytest.approx(
            score
        )
    assert frame["row"].tolist() == [2, 0]


class Latents:
    latent_dim, num_classes = 2, None


@pytest.mark.parametrize(
    "name, text",
    [
        ("a.csv", "row,mean_2,mean_1,stddev_1\n0,2,1,9\n1,4,3,9\n"),
        ("a.tsv", "mean_1\tmean_2\n1\t2\n3\t4\n"),
        ("a.csv", "1,2\n3,4\n"),
        ("a.csv.gz", "first;second\n1;2\n3;4\n"),
    ],
)
def test_latents_are_read_by_name_else_by_place(tmp_path, name, text):
    path = tmp_path / name
    if name.endswith("gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    latents, labels = read_latents(Latents, path)
    assert latents.tolist() == [[1, 2], [3, 4]]
    assert labels is None


@pytest.mark.parametrize("text", ["", "mean_1,mean_2\n"])
def test_no_latents_are_one_line(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match="a.csv (is empty|has no rows)"):
        read_latents(Latents, tmp_path / "a.csv")


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        check_out(_made(tmp_path / "a.csv"), image_folder=False, force=True)
    check_out(_made(tmp_path / "a"), image_folder=True, force=True)


def test_images_of_before_do_not_stay(tmp_path):
    """Those of another name are somebody's own."""
    (tmp_path / "cats").mkdir()
    for name in ("000007.png", "cats/000008.png", "mine.png"):
        (tmp_path / name).touch()
    reading = Reading("image", (4, 4, 1), (0.0, 1.0))
    examples = [(np.arange(2), np.zeros((2, 4, 4, 1)), None)]
    _write_images(reading, examples, tmp_path, lambda rows: None)
    left = {file.name for file in tmp_path.rglob("*.png")}
    assert left == {"000000.png", "000001.png", "mine.png"}


def _made(folder):
    folder.mkdir()
    return folder


def test_a_feature_may_have_the_name_of_the_label():
    source = from_arrays(
        np.arange(8.0).reshape(4, 2),
        ["cat", "dog"] * 2,
        feature_names=("label", "b"),
    )
    x, labels = source.arrays()
    columns = example_columns(source.reading, x, labels, pathlib.Path("a.csv"))
    assert list(columns) == ["label", "b", "label_"]
    np.testing.assert_array_equal(columns["label"], [0, 2, 4, 6])
    assert columns["label_"].tolist() == ["cat", "dog"] * 2


def test_rows_are_numbered_as_in_the_data(tmp_path):
    class Model:
        num_classes = None

        def run_endpoint(self, name, inputs):
            return {"score": inputs["x"][:, 0]}

    source = from_arrays(np.arange(12.0).reshape(6, 2), standardize=False)
    source = source.subset([1, 4, 5], "test")
    out = tmp_path / "scores.csv"
    write_answers(Model(), "score", source, out, lambda rows: None)
    assert pandas.read_csv(out).to_numpy().tolist() == [[1, 2], [4, 8], [5, 10]]


def test_arrays_of_numbers_and_texts_in_pieces(tmp_path):
    numbers = np.arange(24.0).reshape(6, 2, 2)
    with RowWriter(tmp_path / "a.npz") as file:
        for some in (slice(0, 1), slice(1, 4), slice(4, 6)):
            texts = np.array(["x", "yes", "no, never", "", "z", "u"])[some]
            texts = np.array(texts.tolist())  # as wide as its longest
            file.append({"x": numbers[some], "file": texts})
    with np.load(tmp_path / "a.npz") as found:
        assert found.files == ["x", "file"]
        np.testing.assert_array_equal(found["x"], numbers)
        assert [*found["file"]] == ["x", "yes", "no, never", "", "z", "u"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_pieces_of_another_kind(tmp_path):
    with (
        pytest.raises(ValueError, match=r"x are int64 \(\), expected float64"),
        RowWriter(tmp_path / "a.npz") as file,
    ):
        file.append({"x": np.zeros(2)})
        file.append({"x": np.zeros(2, np.int64)})
    assert not any(tmp_path.iterdir())
