"""Rows of a table come out of the model as they went in."""

import gzip

import numpy as np
import pandas
import pytest

from tfgen.data import load
from tfgen.runs.on_files import example_columns
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
